"""One run a target, held by a lock that a dead process cannot hold."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from callcenter_etl import OutputError
from callcenter_etl.writers.target_lock import LOCK_NAME, LockOwner, TargetLockedError, target_lock
from tests.published import names_in
from tests.reliability.support import command, contents, run, wait_until, waiting_run, write_contract, written

ME = LockOwner(run_id="r1", pid=os.getpid(), host="here", started_at="2025-01-31T08:30:00.000Z")


def test_a_second_run_stops_at_once_and_says_who_holds_the_target(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with waiting_run(tmp_path, out) as first:
        second = command("validate", written(tmp_path), "-c", write_contract(tmp_path), "-o", out, "-q")
        assert second.returncode == 3
        assert f"process {first.pid} on " in second.stderr
        assert "error: " in second.stderr
        with pytest.raises(TargetLockedError, match=rf"run \S+ \(process {first.pid} on \S+, since 2"):
            run(tmp_path)
        assert first.stdin is not None
        first.stdin.write(b"id,note\n1,a\n")
        first.stdin.close()
        first.wait(120)
        assert first.returncode == 0
    assert (out / "target.csv").read_bytes() == b"id,note\n1,a\n"


def test_a_killed_run_holds_nothing_and_what_it_staged_is_removed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with waiting_run(tmp_path, out) as first:
        wait_until(lambda: True)
        first.kill()
    (out / ".staging-dead").mkdir()
    (out / ".staging-dead" / "target.csv").write_bytes(b"half")
    assert run(tmp_path).summary["status"] == "rejects"
    assert names_in(out) == ["exceptions.csv", "rejected.csv", "summary.json", "target.csv"]


def test_what_no_run_staged_is_left_alone(tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").touch()
    out.mkdir()
    (out / ".staging-link").symlink_to(elsewhere)
    (out / ".staging-file").touch()
    run(tmp_path)
    assert (elsewhere / "precious").exists()
    assert (out / ".staging-file").exists()


def test_threads_of_one_process_are_kept_apart_too(tmp_path: Path) -> None:
    outcomes: list[str] = []

    def attempt() -> None:
        try:
            with target_lock(tmp_path, ME):
                outcomes.append("held")
        except TargetLockedError:
            outcomes.append("busy")

    with target_lock(tmp_path, ME):
        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()
    attempt()
    assert outcomes == ["busy", "held"]


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # of fork beside threads
def test_a_forked_worker_that_outlives_its_run_does_not_hold_its_lock(tmp_path: Path) -> None:
    reads, writes = os.pipe()
    runner = os.fork()
    if runner == 0:
        with target_lock(tmp_path, ME):
            worker = os.fork()
            if worker == 0:
                signal.pause()
            os.write(writes, str(worker).encode())
            signal.pause()
    worker = int(os.read(reads, 20))
    try:
        with pytest.raises(TargetLockedError), target_lock(tmp_path, ME):
            pass
        os.kill(runner, signal.SIGKILL)
        os.waitpid(runner, 0)
        os.kill(worker, 0)  # it lives
        with target_lock(tmp_path, ME):
            pass
    finally:
        os.kill(worker, signal.SIGKILL)
        for end in (reads, writes):
            os.close(end)


def test_the_lock_file_stays_and_names_nobody_once_it_is_free(tmp_path: Path) -> None:
    with target_lock(tmp_path, ME):
        assert '"run_id": "r1"' in (tmp_path / LOCK_NAME).read_text()
        inode = (tmp_path / LOCK_NAME).stat().st_ino
    with target_lock(tmp_path, ME):
        assert (tmp_path / LOCK_NAME).stat().st_ino == inode
    assert (tmp_path / LOCK_NAME).read_bytes() == b""


def test_a_target_that_cannot_be_locked_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / LOCK_NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="cannot be locked"), target_lock(tmp_path, ME):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_of_many_started_together_one_publishes_at_a_time(tmp_path: Path) -> None:
    source, document, out = written(tmp_path), write_contract(tmp_path), tmp_path / "out"
    for _ in range(3):
        codes: list[int] = []

        def start(codes: list[int] = codes) -> None:
            codes.append(command("validate", source, "-c", document, "-o", out, "-q", "--force").returncode)

        threads = [threading.Thread(target=start) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert 1 in codes
        assert set(codes) <= {1, 3}
        assert set(contents(out)) == {"target.csv", "exceptions.csv", "rejected.csv", "summary.json"}
