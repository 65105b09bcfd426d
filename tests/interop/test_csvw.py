"""Metadata of CSV on the Web is imported as a contract that accepts every value that the metadata accepts."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import validate
from callcenter_etl.contract.model import Column
from callcenter_etl.errors import ContractError
from callcenter_etl.tools.convert.conversion import Imported, import_contract

CONTEXT = "http://www.w3.org/ns/csvw"


def table(*columns: dict[str, Any], **more: Any) -> dict[str, Any]:
    schema = {"columns": list(columns), **more.pop("schema", {})}
    return {"@context": CONTEXT, "url": "calls.csv", "tableSchema": schema, **more}


def imported(document: dict[str, Any], part: str = "") -> Imported:
    return import_contract([f"x.json{part}"], None, read_bytes=lambda _: json.dumps(document).encode())


def column_of(datatype: Any, **more: Any) -> tuple[Column, list[str]]:
    found = imported(table({"name": "x", "datatype": datatype, **more}))
    return found.loaded.document.columns[0], [str(note) for note in found.notes]


def verdicts(document: dict[str, Any], source: str, folder: Path) -> list[tuple[str, str]]:
    """Return line and rules of each rejected record of a run with the file itself as contract."""
    (folder / "meta.json").write_text(json.dumps(document), encoding="utf-8")
    (folder / "calls.csv").write_bytes(source.encode())
    validate(folder / "calls.csv", folder / "meta.json", output=folder / "out")
    exceptions = folder / "out" / "exceptions.csv"
    with exceptions.open(newline="", encoding="utf-8") as file:
        return [(row["reject_line"], row["reject_rules"]) for row in csv.DictReader(file)]


CALLS = table(
    {
        "name": "id",
        "titles": "Call Id",
        "datatype": {"base": "string", "format": "^C[0-9]+$"},
        "required": True,
    },
    {"name": "started", "datatype": {"base": "dateTime", "format": "dd.MM.yyyy HH:mm"}},
    {"name": "cost", "datatype": {"base": "decimal", "format": {"decimalChar": ","}}},
    {"name": "seats", "datatype": {"base": "unsignedByte", "maxExclusive": 10}},
    {"name": "answered", "datatype": {"base": "boolean", "format": "Y|N"}},
    {"name": "source", "virtual": True, "default": "calls"},
    dialect={"delimiter": ";", "commentPrefix": "//"},
    schema={"primaryKey": "id"},
)
SOURCE = """Call Id;started;cost;seats;answered
// a comment
C1;31.01.2024 08:00; 1,5 ;9;Y
C2;1.1.2024 08:00;-3;;N
C3;2024-01-31 08:00;1.5;10;yes
X4;;;;
C1;;;;
"""


def test_a_file_of_this_format_is_a_contract(tmp_path: Path) -> None:
    assert verdicts(CALLS, SOURCE, tmp_path) == [
        ("4", "started.type"),
        ("5", "started.type; cost.type; seats.max; answered.type"),
        ("6", "id.pattern"),
        ("7", "id.unique"),
    ]


def test_every_part_of_a_simple_file_is_in_the_contract() -> None:
    found = imported(CALLS)
    assert found.notes == ()
    assert found.loaded.document.source.comment == "//"
    assert found.loaded.document.run.source == "calls.csv"
    assert found.loaded.document.columns[0].aliases == ("Call Id",)


DIALECTS: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    ({}, {"comment": "#", "multiline": True}),
    ({"doubleQuote": False}, {"escape": "\\", "doubles_quotes": False}),
    ({"quoteChar": None}, {"quote": None, "multiline": False}),
    ({"quoteChar": "'", "encoding": "windows-1252"}, {"quote": "'", "encoding": "cp1252"}),
    ({"header": False}, {"header": "none"}),
    ({"skipRows": 2, "commentPrefix": None, "skipBlankRows": True}, {"comment": None, "header": "exact"}),
    ({"lineTerminators": ["\r\n", "\n"]}, {"comment": "#"}),
)


@pytest.mark.parametrize(("dialect", "expected"), DIALECTS, ids=str)
def test_keys_of_a_dialect_are_imported(dialect: dict[str, Any], expected: dict[str, Any]) -> None:
    source = imported(table({"name": "x"}, dialect=dialect)).loaded.document.source
    assert {key: getattr(source, key) for key in expected} == expected
    assert (source.preamble is not None and source.preamble.lines) == dialect.get("skipRows", False)


def test_names_in_several_header_rows_are_found_by_position() -> None:
    found = imported(
        table({"name": "x"}, dialect={"headerRowCount": 2, "skipRows": 1, "commentPrefix": None})
    )
    source = found.loaded.document.source
    assert (source.header, source.preamble is not None and source.preamble.lines) == ("none", 3)
    assert "columns are found by their position" in str(found.notes[0])


def test_trim_is_of_every_column() -> None:
    found = imported(table({"name": "x"}, {"name": "y"}, dialect={"trim": True}))
    assert [column.trim for column in found.loaded.document.columns] == [True, True]


TYPES: tuple[tuple[Any, dict[str, Any]], ...] = (
    ("string", {"type": "text", "trim": False}),
    ({"base": "string", "length": 3}, {"min_length": 3, "max_length": 3}),
    ("integer", {"type": "integer", "trim": True, "min": None}),
    ("byte", {"type": "integer", "min": "-128", "max": "127"}),
    ({"base": "positiveInteger", "minimum": 5}, {"min": "5"}),
    ({"base": "decimal", "minInclusive": "1.5", "maxInclusive": 9}, {"type": "decimal", "min": "1.5", "max": "9"}),
    ({"base": "double", "minimum": 0, "maximum": 1}, {"type": "decimal"}),
    ("boolean", {"type": "boolean", "true_values": ("true", "1"), "false_values": ("false", "0")}),
    ("date", {"type": "date", "format": ("%Y-%m-%d",)}),
    ({"base": "date", "format": "M/d/yyyy"}, {"format": ("%-m/%-d/%Y", "%-m/%d/%Y", "%m/%-d/%Y", "%m/%d/%Y")}),
    ({"base": "time", "format": "HH:mm:ss.S"}, {"type": "time", "format": ("%H:%M:%S.%f", "%H:%M:%S")}),
    ({"base": "date", "minimum": "2024-01-01"}, {"min": "2024-01-01"}),
)  # fmt: skip


@pytest.mark.parametrize(("datatype", "expected"), TYPES, ids=str)
def test_datatypes_are_imported(datatype: Any, expected: dict[str, Any]) -> None:
    column, _ = column_of(datatype)
    assert {key: getattr(column, key) for key in expected} == expected


@pytest.mark.parametrize(
    ("datatype", "more", "note"),
    [
        ("double", {}, "may be NaN, INF or -INF is read as text"),
        ({"base": "decimal", "format": {"groupChar": "."  , "decimalChar": ","}}, {}, "is read as text with a pattern"),
        ({"base": "integer", "format": "000"}, {}, "the pattern '000' of numbers is not asked"),
        ("anyURI", {}, "a column of 'anyURI' is read as text"),
        ("integer", {"separator": "|"}, "a list of values is read as text"),
        ("integer", {"required": True, "default": "0"}, "required is not asked: an empty value there is '0'"),
        ("string", {"required": True, "null": "NA"}, "required is not asked: '' is not null there"),
        ("string", {"valueUrl": "http://x/{x}"}, "'valueUrl' is not taken over"),
    ],
)  # fmt: skip
def test_what_a_contract_does_not_hold_is_listed(datatype: Any, more: dict[str, Any], note: str) -> None:
    column, notes = column_of(datatype, **more)
    assert note in " ".join(notes)
    assert not column.required


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        (table({"name": "x"}, dialect={"skipRows": 1}), "skipRows with the commentPrefix '#' cannot be said"),
        (table({"name": "x"}, dialect={"skipColumns": 1}), "skipColumns '1' cannot be said in a contract"),
        (table({"name": "x"}, dialect={"trim": "start"}), "trim at one end of all values cannot be said"),
        (table({"name": "x"}, dialect={"lineTerminators": "|"}), "lineTerminators '|' cannot be said"),
        (table({"name": "x"}, dialect="d.json"), "the dialect is in 'd.json': write it here"),
        (table({"datatype": "integer"}), "a column has a name or titles"),
        (table({"name": "x"}, schema={"primaryKey": "y"}), "unknown column 'y'"),
        (
            table({"name": "x", "datatype": {"base": "boolean", "format": "Y"}}),
            "is expected as in Y|N, not 'Y'",
        ),
        (
            table({"name": "x", "datatype": {"base": "date", "format": "QQ"}}),
            "the format 'QQ' has no counterpart",
        ),
        (
            table({"name": "x", "datatype": "integer"}, {"name": "y", "datatype": "integer", "null": "-"}),
            "'-' is null in this column, '' in another one",
        ),
        ({"@context": CONTEXT, "url": "x.csv", "tableSchema": "s.json"}, "the schema is in 's.json'"),
    ],
)
def test_what_a_contract_cannot_say_is_a_fault(document: dict[str, Any], fault: str) -> None:
    with pytest.raises(ContractError) as caught:
        imported(document)
    assert fault in str(caught.value)


GROUP: dict[str, Any] = {
    "@context": [CONTEXT, {"@language": "en"}],
    "dialect": {"delimiter": ";"},
    "null": ["", "-"],
    "tables": [
        {
            "url": "calls.csv",
            "tableSchema": {
                "columns": [{"name": "agent"}, {"name": "site"}, {"titles": {"en": ["Queue", "Line"]}, "datatype": "integer"}],
                "foreignKeys": [
                    {"columnReference": "agent", "reference": {"resource": "agents.csv", "columnReference": "id"}},
                    {
                        "columnReference": ["agent", "site"],
                        "reference": {"resource": "agents.csv", "columnReference": ["id", "place"]},
                    },
                ],
            },
        },
        {"url": "agents.csv", "tableSchema": {"columns": [{"name": "id", "titles": "Agent"}, {"name": "place"}]}},
    ],
}  # fmt: skip


def test_a_table_of_a_group_is_named_behind_the_file() -> None:
    with pytest.raises(ContractError, match="which table"):
        imported(GROUP)
    document = imported(GROUP, "#calls.csv").loaded.document
    assert document.source.delimiter == ";"
    assert document.source.empty_values == ("", "-")
    assert [(column.name, column.aliases) for column in document.columns][2] == ("Queue", ("Line",))
    lookup = document.columns[0].lookup
    assert lookup is not None
    assert (lookup.file, lookup.column, lookup.source.delimiter) == ("agents.csv", "Agent", ";")
    assert document.rules[0].lookup is not None
    assert document.rules[0].lookup.columns == {"agent": "Agent", "site": "place"}


def test_a_misspelt_key_of_the_dialect_is_a_warning_of_a_run() -> None:
    (note,) = imported(table({"name": "x"}, dialect={"delimeter": ";"})).notes
    assert "'delimeter' is not taken over" in str(note)


@pytest.mark.parametrize("tables", [[], [5]])
def test_a_group_without_tables_is_a_fault(tables: list[Any]) -> None:
    with pytest.raises(ContractError, match="the file has no table"):
        imported({"@context": CONTEXT, "tables": tables})
