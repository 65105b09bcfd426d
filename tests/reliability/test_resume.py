"""A run that was killed is gone on with, and what comes out is what a run unharmed gives."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import OutputError, load_contract, validate
from callcenter_etl.run.checkpoints import checkpointer
from callcenter_etl.run.checkpoints.checkpoint import LAYOUT, write_checkpoint
from callcenter_etl.run.ledger import RunFilter, list_runs
from callcenter_etl.run.result import RunResult
from callcenter_etl.writers.staged_file import StagedFile
from tests.published import names_in
from tests.reliability.kill_loop import cases_of, kill_loop, local_place
from tests.reliability.resume_support import (
    dirty,
    outcome,
    run,
    staged,
    started,
    words,
    write_contract,
    write_source,
)

DATA = dirty(3000)
WRITTEN = "callcenter_etl.run.checkpoints.checkpointer:write_checkpoint:after:3"
POINTS = (
    "callcenter_etl.run.checkpoints.checkpointer:Checkpoints._state:after:3",
    "callcenter_etl.run.checkpoints.checkpointer:write_checkpoint:before:3",
    "callcenter_etl.run.checkpoints.checkpoint:os.fsync:after:20",
    WRITTEN,
    "callcenter_etl.sources.line_source:LineSource.check_unchanged:after:1",
    "callcenter_etl.writers.staging:Staging.finish:after:1",
    "callcenter_etl.writers.staging:Path.replace:after:5",
)


def clean(folder: Path, source: Path, contract: Path) -> dict[str, Any]:
    """Give what a run without checkpoints gives."""
    validate(source, contract, output=folder / "clean", checkpoint_seconds=0, workers=1)
    return outcome(folder / "clean")


def killed(folder: Path, source: Path, contract: Path, point: str = WRITTEN, *more: object) -> None:
    """Kill a run at a point."""
    code, said = run(words(source, contract, folder / "out", *more), folder, kill=point)
    assert code == -signal.SIGKILL, said


@dataclass(frozen=True, slots=True)
class Dead:
    """A source and its contract, what a run unharmed gives, and what a killed one left."""

    source: Path
    contract: Path
    expected: dict[str, Any]
    output: Path

    def into(self, folder: Path) -> tuple[Path, Path]:
        """Have the killed run's staging folder in the output of a test; give source and contract."""
        shutil.copytree(self.output, folder / "out", symlinks=True)
        return self.source, self.contract


@pytest.fixture(scope="module")
def dead(tmp_path_factory: pytest.TempPathFactory) -> Dead:
    folder = tmp_path_factory.mktemp("dead")
    source, contract = write_source(folder, DATA), write_contract(folder)
    killed(folder, source, contract)
    return Dead(source, contract, clean(folder, source, contract), folder / "out")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return write_source(tmp_path, DATA), write_contract(tmp_path)


def gone_on(folder: Path, source: Path, contract: Path, **options: Any) -> RunResult:
    return validate(source, contract, output=folder / "out", **options)


def assert_clean(folder: Path, expected: dict[str, Any]) -> None:
    assert outcome(folder / "out") == expected
    assert staged(folder / "out") == []


def test_after_kills_at_random_points_the_outcome_is_that_of_a_run_unharmed(tmp_path: Path) -> None:
    place, often = local_place(tmp_path), "0.01"
    cases = cases_of(
        tmp_path, place, records=8_000, block_bytes=4_096, checkpoint_seconds=often, names=("s.csv.gz",)
    )
    tally = kill_loop(place, cases, tmp_path, kills=6, seed=1, checkpoint_seconds=often)
    assert tally.wrong == []
    assert tally.kills >= 6
    assert tally.resumed >= 1


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at_this_point_is_recovered_from(tmp_path: Path, dead: Dead, point: str) -> None:
    files = dead.source, dead.contract
    killed(tmp_path, *files, point, "--workers", 2)
    gone_on(tmp_path, *files)
    assert_clean(tmp_path, dead.expected)


def test_the_command_says_from_which_run_and_line_it_goes_on(tmp_path: Path, dead: Dead) -> None:
    files, expected = dead.into(tmp_path), dead.expected
    (folder,) = staged(tmp_path / "out")
    line = json.loads((folder / "checkpoint.json").read_bytes())["checkpoint"]["position"]["lines"] + 1
    run_id = folder.name.removeprefix(".staging-")
    code, said = run(words(*files, tmp_path / "out", "--resume"), tmp_path)
    assert code == 1
    assert f"{files[0]}: resumed run {run_id} at line {line:,}\n" in said
    assert line > 2
    assert_clean(tmp_path, expected)
    later, earlier = list_runs(str(tmp_path / "out"), RunFilter())
    assert (earlier.run_id, earlier.status, later.status) == (run_id, "error", "rejects")
    assert f"resumed by run {later.run_id} at line {line:,}" in str(earlier.cause)
    assert outcome(tmp_path / "out") == expected
    assert gone_on(tmp_path, *files).already_done


def test_a_run_that_goes_on_may_be_killed_too(tmp_path: Path, dead: Dead) -> None:
    files, lines = dead.into(tmp_path), []
    for _ in range(3):
        killed(tmp_path, *files)
        (folder,) = staged(tmp_path / "out")
        lines.append(json.loads((folder / "checkpoint.json").read_bytes())["checkpoint"]["position"]["lines"])
    assert lines == sorted(set(lines))
    assert gone_on(tmp_path, *files).record.resumed is not None
    assert_clean(tmp_path, dead.expected)


@pytest.mark.parametrize("options", [{"block_bytes": 512}, {"workers": 1}, {"chunk_rows": 7}])
def test_block_size_and_workers_may_differ(tmp_path: Path, dead: Dead, options: dict[str, Any]) -> None:
    assert gone_on(tmp_path, *dead.into(tmp_path), **options).record.resumed is not None
    assert_clean(tmp_path, dead.expected)


@pytest.mark.parametrize(
    ("name", "data", "format_"),
    [
        ("s.csv.gz", DATA, {}),
        ("s.csv", DATA.replace(b"\xff", b"").decode().encode("utf-16"), {"encoding": "utf-16"}),
        ("s.csv", DATA.replace(b"\n", b"\r"), {"multiline": False}),
        ("s.csv", DATA, {"header": "none"}),
        ("s.csv", DATA.rstrip(b"\r\n"), {}),
    ],
    ids=[
        "gz",
        "utf-16",
        "lone CR",
        "no header",
        "no last line end",
    ],  # data in ids would not fit into the environment
)
def test_any_source_is_gone_on_with(tmp_path: Path, name: str, data: bytes, format_: dict[str, Any]) -> None:
    source, contract = write_source(tmp_path, data, name), write_contract(tmp_path, source=format_)
    expected = clean(tmp_path, source, contract)
    killed(tmp_path, source, contract)
    assert gone_on(tmp_path, source, contract).record.resumed is not None
    assert_clean(tmp_path, expected)


def test_counts_of_normalized_values_are_those_of_a_whole_run(tmp_path: Path) -> None:
    columns = [
        {"name": "id", "type": "digits", "unique": True},
        {"name": "site", "allowed": list("01234567")},
        {"name": "start", "type": "time"},
        {"name": "note", "trim": True, "case": "upper"},
    ]
    source, contract = write_source(tmp_path, DATA), write_contract(tmp_path, columns=columns)
    expected = clean(tmp_path, source, contract)
    killed(tmp_path, source, contract)
    finished = gone_on(tmp_path, source, contract)
    assert finished.record.resumed is not None
    assert finished.summary["rules"]["note.normalized"]["broken"] > 0
    assert_clean(tmp_path, expected)


@pytest.mark.parametrize("multiline", [True, False])
def test_a_record_over_many_blocks_has_no_checkpoint_within(tmp_path: Path, multiline: bool) -> None:  # noqa: FBT001
    long = b"7,1,08:30:00," + (b"x" * 17_000_000 if not multiline else b'"' + b"y\n" * 900 + b'"') + b"\r\n"
    data = DATA + long + DATA.split(b"\r\n", 1)[1]
    source = write_source(tmp_path, data)
    contract = write_contract(tmp_path, source={"multiline": multiline})
    expected = clean(tmp_path, source, contract)
    line = words(source, contract, tmp_path / "out")
    said = tmp_path / "said.txt"
    for offset in (len(DATA) - 70_000, len(DATA) + len(long)):
        with started(line, block_bytes=65_536 if not multiline else 256, said=said) as process:
            _wait_for(partial(_reached, tmp_path, offset))
            process.kill()
        assert not len(DATA) < _offset(tmp_path) < len(DATA) + len(long)
    assert gone_on(tmp_path, source, contract).record.resumed is not None
    assert_clean(tmp_path, expected)


def _offset(folder: Path) -> int:
    for found in staged(folder / "out"):
        try:
            return int(
                json.loads((found / "checkpoint.json").read_bytes())["checkpoint"]["position"]["offset"]
            )
        except FileNotFoundError:
            continue
    return 0


def _reached(folder: Path, offset: int) -> bool:
    return _offset(folder) >= offset


def _wait_for(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


def _flip(path: Path, at: int = 100) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def _cut(path: Path) -> None:
    os.truncate(
        path,
        json.loads((path.parent / "checkpoint.json").read_bytes())["checkpoint"]["files"][path.stem]["bytes"]
        - 1,
    )


SPOILED: dict[str, Callable[[Path], object]] = {
    "a truncated staged file": lambda folder: _cut(folder / "target.csv"),
    "a flipped byte in target": lambda folder: _flip(folder / "target.csv"),
    "a flipped byte in rejected": lambda folder: _flip(folder / "rejected.csv"),
    "a flipped byte in exceptions": lambda folder: _flip(folder / "exceptions.csv"),
    "a missing staged file": lambda folder: (folder / "rejected.csv").unlink(),
    "a link for a staged file": lambda folder: _link(folder / "rejected.csv"),
    "a flipped key": lambda folder: _flip(_keys(folder) / "keys"),
    "a flipped line of a key": lambda folder: _flip(_keys(folder) / "lines"),
    "truncated keys": lambda folder: os.truncate(_keys(folder) / "keys", 5),
    "a flipped digit in the checkpoint": lambda folder: _digit(folder / "checkpoint.json"),
    "half a checkpoint": lambda folder: os.truncate(folder / "checkpoint.json", 300),
    "an empty checkpoint": lambda folder: os.truncate(folder / "checkpoint.json", 0),
    "a checkpoint of another layout": lambda folder: _say(folder, "layout", LAYOUT - 1),
    "no checkpoint": lambda folder: (folder / "checkpoint.json").unlink(),
}


def _keys(folder: Path) -> Path:
    return min(folder.glob("keys-*"))


def _link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def _digit(path: Path) -> None:
    text = path.read_text()
    at = text.index('"framed": ') + len('"framed": ')
    path.write_text(text[:at] + str((int(text[at]) + 1) % 10) + text[at + 1 :])


def _say(folder: Path, key: str, value: object) -> None:
    path = folder / "checkpoint.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), key: value}))


def _forge(source: Path) -> None:
    """Change what was read before the checkpoint, leaving size, inode and date."""
    found = source.stat()
    data = source.read_bytes()
    with source.open("r+b") as file:
        file.write(data.replace(b"0,0,00:30:00", b"9,0,00:30:00", 1))
    os.utime(source, ns=(found.st_atime_ns, found.st_mtime_ns))


@pytest.mark.parametrize("spoiled", SPOILED)
def test_what_is_damaged_is_never_used(tmp_path: Path, dead: Dead, spoiled: str) -> None:
    files = dead.into(tmp_path)
    (folder,) = staged(tmp_path / "out")
    SPOILED[spoiled](folder)
    result = gone_on(tmp_path, *files)
    assert result.record.resumed is None
    assert names_in(tmp_path / "out") == ["exceptions.csv", "rejected.csv", "summary.json", "target.csv"]
    assert_clean(tmp_path, dead.expected)


OTHERS: dict[str, Callable[[Path, Path], object]] = {
    "a touched source": lambda source, contract: os.utime(source, (1, 1)),
    "other content under the same date": lambda source, contract: _forge(source),
    "another contract": lambda source, contract: write_contract(contract.parent, owner="another"),
}


@pytest.mark.parametrize("changed", OTHERS)
def test_what_was_staged_of_another_source_or_contract_is_never_used(
    tmp_path: Path, files: tuple[Path, Path], changed: str
) -> None:
    killed(tmp_path, *files)
    OTHERS[changed](*files)
    assert gone_on(tmp_path, *files).record.resumed is None
    assert_clean(tmp_path, clean(tmp_path, *files))


def test_another_limit_makes_it_another_run(tmp_path: Path, dead: Dead) -> None:
    result = gone_on(tmp_path, *dead.into(tmp_path), max_rejected=1)
    assert (result.record.resumed, result.record.status) == (None, "failed")


def test_not_to_resume_throws_the_unfinished_run_away(tmp_path: Path, dead: Dead) -> None:
    files = dead.into(tmp_path)
    code, said = run(words(*files, tmp_path / "out", "--no-resume"), tmp_path)
    assert code == 1
    assert "stale_staging_removed" in said
    assert "resumed" not in said
    assert_clean(tmp_path, dead.expected)


def test_to_resume_nothing_is_to_start_and_to_say_so(tmp_path: Path, dead: Dead) -> None:
    files = dead.source, dead.contract
    code, said = run(words(*files, tmp_path / "out", "--resume"), tmp_path)
    assert code == 1
    assert f"{files[0]}: nothing to resume, the run started from the beginning\n" in said
    assert_clean(tmp_path, dead.expected)


def test_another_source_into_the_same_output_clears_the_unfinished_run(tmp_path: Path, dead: Dead) -> None:
    _, contract = dead.into(tmp_path)
    other = write_source(tmp_path, DATA, "other.csv")
    assert gone_on(tmp_path, other, contract).record.resumed is None
    assert_clean(tmp_path, clean(tmp_path, other, contract))


def test_a_lookup_that_changed_makes_it_another_run(tmp_path: Path) -> None:
    lookup = tmp_path / "sites.csv"
    lookup.write_text("site\n0\n1\n")
    columns = [
        {"name": "id"},
        {"name": "site", "lookup": {"file": str(lookup), "column": "site"}},
        {"name": "start"},
        {"name": "note"},
    ]
    files = write_source(tmp_path, DATA), write_contract(tmp_path, columns=columns, rules=[])
    for text, resumed in (("site\n0\n1\n", True), ("site\n0\n2\n", False)):
        killed(tmp_path, *files, WRITTEN, "--force")
        lookup.write_text(text)
        assert (gone_on(tmp_path, *files, force=True).record.resumed is not None) is resumed
        assert_clean(tmp_path, clean(tmp_path, *files))


def test_an_interrupted_run_says_that_it_can_be_gone_on_with(
    tmp_path: Path, files: tuple[Path, Path]
) -> None:
    line, said = words(*files, tmp_path / "out"), tmp_path / "said.txt"
    with started(line, block_bytes=256, said=said) as process:
        _wait_for(lambda: _offset(tmp_path) > 0)
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    (folder,) = staged(tmp_path / "out")
    assert process.returncode == 130
    assert "interrupted: nothing was published\n" in said.read_text()
    assert f"is kept in {folder}: the same command resumes from there\n" in said.read_text()
    assert gone_on(tmp_path, *files).record.resumed is not None
    assert_clean(tmp_path, clean(tmp_path, *files))


def test_a_full_disk_keeps_what_was_done_and_the_run_goes_on_once_there_is_room(
    tmp_path: Path, dead: Dead, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, expected = (dead.source, dead.contract), dead.expected
    write = StagedFile.write

    def full(self: StagedFile, data: bytes | memoryview) -> None:
        if self.bytes > 60_000:
            raise OutputError(f"{self.path}: {os.strerror(errno.ENOSPC)}")
        write(self, data)

    with monkeypatch.context() as patched:
        patched.setattr(StagedFile, "write", full)
        with pytest.raises(OutputError, match="No space left") as caught:
            gone_on(tmp_path, *files, block_bytes=4096, checkpoint_seconds=1e-4)
    assert "the same command resumes from there" in caught.value.__notes__[0]
    assert gone_on(tmp_path, *files).record.resumed is not None
    assert_clean(tmp_path, expected)


def test_a_checkpoint_that_cannot_be_written_ends_the_run_and_the_one_before_stands(
    tmp_path: Path, dead: Dead, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, expected = (dead.source, dead.contract), dead.expected
    calls = []

    def failing(folder: Path, checkpoint: Any) -> None:
        calls.append(checkpoint.line)
        if len(calls) == 3:
            raise OutputError(f"{folder}: {os.strerror(errno.EIO)}")
        written(folder, checkpoint)

    written = write_checkpoint
    with monkeypatch.context() as patched:
        patched.setattr(checkpointer, "write_checkpoint", failing)
        with pytest.raises(OutputError, match="Input/output error"):
            gone_on(tmp_path, *files, block_bytes=4096, checkpoint_seconds=1e-4)
    resumed = gone_on(tmp_path, *files).record.resumed
    assert resumed is not None
    assert resumed.line == calls[1]
    assert_clean(tmp_path, expected)


def test_a_bug_leaves_nothing_to_go_on_from(
    tmp_path: Path, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(folder: Path, checkpoint: Any) -> None:
        written(folder, checkpoint)
        raise ZeroDivisionError

    written = write_checkpoint
    monkeypatch.setattr(checkpointer, "write_checkpoint", broken)
    with pytest.raises(ZeroDivisionError):
        gone_on(tmp_path, *files, block_bytes=4096, checkpoint_seconds=1e-4)
    assert staged(tmp_path / "out") == []


def test_nothing_is_kept_of_what_cannot_be_read_again(tmp_path: Path, files: tuple[Path, Path]) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    line = words(pipe, files[1], tmp_path / "out")
    with started(line, block_bytes=4096, said=tmp_path / "said.txt") as process, pipe.open("wb") as end:
        end.write(DATA)
        end.flush()
        _wait_for(lambda: staged(tmp_path / "out") != [])
        (folder,) = staged(tmp_path / "out")
        _wait_for((folder / "rejected.csv").exists)
        names = {path.name for path in folder.rglob("*") if path.is_file()}
        process.kill()
        process.wait(60)
    assert names == {"target.csv", "rejected.csv", "exceptions.csv"}


def test_without_an_interval_nothing_is_kept_for_later(tmp_path: Path, files: tuple[Path, Path]) -> None:
    line = words(*files, tmp_path / "out")
    kill = "callcenter_etl.sources.line_source:LineSource.check_unchanged:after:1"
    code, _ = run(line, tmp_path, kill=kill, seconds="0")
    assert code == -signal.SIGKILL
    (folder,) = staged(tmp_path / "out")
    assert {path.name for path in folder.rglob("*") if path.is_file()} == {
        "target.csv",
        "rejected.csv",
        "exceptions.csv",
    }


def test_an_interval_that_is_none_is_named(tmp_path: Path, files: tuple[Path, Path]) -> None:
    code, said = run(words(*files, tmp_path / "out"), tmp_path, seconds="often")
    assert code == 2
    assert "CALLCENTER_ETL_CHECKPOINT_SECONDS: a number of seconds is expected" in said


def test_a_contract_says_how_often() -> None:
    contract = load_contract(
        {"contract": "c", "columns": [{"name": "a"}], "run": {"checkpoint_seconds": 0.5}}
    )
    assert contract.document.run.checkpoint_seconds == 0.5
