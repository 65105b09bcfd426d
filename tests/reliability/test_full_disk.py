"""A disk that gets full, or cannot be written, ends a run with a sentence and harms nothing. `make soak-disk` does more."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from callcenter_etl import OutputError, validate
from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.run.ledger import RunFilter, list_runs
from callcenter_etl.run.ledger.sqlite_ledger import FILE_NAME
from callcenter_etl.writers.destination import Destination, staged_for
from callcenter_etl.writers.target_lock import LOCK_NAME, LockOwner
from tests.published import names_in
from tests.reliability.disk_full import fill_disks
from tests.reliability.proofs import bucket_on_moto
from tests.reliability.support import command, contents, contract, run, write_contract, written
from tests.reliability.tmpfs import PAGE, mounted, tmpfs_or_skip

ROOMY = 2**24


def test_a_full_disk_harms_nothing_at_any_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tmpfs_or_skip(tmp_path)
    with bucket_on_moto(tmp_path) as drops:
        tally = fill_disks(tmp_path, drops, sizes=6, seed=1, records=20_000)
    assert tally.broken == 0, capsys.readouterr().out
    assert tally.outcomes["ended with 3"] >= 3


@pytest.mark.parametrize("pages", [0, 3, 8])
def test_the_ledger_of_a_full_disk_is_read_with_what_a_dead_writer_left(tmp_path: Path, pages: int) -> None:
    tmpfs_or_skip(tmp_path)
    with mounted(tmp_path / "disk", ROOMY) as disk:
        run(disk.path)
        ledger, kept = disk.path / "out" / FILE_NAME, tmp_path / "kept"
        with closing(sqlite3.connect(ledger)) as writer:
            writer.execute("UPDATE runs SET cause = 'only in the WAL'")
            writer.commit()
            for suffix in ("", "-wal"):
                shutil.copy(f"{ledger}{suffix}", f"{kept}{suffix}")
        for suffix in ("", "-wal"):
            shutil.copy(f"{kept}{suffix}", f"{ledger}{suffix}")
        disk.resize(disk.used + pages * PAGE)
        assert [record.cause for record in list_runs(str(ledger.parent), RunFilter())] == ["only in the WAL"]


def test_a_target_that_is_mounted_to_be_read_is_an_output_error(tmp_path: Path) -> None:
    tmpfs_or_skip(tmp_path)
    with mounted(tmp_path / "disk", ROOMY) as disk:
        run(disk.path)
        before = contents(disk.path / "out")
        disk.remount("ro")
        other = written(tmp_path, b"id,note\n9,z\n")
        for output in (disk.path / "out", disk.path / "new"):
            done = command("validate", other, "-c", write_contract(tmp_path), "-o", output, "-q")
            assert (done.returncode, "Traceback" in done.stderr) == (3, False)
            assert f"error: {output}: " in done.stderr
            assert "read-only file system" in done.stderr
        assert contents(disk.path / "out") == before
        assert command("runs", "list", "-o", disk.path / "out").returncode == 0


def test_without_an_output_a_full_folder_of_temporary_files_is_told(tmp_path: Path) -> None:
    tmpfs_or_skip(tmp_path)
    source = written(tmp_path, b"id,note\n" + b"1,a\n" * 20_000)
    with mounted(tmp_path / "disk", 4 * PAGE) as disk:
        environ = {**os.environ, "TMPDIR": str(disk.path)}
        done = command("validate", source, "-c", write_contract(tmp_path), "-q", env=environ)
        assert (done.returncode, "no space left on device" in done.stderr.lower()) == (3, True), done.stderr
        assert list(disk.path.iterdir()) == []


def test_no_folder_for_temporary_files_at_all_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_usable(*given: object, **named: object) -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none_usable)
    monkeypatch.setattr(tempfile, "mkdtemp", none_usable)
    with pytest.raises(OutputError, match="name an output"):
        validate(written(tmp_path), contract())
    monkeypatch.setattr("callcenter_etl.writers.s3_output.RemoteOutput", lambda *given: closing_nothing())
    destination = Destination("s3://b/out", None, None, StorageOptions())
    lock_owner = LockOwner("20260101T000000Z-00000000", 1, "here", "now")
    with (
        pytest.raises(OutputError, match="name one with --staging"),
        staged_for(destination, lock_owner, room=None),
    ):
        pass


class closing_nothing:  # noqa: N801  stands for an object whose `close` is all that is asked for
    def close(self) -> None:
        return


def test_a_log_that_finds_no_room_is_said_once_and_keeps_no_run_from_its_end(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "callcenter_etl.log").symlink_to("/dev/full")
    document = write_contract(tmp_path, run={"log": {"directory": str(logs)}})
    done = command("validate", written(tmp_path), "-c", document, "-o", tmp_path / "out")
    assert done.returncode == 1
    assert done.stderr.count("no space left on device; lines are missing from here on") == 1
    assert "Traceback" not in done.stderr
    assert names_in(tmp_path / "out") == ["exceptions.csv", "rejected.csv", "summary.json", "target.csv"]


@pytest.mark.parametrize(
    "words", [("contract", "schema"), ("validate", "s.csv", "-c", "c.json", "-o", "out", "-q"), ("--help",)]
)
def test_a_standard_output_that_takes_nothing_is_exit_3(tmp_path: Path, words: tuple[str, ...]) -> None:
    written(tmp_path)
    write_contract(tmp_path)
    line = [sys.executable, "-m", "callcenter_etl", *words]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(line, stdout=full, stderr=subprocess.PIPE, cwd=tmp_path, check=False)
        assert (done.returncode, done.stderr) == (3, b"error: standard output: no space left on device\n")
        silent = subprocess.run(line, stdout=full, stderr=full, cwd=tmp_path, check=False)
    assert silent.returncode == 3


def test_a_standard_error_that_takes_nothing_changes_no_exit_code(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "callcenter_etl", "validate"]
    with Path("/dev/full").open("wb") as full:
        for source, code in ((written(tmp_path), 1), (tmp_path / "none.csv", 3)):
            words = [str(source), "-c", str(write_contract(tmp_path)), "-o", str(tmp_path / "out")]
            done = subprocess.run([*line, *words], stdout=subprocess.DEVNULL, stderr=full, check=False)
            assert done.returncode == code
    assert (tmp_path / "out" / LOCK_NAME).exists()
