"""Rejects of a run with part files are reprocessed against that run: its lines, its keys, its line ends."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from callcenter_etl import load_contract, validate
from callcenter_etl.tools.reprocess import Reprocessed, ReprocessPlan, reprocess

pytestmark = pytest.mark.usefixtures("needs_spark")
CONTRACT = {
    "contract": "calls",
    "columns": [{"name": "id", "unique": True}, {"name": "n", "type": "integer"}],
}


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Give the folder of a run over 200 records, the last of which is line 201; every tenth is broken."""
    lines = [b"id,n\r\n", *(b"%d,%s\r\n" % (at, b"x" if at % 10 == 9 else b"1") for at in range(200))]
    (tmp_path / "s.csv").write_bytes(b"".join(lines))
    result = validate(
        tmp_path / "s.csv",
        load_contract(CONTRACT),
        output=tmp_path / "o",
        engine="spark",
        parts=True,
        range_bytes=300,
    )
    assert result.summary["outputs"]["target"]["parts"] > 2
    assert result.summary["records"]["rejected"] == 20
    return tmp_path / "o"


def corrected(part: Path, **values: str) -> Reprocessed:
    """Reprocess the first row of a part with other values."""
    rows = list(csv.DictReader(part.open(newline="", encoding="utf-8")))
    with part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerow({**rows[0], **values})
    return reprocess(ReprocessPlan(str(part)), load_contract(CONTRACT).loaded)


def copy_of_a_part(output: Path) -> Path:
    """Give a copy, beside the run's summary, of the first rejects that are not in the first part."""
    parts = sorted((output / "exceptions").glob("part-*.csv"))
    copy = output / "sheet.csv"
    copy.write_bytes(next(part for part in parts[1:] if part.read_bytes().count(b"\n") > 1).read_bytes())
    return copy


def test_a_corrected_record_is_written_as_the_source_writes_its_lines(output: Path) -> None:
    done = corrected(copy_of_a_part(output), id="new", n="7")
    assert (done.status, done.rows.recovered, done.notes) == ("passed", 1, ())
    home = output / "reprocessed" / done.run_id
    assert (home / "target.csv").read_bytes() == b"id,n\r\nnew,7\r\n"


def test_keys_of_every_part_are_known(output: Path) -> None:
    for used in ("0", "198"):
        done = corrected(copy_of_a_part(output), id=used, n="7")
        assert (done.status, done.rows.recovered) == ("rejects", 0)
        assert done.rules["id.unique"] == 1


def test_a_line_that_no_part_rejected_is_refused(output: Path) -> None:
    done = corrected(copy_of_a_part(output), reject_line="5", n="7")
    assert done.status == "refused"
    assert [problem.message for problem in done.problems] == ["line 5 is none that the run rejected"]


def test_a_part_finds_its_run_two_folders_up(output: Path) -> None:
    part = next(p for p in sorted((output / "exceptions").glob("part-*")) if p.read_bytes().count(b"\n") > 1)
    done = corrected(part, n="7")
    assert (done.status, done.rows.recovered) == ("passed", 1)
    assert done.source.uri == str(output.parent / "s.csv")
    assert (output / "reprocessed" / done.run_id / "target.csv").exists()


def test_equal_records_of_different_parts_are_each_recovered(tmp_path: Path) -> None:
    lines = [b"id,n\n", *(b"%d,1\n" % at for at in range(100))]
    lines[10] = lines[90] = b",1\n"  # not even their raw text tells them apart
    (tmp_path / "s.csv").write_bytes(b"".join(lines))
    contract = load_contract({"contract": "c", "columns": [{"name": "id", "required": True}, {"name": "n"}]})
    output = tmp_path / "o"
    validate(tmp_path / "s.csv", contract, output=output, engine="spark", parts=True, range_bytes=200)
    parts = sorted((output / "rejected").glob("part-*.csv"))
    assert len(parts) == 2
    written = []
    for part in parts:
        part.write_bytes(b"id,n\nsame,1\n")
        done = reprocess(ReprocessPlan(str(part)), contract.loaded)
        assert (done.status, done.rows.recovered, done.rows.recovered_before) == ("passed", 1, 0)
        written.append((output / "reprocessed" / done.run_id / "target.csv").read_bytes())
    assert written == [b"id,n\nsame,1\n"] * 2
    assert reprocess(ReprocessPlan(str(parts[0])), contract.loaded).rows.recovered_before == 1


@pytest.mark.parametrize("name", ["part-00000.csv", "part-00099.csv", "mended.csv"])
def test_records_of_a_part_that_nothing_tells_apart_are_refused(output: Path, name: str) -> None:
    part = next(p for p in sorted((output / "rejected").glob("part-*")) if p.read_bytes().count(b"\n") > 2)
    elsewhere = output.parent / name
    elsewhere.write_bytes(b"".join(part.read_bytes().splitlines(keepends=True)[:2]).replace(b"x", b"7"))
    done = reprocess(ReprocessPlan(str(elsewhere), run_output=str(output)), load_contract(CONTRACT).loaded)
    assert done.status == "refused"
    assert "correct its part of the exceptions instead" in done.problems[0].message
