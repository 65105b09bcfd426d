"""Cells that a spreadsheet would run are marked in exceptions.csv, reversibly, and nowhere else."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter_etl import load_contract, validate
from callcenter_etl.writers.csv_injection import MARK, RISKY, escape, escape_columns, unescape

CELLS = st.text(max_size=6) | st.text(alphabet=[MARK, *RISKY, "a", "é"], max_size=6)


@given(CELLS)
def test_the_mark_can_be_taken_off_again(value: str) -> None:
    assert unescape(escape(value)) == value
    assert not escape(value).startswith(RISKY)


@given(st.lists(CELLS, max_size=8))
def test_no_two_values_share_a_cell_and_columns_are_cells_one_by_one(values: list[str]) -> None:
    (column,) = escape_columns([pa.array(values, type=pa.string())])
    assert column.to_pylist() == [escape(value) for value in values]
    assert len({escape(value) for value in values}) == len(set(values))


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("@SUM(1)", "'@SUM(1)"),
        ("-5", "'-5"),
        ("+49 30 1234", "'+49 30 1234"),
        ("\t=1", "'\t=1"),
        ("\uff1d1", "'\uff1d1"),
        ("'quoted", "''quoted"),
        ("a=1", "a=1"),
        ("", ""),
        (" =1", " =1"),
    ],
)
def test_what_is_marked(value: str, cell: str) -> None:
    assert escape(value) == cell


CONTRACT: dict[str, Any] = {
    "contract": "c",
    "source": {"header": "by_name", "multiline": True},
    "columns": [{"name": "id", "type": "digits", "reason": "{value} is no id"}, {"name": "note"}],
}
DATA = b'id,note,=extra\n1,=ok,=ok\n=2,"\n=2",+3\n\'3,-5,@x\n=4,short\n'
ROWS = [
    ["id", "note", "'=extra", "reject_line", "reject_rules", "reject_reasons", "reject_raw"],
    ["'=2", "'\n=2", "'+3", "3", "id.type", "'=2 is no id", ""],
    ["''3", "'-5", "'@x", "5", "id.type", "''3 is no id", ""],
    ["", "", "", "6", "record.fields", "2 fields found, 3 expected", "'=4,short"],
]


def _rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_exceptions_alone_are_marked_and_the_result_shows_them_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(DATA)
    plain = validate(tmp_path / "s.csv", load_contract(CONTRACT), output=tmp_path / "plain")
    document = load_contract({**CONTRACT, "run": {"exceptions": {"excel_safe": True}}})
    safe = validate(tmp_path / "s.csv", document, output=tmp_path / "safe")
    assert _rows(tmp_path / "safe" / "exceptions.csv") == ROWS
    unmarked = [[unescape(cell) for cell in row] for row in ROWS]
    assert unmarked == _rows(tmp_path / "plain" / "exceptions.csv")
    assert safe.exceptions.equals(plain.exceptions)
    for name in ("target.csv", "rejected.csv"):
        assert (tmp_path / "safe" / name).read_bytes() == (tmp_path / "plain" / name).read_bytes()
    assert b"\n=2" in (tmp_path / "safe" / "rejected.csv").read_bytes()


def test_a_record_too_long_to_hold_is_marked_too(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(b"id,note,x\n1,a,b\n=2," + b"x" * (17 * 2**20) + b",c\n")
    document = load_contract({**CONTRACT, "run": {"exceptions": {"excel_safe": True}}})
    validate(tmp_path / "s.csv", document, output=tmp_path / "out")
    csv.field_size_limit(2**30)
    row = _rows(tmp_path / "out" / "exceptions.csv")[1]
    assert (row[4], row[-1][:6], row[-1].count(MARK)) == ("record.too_long", "'=2,xx", 1)
