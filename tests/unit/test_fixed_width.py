"""Fixed-width sources: records against plain slices of text, and their way through every command."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter_etl import ContractError, explain, load_contract, validate
from callcenter_etl.api import diff_contracts, examine_contract
from callcenter_etl.sources.source_formats import open_source
from callcenter_etl.tools.contract_test.rule_coverage import ALONE
from callcenter_etl.tools.explain.record_explanation import explain_line
from callcenter_etl.tools.reprocess import ReprocessPlan, reprocess

CONTRACT: dict[str, Any] = {
    "contract": "calls",
    "source": {"format": "fixed_width"},
    "columns": [
        {"name": "id", "type": "digits", "width": 3, "unique": True},
        {"name": "note", "start": 5, "end": 7},
        {"name": "seconds", "width": 2, "align": "right", "pad": "0", "type": "integer"},
    ],
}
PLACES = ((0, 3), (4, 7), (7, 9))
LINE_END = re.compile(rb"\r\n|\r|\n")


def sliced(line: bytes) -> list[str] | str:
    """Return the values of one line by Python's own slices, or the structural rule that it breaks."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return "record.encoding"
    if len(text) != 9:
        return "record.width"
    identity, note, seconds = (text[start:stop] for start, stop in PLACES)
    return [identity.rstrip(" "), note.rstrip(" "), seconds.lstrip("0") or "0"]


def read(path: Path, document: Any, block_bytes: int) -> dict[int, list[str] | str]:
    found: dict[int, list[str] | str] = {}
    rules = {4: "record.fields", 5: "record.width", 3: "record.encoding"}
    with open_source(str(path), document, block_bytes=block_bytes) as source:
        assert not source.open().problems
        for chunk in source.chunks():
            found |= {int(chunk.lines[m.record]): rules[m.status] for m in chunk.malformed}
            columns = [values.to_pylist() for values in chunk.values]
            rows = [list(row) for row in zip(*columns, strict=True)]
            found |= dict(zip(chunk.sound_lines.tolist(), rows, strict=True))
        source.check_unchanged()
    return found


PIECES = st.sampled_from([b"0", b"1", b" ", b"a", b'"', b",", b"\xc3\xa9", b"\xff", b"\n", b"\r", b"\r\n"])
LINES = st.lists(PIECES, min_size=8, max_size=10).map(b"".join)


@settings(max_examples=150, deadline=None)
@given(
    content=st.lists(LINES, min_size=1, max_size=8).map(b"\n".join), block_bytes=st.sampled_from([1, 7, 64])
)
def test_values_are_those_of_plain_slices(
    content: bytes, block_bytes: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("fixed") / "calls.txt"
    path.write_bytes(content)
    lines = LINE_END.split(content)
    expected = {number: sliced(line) for number, line in enumerate(lines, start=1) if line}
    document = load_contract(CONTRACT).document
    assert read(path, document, block_bytes) == expected


def test_an_empty_line_is_no_record_of_a_single_column(tmp_path: Path) -> None:
    path = tmp_path / "calls.txt"
    path.write_bytes(b"ab\n\ncd\n")
    contract = load_contract(
        {"contract": "c", "source": {"format": "fixed_width"}, "columns": [{"name": "id", "width": 2}]}
    )
    result = validate(path, contract, output=tmp_path / "o")
    assert (result.summary["records"]["accepted"], result.summary["blank_lines"]) == (2, 1)


@pytest.mark.parametrize(
    ("columns", "source", "fault"),
    [
        ("[{name: a, width: 3}, {name: b}]", "{format: fixed_width}",
         "columns[1]: a column of a fixed-width source has width, or start and end"),
        ("[{name: a, start: 1, end: 3}, {name: b, start: 3, end: 5}]", "{format: fixed_width}",
         "columns[1].start: characters 3 to 5 overlap columns[0], which has 1 to 3"),
        ("[{name: a, start: 4, end: 3}]", "{format: fixed_width}",
         "columns[0].end: end 3 is before start 4"),
        ("[{name: a, width: 0}]", "{format: fixed_width}", "columns[0].width: width is counted from 1"),
        ("[{name: a, width: 2, start: 1}]", "{format: fixed_width}",
         "columns[0].width: a column has either width, or start and end"),
        ("[{name: a, width: 2, pad: xx}]", "{format: fixed_width}",
         "columns[0].pad: one character that is no line break is expected, not 'xx'"),
        ("[{name: a, width: 20000000}]", "{format: fixed_width}",
         "columns[0].width: the column ends at character 20,000,000, and a record has at most 16,777,216"),
        ("[{name: a, width: 2}]", "{}",
         "columns[0].width: width goes with source.format: fixed_width (the longest value of a delimited column is max_length)"),
        ("[{name: a, width: 2}]", "{format: fixed_width, delimiter: ';'}",
         "source.delimiter: delimiter goes with source.format: delimited, not fixed_width"),
        ("[{name: a, width: 2}]", "{format: fixed_width, header: by_name}",
         "source.header: columns of fixed width are found by their place: exact or none, not 'by_name'"),
    ],
)  # fmt: skip
def test_faults_of_places_name_the_key(tmp_path: Path, columns: str, source: str, fault: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(f"contract: c\nsource: {source}\ncolumns: {columns}\n", encoding="utf-8")
    with pytest.raises(ContractError) as raised:
        load_contract(path)
    assert [f"{each.path}: {each.message}" for each in raised.value.faults] == [fault]


@pytest.mark.parametrize(("header", "status"), [("id  note  s", "passed"), ("id  name  s", "refused")])
def test_a_header_line_has_the_names_at_the_columns_characters(
    tmp_path: Path, header: str, status: str
) -> None:
    path = tmp_path / "calls.txt"
    path.write_text(f"{header}\n001 abc  07\n", encoding="utf-8")
    columns = [
        {"name": "id", "width": 4},
        {"name": "note", "width": 5},
        {"name": "s", "width": 2, "align": "right"},
    ]
    source = {"format": "fixed_width", "header": "exact"}
    contract = load_contract({"contract": "c", "source": source, "columns": columns})
    result = validate(path, contract, output=tmp_path / "o")
    assert (result.summary["status"], result.summary["records"]["accepted"]) == (
        status,
        int(status == "passed"),
    )


def test_a_record_of_another_width_is_explained_with_its_fields(tmp_path: Path) -> None:
    path = tmp_path / "calls.txt"
    path.write_bytes(b"001 abc07\n002 abc7\n")
    found = explain_line(str(path), load_contract(CONTRACT).loaded, 2)
    assert [field.value for field in found.fields] == ["002", "abc", "7"]
    assert found.rules[0].rule == "record.width"


def test_corrected_records_are_written_at_their_characters(tmp_path: Path) -> None:
    path = tmp_path / "calls.txt"
    path.write_text("001 abc07\n00x abc12\n003 é  10\n003 f  10\n", encoding="utf-8")
    contract = load_contract(CONTRACT)
    validate(path, contract, output=tmp_path / "o")
    exceptions = tmp_path / "o" / "exceptions.csv"
    rows = list(csv.DictReader(exceptions.read_text("utf-8").splitlines()))
    assert [row["reject_rules"] for row in rows] == ["id.type", "id.unique"]
    rows[0] |= {"id": "2", "note": "ü"}
    rows[1] |= {"id": "4", "note": "toolong"}
    corrected = tmp_path / "corrected.csv"
    with corrected.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    corrected.rename(exceptions)
    result = reprocess(ReprocessPlan(str(exceptions)), contract.loaded)
    outputs = sorted((tmp_path / "o").rglob("target.csv"))
    text = "".join(each.read_text("utf-8") for each in outputs)
    assert "2   ü  12\n" in text, result
    still = [each.read_text("utf-8") for each in (tmp_path / "o").rglob("exceptions.csv")]
    assert any("the value of note has 7 characters, its column 3" in each for each in still)


def test_the_difference_of_places_is_breaking() -> None:
    columns = [{**CONTRACT["columns"][0], "width": 4}, *CONTRACT["columns"][1:]]
    changes = diff_contracts(load_contract(CONTRACT), load_contract({**CONTRACT, "columns": columns}))
    assert [each.path for each in changes if each.tightens] == ["columns.id.width"]


def test_contract_test_breaks_every_rule() -> None:
    found = examine_contract(load_contract(CONTRACT))
    assert {each.rule: each.outcome for each in found.rules} == dict.fromkeys(
        ("id.type", "id.unique", "seconds.type"), ALONE
    )


@pytest.mark.parametrize("block_bytes", [1, 7, 64, 1 << 20])
def test_the_lines_around_records_are_declared_as_of_any_source(tmp_path: Path, block_bytes: int) -> None:
    path = tmp_path / "calls.txt"
    path.write_bytes(b"CDR of 2025-02-01\n\n# a\n001 abc07\n# b \xff\n00x abc12\r\n\nTOTAL 2\n")
    source = {
        "format": "fixed_width",
        "preamble": {"lines": 1, "match": "CDR of .*"},
        "comment": "#",
        "footer": {"match": "TOTAL (?P<records>[0-9]+)", "fields": {"records": "integer"}},
    }
    result = validate(
        path, load_contract({**CONTRACT, "source": source}), output=tmp_path / "o", block_bytes=block_bytes
    )
    summary = result.summary
    assert (summary["status"], summary["records"]["read"], summary["blank_lines"]) == ("rejects", 2, 2)
    assert (tmp_path / "o" / "target.csv").read_bytes() == b"001 abc07\n"
    assert (tmp_path / "o" / "rejected.csv").read_bytes() == b"00x abc12\r\n"
    assert summary["surroundings"]["values"]["footer"] == {"records": "2"}


@pytest.mark.parametrize("block_bytes", [1, 64, 1 << 20])
def test_short_records_are_padded_where_declared(tmp_path: Path, block_bytes: int) -> None:
    path = tmp_path / "calls.txt"
    path.write_text("001 abc07\n002\n003 é\n004 abc071\n", encoding="utf-8")
    source = {"format": "fixed_width", "short_records": "empty"}
    result = validate(
        path, load_contract({**CONTRACT, "source": source}), output=tmp_path / "o", block_bytes=block_bytes
    )
    counts = result.summary["records"]
    assert (counts["accepted"], counts["rejected"], counts["warned"]) == (3, 1, 2)
    assert {rule: count["broken"] for rule, count in result.summary["rules"].items() if count["broken"]} == {
        "record.short": 2, "record.width": 1,
    }  # fmt: skip
    assert (tmp_path / "o" / "target.csv").read_text("utf-8") == "001 abc07\n002\n003 é\n"


def test_causes_advise_short_records(tmp_path: Path) -> None:
    path = tmp_path / "calls.txt"
    path.write_bytes(b"001 abc07\n002 abc\n003 abc\n004 abc0700\n")
    contract = load_contract(CONTRACT)
    validate(path, contract, output=tmp_path / "o")
    causes = explain(tmp_path / "o", contract)
    assert causes is not None
    advised = [(cause.what, cause.advice and cause.advice.recovers) for cause in causes.causes]
    assert advised == [
        ("7 characters instead of 9 (without the padding at the end?)", 2),
        ("11 characters instead of 9", None),
    ]
