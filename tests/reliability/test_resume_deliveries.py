"""A killed run resumes only with the side files that it had read, and then judges the whole source by them."""

from __future__ import annotations

import hashlib
import signal
from pathlib import Path

import pytest

from callcenter_etl import validate
from callcenter_etl.run.result import RunResult
from tests.reliability.resume_support import dirty, run, staged, words, write_contract, write_source

DATA = dirty(3000)
WRITTEN = "callcenter_etl.run.checkpoints.checkpointer:write_checkpoint:after:3"
MD5 = hashlib.md5(DATA, usedforsecurity=False).hexdigest()
SIDE_FILES = {
    "control": {"file": "{stem}.ctl", "match": "(?P<records>[0-9]+)", "fields": {"records": "integer"}},
    "checksum": {"file": "{name}.md5"},
}


@pytest.fixture
def killed(tmp_path: Path) -> tuple[Path, Path]:
    """Give source and contract of a run that was killed behind a checkpoint."""
    source, contract = write_source(tmp_path, DATA), write_contract(tmp_path, source=SIDE_FILES)
    (tmp_path / "s.ctl").write_text("3000\n")
    (tmp_path / "s.csv.md5").write_text(MD5)
    code, said = run(words(source, contract, tmp_path / "out"), tmp_path, kill=WRITTEN)
    assert code == -signal.SIGKILL, said
    assert len(staged(tmp_path / "out")) == 1
    return source, contract


def again(folder: Path, files: tuple[Path, Path]) -> RunResult:
    return validate(*files, output=folder / "out")


def test_with_the_same_side_files_it_is_resumed(tmp_path: Path, killed: tuple[Path, Path]) -> None:
    result = again(tmp_path, killed)
    assert result.record.resumed is not None
    # The digest is that of all bytes, those before the checkpoint included.
    assert result.summary["status"] == "rejects"
    assert result.summary["surroundings"]["values"] == {"control": {"records": "3000"}}


def test_with_another_control_file_it_starts_from_the_beginning(
    tmp_path: Path, killed: tuple[Path, Path]
) -> None:
    (tmp_path / "s.ctl").write_text("2999\n")
    result = again(tmp_path, killed)
    assert result.record.resumed is None
    assert result.summary["surroundings"]["values"] == {"control": {"records": "2999"}}


def test_with_another_checksum_it_starts_from_the_beginning_and_fails(
    tmp_path: Path, killed: tuple[Path, Path]
) -> None:
    (tmp_path / "s.csv.md5").write_text(MD5[::-1])
    result = again(tmp_path, killed)
    assert result.record.resumed is None
    assert [each["rule"] for each in result.summary["problems"]] == ["file.checksum"]
    assert not (tmp_path / "out" / "target.csv").exists()
