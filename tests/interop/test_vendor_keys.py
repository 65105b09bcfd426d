"""Every key for files as vendors write them comes back from every format, and no export rejects what a contract accepts."""

from __future__ import annotations

import json
import random
import re
import time
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter_etl.api_contract import Contract
from callcenter_etl.contract.column import Column
from callcenter_etl.contract.model import ContractDocument, RecordRule, SourceFormat
from callcenter_etl.tools.convert.contract_mapping import contract_text, plain_of
from callcenter_etl.tools.convert.contract_readers import load_any_document
from callcenter_etl.tools.convert.conversion import Imported, export_contract, import_contract
from tests.interop.contracts import WAYS
from tests.interop.vendor_contracts import COLUMNS, LAYOUTS, RULES, SOURCE, make_vendor_contract

SEEDS = st.integers(min_value=0, max_value=2**32 - 1)


def loaded(seed: int) -> ContractDocument:
    return load_any_document(make_vendor_contract(random.Random(seed))).document


def test_the_generator_knows_every_key_of_the_model() -> None:
    sampled = {key for column in (*COLUMNS, *LAYOUTS["fixed_width"]) for key in column}
    # The positions exclude the widths; they have a test of their own.
    assert set(Column.model_fields) - sampled == {"name", "start", "end", "rule_keys"} - sampled
    assert set(SourceFormat.model_fields) <= {*SOURCE, "format", "sheet"}
    assert set(RecordRule.model_fields) - {key for rule in RULES for key in rule} <= {"check", "description"}


@pytest.mark.parametrize("way", WAYS)
@given(seed=SEEDS)
@settings(max_examples=15, deadline=None)
def test_a_contract_comes_back_equal(way: tuple[str, str | None], seed: int) -> None:
    document = loaded(seed)
    text = export_contract(document, way[0], version=way[1]).text
    back = import_contract(["any"], way[0], read_bytes=lambda _: text.encode())
    assert back.loaded.document == document
    assert back.notes == ()


@given(seed=SEEDS)
@settings(max_examples=100, deadline=None)
def test_a_contract_written_as_people_do_is_the_same(seed: int) -> None:
    document = loaded(seed)
    text = contract_text(plain_of(document))
    assert load_any_document("any", read_bytes=lambda _: text.encode()).document == document


DIALECTS: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    ({"delimiter": "||"}, {"delimiter": "||"}),
    ({"escapeChar": "\\"}, {"escape": "\\", "double_quote": True}),
    ({"escapeChar": "\\", "doubleQuote": False}, {"escape": "\\"}),
    ({"csv": {"doubleQuote": False}}, {"double_quote": False}),
    ({"skipInitialSpace": True}, {"skip_initial_space": True}),
    ({"commentChar": "#"}, {"comment": "#"}),
    ({"headerRows": [1, 2]}, {"header_lines": 2}),
    ({"headerRows": [3, 4], "headerJoin": " "}, {"preamble": {"lines": 2}, "header_lines": 2}),
    ({"headerRows": [2], "commentRows": [1, 3, 4]}, {"preamble": {"lines": 1}, "after_header": {"lines": 2}}),
    ({"header": False, "commentRows": [1]}, {"header": "none", "preamble": {"lines": 1}}),
    ({"csv": {"nullSequence": "\\N"}}, {"empty_values": ["", "\\N"]}),
)


@pytest.mark.parametrize(("dialect", "source"), DIALECTS, ids=str)
def test_keys_of_a_dialect_are_imported(dialect: dict[str, Any], source: dict[str, Any]) -> None:
    found = package({"dialect": dialect})
    assert found.notes == ()
    assert found.loaded.document == load_any_document({**CONTRACT, "source": source}).document


@pytest.mark.parametrize(
    ("resource", "source"),
    [
        ({"format": "tsv"}, {"delimiter": "\t"}),
        ({"format": "xlsx", "dialect": {"sheetNumber": 2}}, {"format": "excel", "sheet": 2}),
        ({"format": "xls", "dialect": {"excel": {"sheet": "Calls"}}}, {"format": "excel", "sheet": "Calls"}),
    ],
)
def test_formats_of_a_resource_are_imported(resource: dict[str, Any], source: dict[str, Any]) -> None:
    assert package(resource).loaded.document == load_any_document({**CONTRACT, "source": source}).document


def test_the_hash_of_one_file_is_listed_with_what_a_contract_has_instead() -> None:
    (note,) = package({"hash": "sha256:abc"}).notes
    assert str(note).endswith("a contract names a checksum file beside each source (source.checksum)")


CONTRACT = {"contract": "x", "run": {"source": "x.csv"}, "columns": [{"name": "x"}]}


def package(resource: dict[str, Any]) -> Imported:
    document = {"name": "x", "path": "x.csv", "schema": {"fields": [{"name": "x"}]}, **resource}
    return import_contract(["x.json"], None, read_bytes=lambda _: json.dumps(document).encode())


# Values that each column of the generator accepts.
VALUES: dict[int, tuple[str, ...]] = {
    0: ("€1.234,5%", "-€1,5", "7", "EUR 0,25"), 1: ("0,5", "99,5", "12"), 2: ("1'000.5", "x"),
    3: ("1.000 Stk", "5"), 4: ("Y", "1", "N", "0"), 5: ("JA", "ja", "Nein"), 6: (" 5 ", "5\t"),
    7: (" completed ", "Dropped    "), 8: ("ABC", "abc"), 9: ("01/31/2024 05:00 PM", "1706742000"),
    10: ("1706742000000", "-5"), 11: ("2024-01-31T10:00:00.123456789", "2024-01-31T10:00:00.5"),
    12: ("31.01.24", "31.12.99"), 13: ("30:00", "0:59:00.5", "0:30"), 14: ("5.25", "no duration"),
}  # fmt: skip


@pytest.mark.parametrize("place", VALUES)
def test_no_export_rejects_what_the_contract_accepts(place: int) -> None:
    column = {"name": "x", **COLUMNS[place]}
    contract = load_any_document({"contract": "x", "columns": [column]})
    frame = pd.DataFrame({"x": VALUES[place]}, dtype=str)
    accepted = [
        value for value in frame["x"] if Contract(contract).split(frame[frame["x"] == value])[1].empty
    ]
    assert len(accepted) >= 2 or place == 3, accepted
    schema = json.loads(export_contract(contract.document, "frictionless").text)
    described = yaml.safe_load(export_contract(contract.document, "odcs", version="3.2").text)
    for value in accepted:
        assert accepts_field(schema["fields"][0], value), (schema["fields"][0], value)
        assert accepts_property(described["schema"][0]["properties"][0], value), value


def accepts_field(field: dict[str, Any], text: str) -> bool:
    """Judge a text by a field of a Table Schema, with the standard library."""
    limits = field.get("constraints", {})
    kind = field["type"]
    if kind == "boolean":
        return text in (*field["trueValues"], *field["falseValues"])
    if kind == "number":
        plain = text.replace(field.get("groupChar", ""), "") if "groupChar" in field else text
        number = Decimal(plain.replace(field.get("decimalChar", "."), "."))
        return bool(limits.get("minimum", number) <= number <= limits.get("maximum", number))
    if kind == "date":
        return time.strptime(text, field["format"]) is not None
    assert kind == "string", kind
    return accepts_text(limits, text) and text in limits.get("enum", [text])


def accepts_property(described: dict[str, Any], text: str) -> bool:
    """Judge a text by a property of ODCS; logical types other than strings are of plain notation."""
    options = described.get("logicalTypeOptions", {})
    if described["logicalType"] in ("date", "timestamp"):
        # A fraction has any number of digits where the standard's examples have SSS: docs/interop.md.
        return options["format"] in ("dd.MM.yy", "yyyy-MM-dd'T'HH:mm:ss.SSSSSS")
    listed = [each["value"] for each in described.get("enum", [{"value": text}])]
    return described["logicalType"] == "string" and accepts_text(options, text) and text in listed


def accepts_text(limits: dict[str, Any], text: str) -> bool:
    fits = limits.get("minLength", 0) <= len(text) <= limits.get("maxLength", len(text))
    return fits and re.fullmatch(limits.get("pattern", "(?s:.*)"), text) is not None
