"""Checks of a column's bounds: `min` and `max`, `min_length` and `max_length`."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from callcenter_etl.contract.document_text import Path
from callcenter_etl.contract.key_types import MAX_WRITTEN_DIGITS, is_whole, number_in
from callcenter_etl.contract.quoting import quoted, shortened
from callcenter_etl.contract.time_literals import literal_fault, parse_literal

Found = Iterator[tuple[Path, str, int]]

NUMERIC = ("digits", "integer", "decimal")
_FORMS = {
    "digits": "10",
    "integer": "10",
    "decimal": "10.5",
}


def bound_faults(key: str, bound: str | None, kind: str, timezone: str | None, path: Path) -> Found:
    """Yield the fault of a bound (`min` or `max`) that is not of the column's type."""
    if bound is None:
        return
    if kind in ("text", "boolean"):
        yield (*path, key), _no_order(key, kind), 0
    elif kind not in NUMERIC:
        wrong = literal_fault(kind, bound, timezone, quote="")
        yield from () if wrong is None else (((*path, key), wrong, 0),)
    elif _number(kind, bound) is None:
        yield (*path, key), f"{quoted(bound)} is no {kind} ({_advice(key, bound, kind)})", 0


def bound_order_faults(
    low: str | None, high: str | None, kind: str, timezone: str | None, path: Path
) -> Found:
    """Yield the fault of two bounds that no value can satisfy together."""
    # A bound that is no value of the type has a fault of its own already.
    if low is None or high is None or kind in ("text", "boolean"):
        return
    least, most = (_bound_value(kind, each, timezone) for each in (low, high))
    if least is not None and most is not None and least > most:
        yield (*path, "min"), _too_great("min", low, "max", high), 0


def length_order_faults(least: int | None, most: int | None, path: Path) -> Found:
    """Yield the fault of two bounds of the length that no value can satisfy together."""
    if least is not None and most is not None and least > most:
        yield (*path, "min_length"), _too_great("min_length", least, "max_length", most), 0


def _too_great(low: str, least: object, high: str, most: object) -> str:
    shown = f"{low} {shortened(str(least))} is greater than {high} {shortened(str(most))}"
    return f"{shown}, so that no value keeps both"


def _no_order(key: str, kind: str) -> str:
    lengths = f", or use {key}_length" if kind == "text" else ""
    remedy = f"declare type integer or decimal{lengths}"
    return f"{key} needs a type with an order, not {kind!r} ({remedy})"


def _advice(key: str, bound: str, kind: str) -> str:
    number = number_in(bound)
    if number is None:
        return f"write it as {_FORMS[kind]}"
    if number < 0 and kind == "digits":
        return "digits have no sign: write 0 or a greater number"
    # 1e999 would be written with a thousand digits.
    if number.adjusted() >= MAX_WRITTEN_DIGITS:
        return "write a whole number"
    # The whole number that accepts the same values: the next one above a min, below a max.
    rounding = ROUND_CEILING if key == "min" else ROUND_FLOOR
    return f"write {number.to_integral_value(rounding)}, or declare type: decimal"


def _bound_value(kind: str, bound: str, timezone: str | None) -> Decimal | int | None:
    return _number(kind, bound) if kind in NUMERIC else parse_literal(kind, bound, timezone)


def _number(kind: str, bound: str) -> Decimal | None:
    number = number_in(bound)
    if number is None or (kind == "digits" and number < 0):
        return None
    # Only the value counts: a bound that is a float elsewhere is written 0.0 or 1e3.
    return number if kind == "decimal" or is_whole(number) else None
