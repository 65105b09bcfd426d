"""Converts between the numbers of contracts, which are texts, and the numbers of other formats."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from typing import Any

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_WHOLE = re.compile(r"[+-]?[0-9]+")
_INFINITE = re.compile(r"(?P<sign>[+-]?)\.?inf(?:inity)?", re.IGNORECASE)
MAX_EXPONENT = (
    300  # of a float; without a limit a text of six characters would be a number of a million digits
)


def exact_number(text: str) -> int | float | None:
    """Return a number for JSON, None if JSON cannot represent it exactly."""
    try:
        exact = Decimal(text)
    except InvalidOperation:
        return None
    if not exact.is_finite() or exact.adjusted() > MAX_EXPONENT:
        return None
    # Many readers of JSON have only doubles, which are exact for whole numbers up to this one.
    if exact == exact.to_integral_value() and abs(exact) < 2**53:
        return int(exact)
    # `repr` is the text that JSON will have, and may have lost digits.
    return float(exact) if Decimal(repr(float(exact))) == exact else None


def number_of(value: Any) -> Decimal | None:
    """Return a scalar as a number, None if it is not a finite number in the range of floats."""
    if isinstance(value, bool) or _NUMBER.fullmatch(str(value)) is None:
        return None
    try:
        exact = Decimal(str(value))
    except InvalidOperation:  # an exponent beyond those that decimals have
        return None
    return exact if exact.adjusted() <= MAX_EXPONENT else None


def whole_bound(key: str, value: Any) -> Any:
    """Return a bound of whole numbers as a whole number: a min of 0.5 is 1. Other values are returned unchanged."""
    exact = number_of(value)
    if exact is None or _WHOLE.fullmatch(str(value)):
        return value
    return int(exact.to_integral_value(ROUND_FLOOR if key.startswith("max") else ROUND_CEILING))


def bounds_nothing(key: str, value: Any) -> bool:
    """Return whether a bound is infinite, so that every number satisfies it."""
    match = _INFINITE.fullmatch(str(value))
    return match is not None and (match["sign"] == "-") == (key == "min")
