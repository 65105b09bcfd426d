"""A whole number may be written as a float: 1.0 is 1 and 1e3 is 1000, in YAML, in JSON and in a mapping."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from callcenter_etl.contract.loader import load_document
from callcenter_etl.contract.model import ContractDocument, MaxRejected
from callcenter_etl.errors import ContractError, UsageError


def in_yaml(path: str, text: str) -> str:
    return {
        "columns": f"contract: c\ncolumns: [{{name: a, {text}}}]\n",
        "top": f"contract: c\ncolumns: [{{name: a, type: digits}}]\n{text}\n",
    }[path]


def load(text: str) -> ContractDocument:
    return load_document("c.yaml", read_bytes=lambda _: text.encode()).document


def faults_of(text: str) -> list[str]:
    with pytest.raises(ContractError) as caught:
        load(text)
    return [fault.message for fault in caught.value.faults]


WHOLE = {"0.0": "0", "-0.0": "0", "1.": "1", "10.0": "10", "1e3": "1000", "1.5e1": "15", "100E-2": "1"}


@pytest.mark.parametrize("kind", ["integer", "digits"])
@pytest.mark.parametrize("written", WHOLE)
def test_a_bound_of_whole_numbers_may_be_a_float(kind: str, written: str) -> None:
    column = load(in_yaml("columns", f"type: {kind}, min: {written}, max: 1e4")).columns[0]
    assert (column.min, column.max) == (WHOLE[written], "10000")


def test_a_bound_of_decimals_keeps_its_text() -> None:
    column = load(in_yaml("columns", "type: decimal, min: 0.0, max: 1e3")).columns[0]
    assert (column.min, column.max) == ("0.0", "1e3")


def test_a_bound_with_a_huge_exponent_is_not_written_out() -> None:
    column = load(in_yaml("columns", "type: integer, max: 1e999999999")).columns[0]
    assert column.max == "1e999999999"


COUNTS: dict[str, tuple[str, str, Callable[[Any], object]]] = {
    "min_length": ("columns", "min_length: 2.0", lambda d: d.columns[0].min_length),
    "max_length": ("columns", "max_length: 2e0", lambda d: d.columns[0].max_length),
    "filename": ("top", "source: {filename: {length: 2.0}}", lambda d: d.source.filename.length),
    "max_bytes": ("top", "source: {max_bytes: 0.2e1}", lambda d: d.source.max_bytes),
    "min_records": ("top", "limits: {min_records: 2.0}", lambda d: d.limits.min_records),
    "max_rejected": ("top", "limits: {max_rejected: 2.0}", lambda d: d.limits.max_rejected.count),
    "chunk_rows": ("top", "run: {chunk_rows: 2.0}", lambda d: d.run.chunk_rows),
    "checkpoint_seconds": ("top", "run: {checkpoint_seconds: 2e0}", lambda d: d.run.checkpoint_seconds),
    "timeout": ("top", "run: {storage_options: {timeout: 2.0}}", lambda d: d.run.storage_options.timeout),
    "buckets": (
        "top",
        "run: {layout: {buckets: {column: a, count: 2.0}}}",
        lambda d: d.run.layout.buckets.count,
    ),
}


@pytest.mark.parametrize("name", COUNTS)
def test_a_count_may_be_a_float(name: str) -> None:
    where, text, count = COUNTS[name]
    assert count(load(in_yaml(where, text))) == 2


@pytest.mark.parametrize("number", [5, 5.0, Decimal("5.0")])
def test_json_and_mappings_mean_the_same(number: Any) -> None:
    column = {"name": "a", "type": "integer", "min": number, "max_length": number}
    found = load_document({"contract": "c", "columns": [column]}).document.columns[0]
    assert (found.min, found.max_length) == ("5", 5)
    as_json = json.dumps({"contract": "c", "columns": [{**column, "min": 5.0, "max_length": 5.0}]})
    assert load(as_json).columns[0] == found


ADVICE = {
    "type: integer, min: 1.5": "'1.5' is no integer (write 2, or declare type: decimal)",
    "type: integer, max: 1.5": "'1.5' is no integer (write 1, or declare type: decimal)",
    "type: integer, min: -1.5": "'-1.5' is no integer (write -1, or declare type: decimal)",
    "type: digits, max: 15e-1": "'15e-1' is no digits (write 1, or declare type: decimal)",
    "type: digits, min: -1": "'-1' is no digits (digits have no sign: write 0 or a greater number)",
    "type: integer, min: ten": "'ten' is no integer (write it as 10)",
    "type: decimal, min: ten": "'ten' is no decimal (write it as 10.5)",
    "type: integer, min: .inf": "'.inf' is no integer (write it as 10)",
    "max_length: 2.5": "a whole number of 0 or more is expected, not '2.5' (write 2 or 3)",
    "max_length: -1.0": "a whole number of 0 or more is expected, not '-1.0'",
    "max_length: .nan": "a whole number of 0 or more is expected, not '.nan'",
    "max_length: 1e18": "a whole number of at most 18 digits is expected, not '1e18'",
    "max_length: '5'": "a whole number of 0 or more is expected, not '5'",
    "max_length: true": "a whole number of 0 or more is expected, not 'true'",
}


@pytest.mark.parametrize("text", ADVICE)
def test_a_fraction_is_a_fault_with_the_numbers_next_to_it(text: str) -> None:
    assert faults_of(in_yaml("columns", text)) == [ADVICE[text]]


def test_a_limit_on_the_command_line_may_be_a_float() -> None:
    assert MaxRejected.parse("1e1").count == 10
    with pytest.raises(UsageError, match=r"a count such as 10 .* is expected, not '10\.5'"):
        MaxRejected.parse("10.5")
