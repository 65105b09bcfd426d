"""Exports a contract as a pandera schema in YAML or JSON, without importing pandera.

The schema is for pandas frames that are read as text and coerced: integers, decimals and booleans get their types,
all other columns are text with checks. Checks of severity `warn` raise warnings in pandera.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from callcenter_etl.contract.datetime_formats import DEFAULT_FORMATS, compile_format
from callcenter_etl.contract.model import Column, ContractDocument
from callcenter_etl.tools.convert.json_numbers import exact_number
from callcenter_etl.tools.convert.pattern_anchors import anchored
from callcenter_etl.tools.convert.residual import keep_by_name
from callcenter_etl.tools.convert.text_types import SHAPES
from callcenter_etl.tools.convert.vendor_columns import for_other_tools

Written = dict[str, Any]
Check = tuple[str, Written]  # its name in pandera, and its arguments
CheckOf = Callable[[Column, str], Check | None]  # of a column with that dtype
EXTENSION = "callcenter_etl"
# The nullable types of pandas: int64 and bool cannot represent a missing value.
_DTYPES = {"integer": "Int64", "decimal": "Float64", "boolean": "boolean"}


def is_pandera(value: Any) -> bool:
    """Return whether a parsed document is a pandera schema."""
    return isinstance(value, dict) and str(value.get("schema_type")) == "dataframe"


def to_pandera(document: ContractDocument, version: str) -> Written:
    """Return the serialised pandera schema of a contract."""
    document = for_other_tools(document)
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
    # A dtype cannot warn: a column with a type of severity `warn` stays text.
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
    found: list[Written] = []
    for key, check_of in CHECKS.items():
        check = check_of(column, dtype) if key in keys else None
        if check is not None:
            name, words = check
            warns = {"raise_warning": True} if keys[key] == "warn" else {}
            found.append({**words, "options": {"check_name": name, **warns}})
    return found


def _no_check(column: Column, dtype: str) -> Check | None:
    return None


def _of_text(name: str, word: str, value_of: Callable[[Column], Any]) -> CheckOf:
    """Return a check of columns that stay text."""
    return lambda column, dtype: (name, {word: value_of(column)}) if dtype == "str" else None


def _of_number(name: str, word: str, bound_of: Callable[[Column], str | None]) -> CheckOf:
    """Return a check of columns of numbers, for a bound that is exact there."""

    def check(column: Column, dtype: str) -> Check | None:
        number = exact_number(str(bound_of(column))) if dtype in ("Int64", "Float64") else None
        return None if number is None else (name, {word: number})

    return check


def _type(column: Column, dtype: str) -> Check | None:
    shape = _shape(column) if dtype == "str" and column.severity_of("type") == "error" else None
    return None if shape is None else ("str_matches", {"pattern": shape})


def _allowed(column: Column, dtype: str) -> Check | None:
    exact = dtype == "str" and not column.ignore_case
    return ("isin", {"allowed_values": list(column.allowed or ())}) if exact else None


def _shape(column: Column) -> str | None:
    """Return the pattern of a type that has no dtype: for dates and times, the form of their formats."""
    if column.type in SHAPES:
        return anchored(SHAPES[column.type])
    if column.type not in DEFAULT_FORMATS:
        return None
    looks = [compile_format(form, column.type).regex for form in column.format]
    # Without names of groups: a pattern of several alternatives must not repeat a name.
    looks = [re.sub(r"\(\?P<\w+>", "(?:", look).removeprefix(r"\A").removesuffix("$") for look in looks]
    return anchored("|".join(looks))


# By the key of a rule, in the order in which they are written. A rule without a check, or one that is not in the table,
# is kept in the metadata; `required` and `unique` are keys of pandera's column.
CHECKS: dict[str, CheckOf] = {
    "required": _no_check,
    "unique": _no_check,
    "type": _type,
    "min_length": _of_text("str_length", "min_value", lambda column: column.min_length),
    "max_length": _of_text("str_length", "max_value", lambda column: column.max_length),
    "pattern": _of_text("str_matches", "pattern", lambda column: anchored(column.pattern or "")),
    "allowed": _allowed,
    "min": _of_number("greater_than_or_equal_to", "min_value", lambda column: column.min),
    "max": _of_number("less_than_or_equal_to", "max_value", lambda column: column.max),
    "lookup": _no_check,
}
