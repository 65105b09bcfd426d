"""The benchmarks' comparison: a peer whose outputs are not ours is found out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.compare import differences, unequal_files
from benchmarks.generate import Shares, blocks
from callcenter_etl import load_contract, validate
from tests.shared_folder import REPOSITORY

BENCHMARKS = REPOSITORY / "benchmarks"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Give the product's outputs and those of the csv loop, on bad records and malformed ones."""
    folder = tmp_path_factory.mktemp("comparison")
    source = folder / "calls.csv"
    source.write_bytes(b"".join(blocks(2_000, Shares(rejects=30, damage=3), seed=11)))
    validate(source, load_contract(BENCHMARKS / "calls.yaml"), output=folder / "ours")
    loop = [sys.executable, str(BENCHMARKS / "peers" / "csv_loop.py"), str(source), str(folder / "theirs")]
    subprocess.run(loop, check=True)
    return folder / "ours", folder / "theirs"


def changed(folder: Path, to: Path, name: str, old: str, new: str) -> Path:
    """Give a copy of a peer's outputs with one change in one file."""
    to.mkdir()
    for file in ("accepted.csv", "rejected.csv"):
        text = (folder / file).read_text(encoding="utf-8")
        if file == name:
            assert old in text
            text = text.replace(old, new, 1)
        (to / file).write_text(text, encoding="utf-8")
    return to


def test_the_csv_loop_does_the_same_job(folders: tuple[Path, Path]) -> None:
    ours, theirs = folders
    assert differences(ours, theirs) == []
    assert (ours / "exceptions.csv").read_text(encoding="utf-8").count("record.quote") > 0


def test_a_record_in_the_wrong_place_is_named_by_its_line(folders: tuple[Path, Path], tmp_path: Path) -> None:
    ours, theirs = folders
    lines = (theirs / "rejected.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    number = lines[1].split(",")[-2]
    without = changed(theirs, tmp_path / "without", "rejected.csv", lines[1], "")
    assert differences(ours, without) == [f"rejected by us alone: 1 lines, first {number}"]
    another = changed(theirs, tmp_path / "another", "rejected.csv", f",{number},", ",99999,")
    assert differences(ours, another) == [
        f"rejected by us alone: 1 lines, first {number}",
        "rejected by them alone: 1 lines, first 99999",
    ]
    twice = changed(theirs, tmp_path / "twice", "rejected.csv", lines[1], lines[1] * 2)
    assert differences(ours, twice) == ["rejected by them more than once: some lines"]


def test_a_reject_without_a_reason_is_named(folders: tuple[Path, Path], tmp_path: Path) -> None:
    ours, theirs = folders
    reason = "caller_id must be digits\n"
    silent = changed(theirs, tmp_path / "silent", "rejected.csv", reason, "\n")
    assert len(differences(ours, silent)) == 1
    assert differences(ours, silent)[0].startswith("rejected by them without a reason: 1 lines")


def test_a_changed_accepted_record_is_shown(folders: tuple[Path, Path], tmp_path: Path) -> None:
    ours, theirs = folders
    other = changed(theirs, tmp_path / "other", "accepted.csv", "COMPLETED", "completed")
    (found,) = differences(ours, other)
    assert found.startswith("accepted record ")
    assert "completed" in found


def test_accepted_records_that_are_missing_at_the_end_are_counted(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    ours, theirs = folders
    last = (theirs / "accepted.csv").read_text(encoding="utf-8").splitlines(keepends=True)[-1]
    short = changed(theirs, tmp_path / "short", "accepted.csv", last, "")
    (found,) = differences(ours, short)
    assert found.startswith("accepted: we have records beyond the first ")


def test_quoting_that_differs_is_no_difference(folders: tuple[Path, Path], tmp_path: Path) -> None:
    ours, theirs = folders
    quoted = changed(theirs, tmp_path / "quoted", "accepted.csv", ",COMPLETED,", ',"COMPLETED",')
    assert differences(ours, quoted) == []


def test_two_runs_of_the_product_are_compared_byte_for_byte(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    ours, _ = folders
    again = tmp_path / "again"
    again.mkdir()
    for name in ("target.csv", "exceptions.csv", "rejected.csv"):
        (again / name).write_bytes((ours / name).read_bytes())
    assert unequal_files(ours, again) == []
    (again / "target.csv").write_bytes((ours / "target.csv").read_bytes() + b"\n")
    assert unequal_files(ours, again) == ["target.csv is not the same"]
