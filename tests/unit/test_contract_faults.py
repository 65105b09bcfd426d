"""Every kind of fault of a contract is told with its place and its remedy, all at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from callcenter_etl.contract.json_schema import json_schema
from callcenter_etl.contract.loader import load_document
from callcenter_etl.errors import ContractError

SPEC_EXAMPLE = Path(__file__).parent / "spec_example.yaml"

FAULTS = {
    "columns: [{name: a, tipe: text}]": "columns[0].tipe: unknown key (did you mean 'type'?)",
    "columns: [{name: a, type: integr}]": "is expected, not 'integr' (did you mean 'integer'?)",
    "columns: [{name: a, max_length: '5'}]": "a whole number of 0 or more is expected, not '5'",
    "columns: [{name: a, required: yes}]": "true or false is expected, not 'yes'",
    "columns: [{name: a, type: integer, min: 5, max: 2}]": "min 5 is greater than max 2",
    "columns: [{name: a, min: 5}]": "declare type integer or decimal, or use min_length",
    "columns: [{name: a, type: date, min: 1.2.2025}]": "'1.2.2025' is no date (write it as 2025-01-31)",
    "columns: [{name: a, type: digits, allowed: [12, x]}]": "'x' is no digits, so that no record can hold it",
    "columns: [{name: a, pattern: '(?=x)'}]": "RE2 has no lookahead",
    "columns: [{name: a, pattern: '['}]": "the pattern '[' does not work",
    "columns: [{name: a}, {name: a}]": "column name 'a' stands twice, first in columns[0]",
    "columns: [{name: a, type: time, format: '%Q'}]": "unknown directive '%Q' in format '%Q'",
    "columns: [{name: a, format: '%H'}]": "format goes with type date, time, datetime or duration, not 'text'",
    "columns: [{name: a, reason: 'got {vlaue}'}]": "unknown placeholder '{vlaue}' (did you mean 'value'?)",
    "columns: [{name: a, severity: {patern: warn}}]": "unknown rule 'patern'",
    "columns: [{name: a, severity: fatal}]": "error or warn is expected, not 'fatal'",
    "columns: [{name: a}]\nrules: [{name: r, check: 'b == 1'}]": "unknown column 'b'",
    "columns: [{name: a}]\nrules: [{name: r, check: 'a == 1'}]": "a text cannot be compared with a number",
    "columns: [{name: a}]\nrules: [{name: r, check: 'a = 1'}]": "compare with ==",
    "columns: [{name: a, type: date}]\nrules: [{name: r, check: \"a > '1.2.'\"}]": "'1.2.' is no date",
    "columns: [{name: a}]\nrules: [{name: r}]": "a rule has either check, unique or lookup",
    "columns: [{name: a}]\nrules: [{name: r, unique: [b]}]": "unknown column 'b'",
    "columns: [{name: a, type: digits}]\nrules: [{name: a.type, unique: [a]}]": "is the id of a column's rule",
    "columns: [{name: a}]\nlimits: {max_rejected: 5 percent}": "a count such as 10 or a percentage such as 5%",
    "columns: [{name: a}]\nsource: {delimiter: abcdefghi}": "one to 8 characters without a line break",
    "columns: [{name: a}]\nsource: {quote: ','}": "quote and delimiter are both ','",
    "columns: [{name: a}]\nsource: {encoding: utf-9}": "unknown encoding 'utf-9' (did you mean 'utf-8'?)",
    "columns: []": "at least one column is needed",
    "rules: []": "the key 'columns' is missing",
    "columns: [{name: a}]\ncolumns: [{name: b}]": "the key 'columns' stands twice",
    "columns: !!python/object/apply:os.system [ls]": "is not allowed: contracts hold plain values only",
    "columns: [{name: a}": "not YAML",
}


def faults_of(tmp_path: Path, body: str) -> tuple[str, ...]:
    path = tmp_path / "c.yaml"
    path.write_text(f"contract: c\n{body}\n", encoding="utf-8")
    with pytest.raises(ContractError) as caught:
        load_document(str(path))
    return tuple(str(fault) for fault in caught.value.faults)


@pytest.mark.parametrize("body", FAULTS)
def test_a_fault_names_its_place_and_what_is_wrong(tmp_path: Path, body: str) -> None:
    found = faults_of(tmp_path, body)
    assert any(FAULTS[body] in fault for fault in found), found
    assert all(fault.startswith(f"{tmp_path / 'c.yaml'}:") for fault in found)


def test_all_faults_come_at_once_with_line_and_column(tmp_path: Path) -> None:
    found = faults_of(
        tmp_path,
        "columns:\n  - {name: a, tipe: text}\n  - {name: b, type: integer, min: 9, max: 1}\nlimits: {min_records: -1}",
    )
    assert [fault.split(": ")[0].rsplit(":", 2)[1:] for fault in found] == [
        ["3", "15"],
        ["4", "30"],
        ["5", "10"],
    ]


def test_scalars_keep_their_text(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        "contract: c\ncolumns: [{name: NO, allowed: [007, NO, 12:30:45, 1.0, null, true]}]\n",
        encoding="utf-8",
    )
    column = load_document(str(path)).document.columns[0]
    assert (column.name, column.allowed) == ("NO", ("007", "NO", "12:30:45", "1.0", "null", "true"))


def test_json_has_the_same_keys_and_places(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text(
        json.dumps({"contract": "c", "columns": [{"name": "a", "required": True, "max_length": 5}]})
    )
    column = load_document(str(path)).document.columns[0]
    assert column.rule_keys == ("required", "max_length")
    path.write_text('{"contract": "c",\n "columns": [{"name": "a", "size": 5}]}')
    with pytest.raises(ContractError, match=r"c\.json:2:28: columns\[0\]\.size: unknown key"):
        load_document(str(path))


def test_rules_stand_in_the_order_written() -> None:
    loaded = load_document(
        {"contract": "c", "columns": [{"name": "a", "allowed": ["1"], "type": "digits", "required": False}]}
    )
    assert loaded.document.columns[0].rule_keys == ("allowed", "type")


def test_the_example_of_the_specification_loads_and_keeps_the_json_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    from ruamel.yaml import YAML

    loaded = load_document(str(SPEC_EXAMPLE))
    assert [column.name for column in loaded.document.columns][:2] == ["call_id", "caller_id"]
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(YAML(typ="safe", pure=True).load(SPEC_EXAMPLE.read_text(encoding="utf-8")), schema)


@pytest.mark.parametrize(
    "text",
    [
        "contract: " + "[" * 5000,
        "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        + "".join(
            f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 10)}]\n" for n in range(8)
        ),
        "contract: c\ncolumns: [{name: a, max_length: " + "9" * 100_000 + "}]",
        "x" * 2_000_000,
        "",
        "- a\n- b",
    ],
    ids=["nested", "billion laughs", "huge number", "huge text", "empty", "list"],
)
def test_hostile_contracts_end_in_a_fault(tmp_path: Path, text: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContractError):
        load_document(str(path))
