"""Exports a contract as a pandera schema in YAML or JSON, without importing pandera.

The schema is for pandas frames that are read as text and coerced: integers, decimals and booleans get their types,
all other columns are text with checks. Checks of severity `warn` raise warnings in pandera.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from callcenter_etl.contract.datetime_formats import DEFAULT_FORMATS, compile_format
from callcenter_etl.contract.model import Column, ContractDocument
from callcenter_etl.tools.convert.json_numbers import exact_number
from callcenter_etl.tools.convert.pattern_anchors import anchored
from callcenter_etl.tools.convert.residual import keep_by_name
from callcenter_etl.tools.convert.text_types import SHAPES

Written = dict[str, Any]
EXTENSION = "callcenter_etl"
_DTYPES = {"integer": "Int64", "decimal": "Float64", "boolean": "boolean"}


def is_pandera(value: Any) -> bool:
    """Return whether a parsed document is a pandera schema."""
    return isinstance(value, dict) and str(value.get("schema_type")) == "dataframe"


def to_pandera(document: ContractDocument, version: str) -> Written:
    """Return the serialised pandera schema of a contract."""
    header = document.source.header
    written: Written = {
        "schema_type": "dataframe",
        "name": document.contract,
        "columns": {column.name: _column(column) for column in document.columns},
        "coerce": True,
        "strict": header in ("exact", "any_order"),
        "ordered": header == "exact",
    }
    if document.description is not None:
        written["description"] = document.description
    return written


def keep_in_metadata(written: Written, whole: Written, columns: Mapping[int, Written]) -> None:
    """Store the residual in the metadata of the schema."""
    kept = keep_by_name(whole, columns, list(written["columns"]))
    if kept:
        written["metadata"] = {EXTENSION: kept}


def _column(column: Column) -> Written:
    keys = {key: column.severity_of(key) for key in column.rule_keys}
    typed = keys.get("type") == "error"
    dtype = _DTYPES.get(column.type, "str") if typed else "str"
    written: Written = {"dtype": dtype, "nullable": keys.get("required") != "error"}
    if column.description is not None:
        written["description"] = column.description
    if keys.get("unique") == "error":
        written["unique"] = True
    checks = _checks(column, keys, dtype)
    if checks:
        written["checks"] = checks
    return written


def _checks(column: Column, keys: Mapping[str, str], dtype: str) -> list[Written]:
    """Return pandera's named checks for a column of that dtype."""
    if dtype == "boolean":
        return []
    said = _text_checks(column, keys) if dtype == "str" else _number_checks(column, keys)
    warns = {"raise_warning": True}
    return [
        {**words, "options": {"check_name": name, **(warns if keys[key] == "warn" else {})}}
        for key, name, words in said
        if key in keys
    ]


def _text_checks(column: Column, keys: Mapping[str, str]) -> Iterator[tuple[str, str, Written]]:
    shape = _shape(column)
    if shape is not None and keys.get("type") == "error":
        yield "type", "str_matches", {"pattern": shape}
    yield "min_length", "str_length", {"min_value": column.min_length}
    yield "max_length", "str_length", {"max_value": column.max_length}
    yield "pattern", "str_matches", {"pattern": anchored(column.pattern or "")}
    if not column.ignore_case:
        yield "allowed", "isin", {"allowed_values": list(column.allowed or ())}


def _number_checks(column: Column, keys: Mapping[str, str]) -> Iterator[tuple[str, str, Written]]:
    for key, name, word, bound in (
        ("min", "greater_than_or_equal_to", "min_value", column.min),
        ("max", "less_than_or_equal_to", "max_value", column.max),
    ):
        number = None if bound is None else exact_number(bound)
        if number is not None:
            yield key, name, {word: number}


def _shape(column: Column) -> str | None:
    """Return the pattern of a type that has no dtype: for dates and times, the form of their formats."""
    if column.type in SHAPES:
        return anchored(SHAPES[column.type])
    if column.type not in DEFAULT_FORMATS:
        return None
    looks = [compile_format(form, column.type).regex for form in column.format]
    looks = [re.sub(r"\(\?P<\w+>", "(?:", look).removeprefix(r"\A").removesuffix("$") for look in looks]
    return anchored("|".join(looks))
