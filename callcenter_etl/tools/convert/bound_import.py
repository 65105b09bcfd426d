"""Imports bounds and value lists of other formats, which compare values and not texts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from callcenter_etl.contract.datetime_formats import DEFAULT_FORMATS, FormatFault, parse_iso, parse_value
from callcenter_etl.contract.document_text import Path
from callcenter_etl.tools.convert.import_draft import ImportedColumn, Taken, is_number, is_true
from callcenter_etl.tools.convert.json_numbers import number_of, whole_bound

_NUMERIC = ("integer", "decimal")


def read_bounds(column: ImportedColumn, options: Taken) -> None:
    """Import `minimum`, `maximum` and their exclusive forms for a column of numbers, dates or times."""
    for word, key in (("minimum", "min"), ("maximum", "max")):
        if options.has(word):
            column.put(key, _bound(column, options.take(word)), options.at(word))
    _read_exclusive(column, options)


def _bound(column: ImportedColumn, value: Any) -> Any:
    return as_iso(column, str(value)) if column.value["type"] in DEFAULT_FORMATS else value


def _read_exclusive(column: ImportedColumn, options: Taken) -> None:
    """Import exclusive bounds: numbers, or (in ODCS 3.0) flags of the inclusive bounds."""
    for word, key, operator, step in (("Minimum", "min", ">", 1), ("Maximum", "max", "<", -1)):
        given = options.take(f"exclusive{word}")
        if given is None or str(given).lower() == "false":
            continue
        bound, origin = given, options.at(f"exclusive{word}")
        if is_true(given):
            # The flag changes the inclusive bound, which was imported just before, so that one is removed.
            bound, origin = column.value.pop(key, None), options.at(word.lower())
        if bound is None:
            continue
        exact = number_of(bound)
        if column.value["type"] == "integer" and exact is not None:
            # Contracts have inclusive bounds only: for whole numbers the next one is equivalent, else a record rule is.
            is_whole = exact == exact.to_integral_value()
            column.put_tighter(key, int(exact) + step if is_whole else whole_bound(key, bound), origin)
            continue
        name = str(column.value["name"])
        bound = _bound(column, bound)
        # A number in quotes stays a number: an expression cannot compare a number with a text.
        written = str(bound) if is_number(bound) or exact is not None else repr(str(bound))
        # In backticks, since a column name may be any text and not only an identifier.
        rule = {"name": f"{name}.exclusive{word}", "check": f"`{name}` {operator} {written}"}
        column.draft.add_rule(rule, origin)


def put_values(column: ImportedColumn, values: Sequence[Any], origin: Path, *, warn: bool = False) -> None:
    """Set the values that a column may have.

    Other formats compare numbers, dates and times by value, so that `1.0` and `01` are 1. A record rule does so too;
    `allowed` would compare texts.
    """
    kind = str(column.value.get("type", "text"))
    literals = [literal(column, value) for value in values]
    if kind == "boolean":
        column.put("allowed", [str(value).lower() for value in values], origin, warn=warn)
        # The type `boolean` reads any letter case, and `allowed` alone would compare exactly.
        column.value["ignore_case"] = True
    # A value of another type has no literal: the list becomes `allowed`, and the loader reports it.
    elif kind in (*_NUMERIC, *DEFAULT_FORMATS) and values and all(literals):
        name = str(column.value["name"])
        rule = {"name": f"{name}.values", "check": f"`{name}` in [{', '.join(map(str, literals))}]"}
        column.draft.add_rule(rule | ({"severity": "warn"} if warn else {}), origin)
    else:
        column.put("allowed", list(values), origin, warn=warn)


def literal(column: ImportedColumn, value: Any) -> str | None:
    """Return a value as a literal for an expression over the column, None if it has another type."""
    kind = str(column.value.get("type", "text"))
    if kind in _NUMERIC:
        exact = number_of(value)
        return None if exact is None else format(exact, "f")
    if kind in DEFAULT_FORMATS:
        text = as_iso(column, str(value))
        return repr(text) if parse_iso(kind, text) is not None else None
    return repr(str(value)) if kind in ("text", "digits") else None


def as_iso(column: ImportedColumn, text: str) -> str:
    """Return a date or time in ISO form if it is in the column's own format, any other text unchanged."""
    kind = str(column.value["type"])
    given = column.value.get("format", DEFAULT_FORMATS[kind])
    formats = (given,) if isinstance(given, str) else tuple(given)
    # ISO form has precedence: the format %Y-%d-%m would read 2025-01-02 as the first of February.
    if parse_iso(kind, text) is not None:
        return text
    try:
        value = parse_value(kind, text, formats)
    except (FormatFault, ValueError):  # the loader of the contract reports a faulty format
        return text
    return text if value is None else _iso(kind, value)


def _iso(kind: str, microseconds: int) -> str:
    moment = datetime(1970, 1, 1) + timedelta(microseconds=microseconds)  # noqa: DTZ001  counted in UTC
    text = moment.isoformat(sep=" ")
    return {"date": text[:10], "time": text[11:]}.get(kind, text)
