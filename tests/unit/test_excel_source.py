"""Sheets of workbooks as sources: value for value, with the rows of the sheet as lines."""

from __future__ import annotations

import csv
import io
import random
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from callcenter_etl import ContractError, SourceError, UsageError, load_contract, validate
from callcenter_etl.api import examine_contract
from callcenter_etl.errors import AccountingError
from callcenter_etl.sources import workbook
from callcenter_etl.sources.sheet_lines import line_batches
from callcenter_etl.sources.workbook import SheetRows
from callcenter_etl.tools.explain.record_explanation import explain_line
from callcenter_etl.tools.reprocess import ReprocessPlan, reprocess
from tests.binary_workbooks import Cells, write_xls, write_xlsb
from tests.workbooks import EMPTY, Rows, boolean, error, number, text, write_ods, write_xlsx

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

CONTRACT: dict[str, Any] = {
    "contract": "calls",
    "source": {"format": "excel"},
    "columns": [{"name": "id", "type": "integer", "unique": True}, {"name": "note", "max_length": 6}],
}
HEADER = [text("id"), text("note")]


def rejected(output: Path) -> list[tuple[str, str]]:
    with (output / "exceptions.csv").open(newline="", encoding="utf-8") as file:
        return [(row["reject_line"], row["reject_rules"]) for row in csv.DictReader(file)]


def test_cells_become_the_text_that_they_show(tmp_path: Path) -> None:
    cells = [
        (number("1"), "1"), (number("0.1"), "0.1"), (number("1E+21"), "1000000000000000000000"),
        (number("1E-7"), "0.0000001"), (number("-0"), "0"), (number("0.30000000000000004"), "0.30000000000000004"),
        (number("100"), "100"), (number("45000", 1), "2023-03-15"), (number("45000.5", 2), "2023-03-15 12:00:00"),
        (number("0.25", 3), "06:00:00"), (number("1.5", 4), "36:00:00"), (boolean(1), "true"), (boolean(0), "false"),
        (error("#DIV/0!"), "#DIV/0!"), (error("#N/A"), "#N/A"), (text('a,"b"\nc'), 'a,"b"\nc'), (text(" x "), " x "),
        (text("007"), "007"), (EMPTY, ""), (text("é✓"), "é✓"), (text("end"), "end"),
    ]  # fmt: skip
    names = [f"c{at}" for at in range(len(cells))]
    path = write_xlsx(
        tmp_path / "a.xlsx", {"S": {1: [text(name) for name in names], 2: [cell for cell, _ in cells]}}
    )
    contract = load_contract(
        {"contract": "c", "source": {"format": "excel"}, "columns": [{"name": name} for name in names]}
    )
    validate(path, contract, output=tmp_path / "o")
    target = io.StringIO((tmp_path / "o" / "target.csv").read_bytes().decode("utf-8"), newline="")
    assert list(csv.reader(target)) == [names, [wanted for _, wanted in cells]]


def test_midnight_is_a_time_where_its_column_has_others(tmp_path: Path) -> None:
    rows: Rows = {
        1: [text("id"), text("day")],
        2: [number("45000", 2), number("45000", 1)],
        3: [number("45000.25", 2), number("45001", 1)],
    }
    path = write_xlsx(tmp_path / "a.xlsx", {"S": rows})
    columns = [{"name": "id", "type": "datetime"}, {"name": "day", "type": "date"}]
    contract = load_contract({"contract": "c", "source": {"format": "excel"}, "columns": columns})
    assert validate(path, contract).summary["status"] == "passed"


@pytest.mark.parametrize("block_bytes", [1, 7, 64, 1 << 20])
def test_lines_are_the_rows_of_the_sheet(tmp_path: Path, block_bytes: int) -> None:
    rows: Rows = {
        3: HEADER,
        4: [number("1"), text("a\nb\r\nc")],
        5: [text("x"), text("ok")],
        7: [number("1"), text("d")],
        8: [number("2"), text("e\r"), EMPTY, EMPTY],
        9: [number("3"), text("too long")],
        10: [number("4"), text("f"), EMPTY, text("stray")],
        11: [number("5")],
    }
    path = write_xlsx(tmp_path / "a.xlsx", {"S": rows})
    result = validate(
        path, load_contract(CONTRACT), output=tmp_path / "o", block_bytes=block_bytes, workers=2
    )
    assert rejected(tmp_path / "o") == [
        ("5", "id.type"), ("7", "id.unique"), ("9", "note.max_length"), ("10", "record.fields"),
    ]  # fmt: skip
    assert (result.summary["records"]["read"], result.summary["blank_lines"]) == (7, 3)
    assert (tmp_path / "o" / "target.csv").read_bytes() == b'id,note\n1,"a\nb\r\nc"\n2,"e\r"\n5,\n'
    assert explain_line(str(path), load_contract(CONTRACT).loaded, 9).line == 9


def test_a_sheet_is_named_or_counted(tmp_path: Path) -> None:
    path = write_xlsx(
        tmp_path / "a.xlsx", {"1": {1: [text("other")]}, "Calls": {1: HEADER, 2: [number("7"), text("b")]}}
    )
    for sheet in ("Calls", 2):
        contract = load_contract({**CONTRACT, "source": {"format": "excel", "sheet": sheet}})
        assert validate(path, contract).summary["records"]["accepted"] == 1
    contract = load_contract({**CONTRACT, "source": {"format": "excel", "sheet": "Cals"}})
    refused = validate(path, contract).summary
    assert (refused["status"], [each["message"] for each in refused["problems"]]) == (
        "refused",
        ["the workbook has no sheet 'Cals' (it has 2: '1', 'Calls')"],
    )


def test_a_sheet_in_quotes_is_a_name(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    for written, sheet in (("2", 2), ("'2'", "2"), ("Calls", "Calls")):
        path.write_text(f"contract: c\nsource: {{format: excel, sheet: {written}}}\ncolumns: [{{name: a}}]\n")
        assert load_contract(path).document.source.sheet == sheet


def test_opendocument_is_read(tmp_path: Path) -> None:
    path = write_ods(tmp_path / "a.ods", [["id", "note"], ["1", "a"], ["x", "b"]])
    validate(path, load_contract(CONTRACT), output=tmp_path / "o")
    assert (tmp_path / "o" / "target.csv").read_bytes() == b"id,note\n1,a\n"
    assert rejected(tmp_path / "o") == [("3", "id.type")]


@pytest.mark.parametrize("write", [write_xls, write_xlsb])
def test_binary_workbooks_are_read(tmp_path: Path, write: Callable[[Path, Cells], Path]) -> None:
    rows: Cells = [["id", "note"], [1.0, "é,b"], ["x", "c"], [3.0, None], [4.0, "too long"]]
    # The name says nothing about the format.
    path = write(tmp_path / "calls.workbook", rows)
    source = {"format": "excel", "sheet": "Calls"}
    validate(path, load_contract({**CONTRACT, "source": source}), output=tmp_path / "o")
    assert (tmp_path / "o" / "target.csv").read_bytes() == 'id,note\n1,"é,b"\n3,\n'.encode()
    assert rejected(tmp_path / "o") == [("3", "id.type"), ("5", "note.max_length")]


@pytest.mark.parametrize("content", [b"id,note\n1,a\n", b""])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    summary = validate(path, load_contract(CONTRACT)).summary
    assert [each["rule"] for each in summary["problems"]] == ["file.not_delimited"]


def test_a_workbook_cut_short_is_damaged(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", {"S": {1: HEADER}})
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(SourceError, match="damaged"):
        validate(path, load_contract(CONTRACT))


def test_parts_with_another_checksum_or_size_are_damage(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", {"S": {1: HEADER}})
    with zipfile.ZipFile(path) as archive:
        crc = archive.getinfo("xl/worksheets/1.xml").CRC.to_bytes(4, "little")
        size = sum(info.file_size for info in archive.infolist())
    contract = load_contract({**CONTRACT, "source": {"format": "excel", "max_bytes": size - 1}})
    with pytest.raises(SourceError, match="when unpacked"):
        validate(path, contract)
    path.write_bytes(path.read_bytes().replace(crc, b"\1\2\3\4"))
    with pytest.raises(SourceError, match="Bad CRC-32"):
        validate(path, load_contract(CONTRACT))


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("{format: excel, delimiter: ';'}", "source.delimiter: delimiter goes with source.format: delimited, not excel"),
        ("{format: excel, encoding: cp1252}", "source.encoding: encoding means nothing for a workbook: leave the key out"),
        ("{sheet: Calls}", "source.sheet: sheet goes with source.format: excel, not delimited"),
        ("{format: excel, sheet: 0}", "source.sheet: sheets are counted from 1"),
    ],
)  # fmt: skip
def test_keys_of_other_formats_are_faults(tmp_path: Path, source: str, fault: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(f"contract: c\nsource: {source}\ncolumns: [{{name: a}}]\n", encoding="utf-8")
    with pytest.raises(ContractError) as raised:
        load_contract(path)
    assert [f"{each.path}: {each.message}" for each in raised.value.faults] == [fault]


def test_without_the_extra_the_message_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "LIBRARY", "no_such_library")
    path = write_xlsx(tmp_path / "a.xlsx", {"S": {1: HEADER}})
    with pytest.raises(UsageError, match=r"pip install 'callcenter-etl\[excel\]'"):
        validate(path, load_contract(CONTRACT))


def test_a_plain_run_imports_no_reader_of_workbooks(tmp_path: Path) -> None:
    import subprocess

    path = tmp_path / "a.csv"
    path.write_text("id,note\n1,a\n", encoding="utf-8")
    program = (
        "import sys, callcenter_etl;"
        f"callcenter_etl.validate({str(path)!r}, {{'contract': 'c', 'columns': [{{'name': 'id'}}, {{'name': 'note'}}]}});"
        "assert not {'python_calamine', 'zipfile._path', 'tarfile'} & set(sys.modules) - {'tarfile'}"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_corrected_records_are_csv_and_every_rule_is_broken(tmp_path: Path) -> None:
    path = write_xlsx(
        tmp_path / "a.xlsx", {"S": {1: HEADER, 2: [text("x"), text("l1\nl2")], 3: [number("2")]}}
    )
    contract = load_contract(CONTRACT)
    validate(path, contract, output=tmp_path / "o")
    rows = (tmp_path / "o" / "exceptions.csv").read_bytes().replace(b"x,", b"1,", 1)
    (tmp_path / "o" / "exceptions.csv").write_bytes(rows)
    result = reprocess(ReprocessPlan(str(tmp_path / "o" / "exceptions.csv")), contract.loaded)
    assert any(each.read_bytes() == b'id,note\n1,"l1\nl2"\n' for each in tmp_path.rglob("*.csv")), result
    assert {each.outcome for each in examine_contract(contract).rules} == {"alone"}


@pytest.mark.parametrize("block_bytes", [7, 1 << 20])
def test_the_rows_around_records_are_declared_as_of_any_source(tmp_path: Path, block_bytes: int) -> None:
    rows: Rows = {
        1: [text("Report: calls"), EMPTY, EMPTY],
        3: HEADER,
        4: [text("INTEGER"), text("TEXT")],
        5: [number("1"), text("a")],
        7: [text("x"), text("b")],
        8: [text("Total"), number("2"), EMPTY],
    }
    path = write_xlsx(tmp_path / "a.xlsx", {"S": rows})
    source = {
        "format": "excel",
        "preamble": {"lines": 1, "match": "Report: .*"},
        "after_header": {"match": "INTEGER,TEXT"},
        "footer": {"match": "Total,(?P<records>[0-9]+)", "fields": {"records": "integer"}},
    }
    contract = load_contract({**CONTRACT, "source": source})
    result = validate(path, contract, output=tmp_path / "o", block_bytes=block_bytes)
    assert rejected(tmp_path / "o") == [("7", "id.type")]
    assert result.summary["surroundings"]["values"]["footer"] == {"records": "2"}
    assert (tmp_path / "o" / "target.csv").read_bytes() == b"id,note\n1,a\n"


def test_a_header_is_found_by_the_names_that_columns_have_in_the_file(tmp_path: Path) -> None:
    rows: Rows = {
        1: [text("Report"), EMPTY, EMPTY],
        2: [text("CALL"), text("Note"), text("Note"), EMPTY],
        3: [number("1"), text("a"), text("b"), EMPTY],
    }
    path = write_xlsx(tmp_path / "a.xlsx", {"S": rows})
    source = {"format": "excel", "header_case": "ignore", "preamble": {"lines": 1, "match": "Report"}}
    columns = [
        {"name": "id", "header": "Call"},
        {"name": "note", "header": "note"},
        {"name": "note_2", "header": "Note"},
    ]
    validate(
        path, load_contract({"contract": "c", "source": source, "columns": columns}), output=tmp_path / "o"
    )
    assert (tmp_path / "o" / "target.csv").read_bytes() == b"CALL,Note,Note\n1,a,b\n"


@dataclass(frozen=True, slots=True)
class FakeSheet:
    """A sheet as the reader of workbooks returns it."""

    rows: list[list[Any]]

    def iter_rows(self) -> Iterator[list[Any]]:
        return iter(self.rows)

    @property
    def end(self) -> tuple[int, int]:
        return len(self.rows) - 1, 0


def sheet_of(rows: list[list[Any]]) -> SheetRows:
    return SheetRows(cast("CalamineSheet", FakeSheet(rows)), {}, frozenset())


def line_of(values: list[Any], width: int) -> str:
    """Return a row as a line, one cell at a time."""
    texts = [
        format(Decimal(repr(each)).normalize(), "f") if isinstance(each, float) else each for each in values
    ]
    while len(texts) > width and not texts[-1]:
        texts.pop()
    texts += [""] * (width - len(texts))
    quoted = [
        f'"{each.replace(chr(34), chr(34) * 2)}"' if set(each) & set(',"\r\n') else each for each in texts
    ]
    return ",".join(quoted) + "\n" if any(texts) else "\n"


@pytest.mark.parametrize("width", [1, 3, 6])
def test_lines_of_batches_are_those_of_single_rows(width: int) -> None:
    draw = random.Random(width)
    cells: list[Any] = ["", "", "", "a", "a,b", '"', "x\r", "\n", " ", ",", 1.0, 2.0**60, 1e23, -1.5e-7, 0.1]
    rows = [[draw.choice(cells[: draw.choice([3, 5, 15])]) for _ in range(5)] for _ in range(2500)]
    for header in (1, 2, 1003, 2501):
        found = [line for lines in line_batches(sheet_of(rows), header=header, width=width) for line in lines]
        wanted = [line_of(row, width if number >= header else 0) for number, row in enumerate(rows, start=1)]
        assert found == wanted


def test_a_value_that_is_lost_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[list[Any]] = [["id", "note"], [1.0, "a"], ["", ""]]
    assert list(line_batches(sheet_of(rows), header=1, width=2)) == [["id,note\n", "1,a\n", "\n"]]
    with monkeypatch.context() as patched:
        patched.setattr(workbook, "column_text", lambda values, *, with_time: ["" for _ in values])
        with pytest.raises(AccountingError, match="3 rows with 0 values were written of 3 rows with 4 cells"):
            list(line_batches(sheet_of(rows), header=1, width=2))
    missing = replace(sheet_of(rows), errors={1: {2: "#N/A"}})
    with pytest.raises(AccountingError, match="0 error cells of the sheet were read of 1"):
        list(line_batches(missing, header=1, width=2))


def test_errors_at_the_edges_of_a_sheet_are_read(tmp_path: Path) -> None:
    edge = [error("#N/A"), error("#REF!"), error("#NAME?")]
    rows: Rows = {
        1: [text("id"), text("note"), EMPTY],
        2: [number("1"), text("a"), edge[0]],
        4: [edge[1], edge[2]],
    }
    path = write_xlsx(tmp_path / "a.xlsx", {"S": rows})
    validate(path, load_contract(CONTRACT), output=tmp_path / "o")
    assert rejected(tmp_path / "o") == [("2", "record.fields"), ("4", "id.type")]
