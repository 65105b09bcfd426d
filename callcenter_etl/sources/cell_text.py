"""Text of the cells of a spreadsheet: numbers in their shortest exact form, dates as ISO, booleans in lower case."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

_EXACT = 2**53


def column_text(values: Sequence[Any], *, with_time: bool) -> Sequence[str]:
    """Return the texts of cells of one column; `with_time` adds 00:00:00 to dates, as others have times of day."""
    kinds = set(map(type, values))
    texts = {**_TEXTS, date: _midnight} if with_time else _TEXTS
    # Mostly a column has one type, and a text is its own.
    if kinds <= {str}:
        return values
    if kinds == {float}:
        return _numbers(values)
    if len(kinds) == 1:
        return list(map(texts[kinds.pop()], values))
    return [texts[type(value)](value) for value in values]


def _numbers(values: Sequence[float]) -> list[str]:
    # Up to here a number is written without an exponent, and a whole one is exact.
    if max(map(abs, values)) < _EXACT and all(map(float.is_integer, values)):
        return list(map(str, map(int, values)))
    return list(map(_number, values))


def _number(value: float) -> str:
    # The shortest text that is this number; Excel writes neither exponents nor `.0`.
    text = repr(value)
    if text.endswith(".0"):
        return "0" if text == "-0.0" else text[:-2]
    if "e" not in text or not math.isfinite(value):  # no sheet holds infinity as a number
        return text
    return format(Decimal(text), "f")


def _midnight(value: date) -> str:
    return f"{value.isoformat()} 00:00:00"


def _duration(value: timedelta) -> str:
    microseconds = abs(value) // timedelta(microseconds=1)
    seconds, rest = divmod(microseconds, 1_000_000)
    sign = "-" if value < timedelta() else ""
    fraction = f".{rest:06d}" if rest else ""
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{fraction}"


_TEXTS: dict[type, Callable[[Any], str]] = {
    str: str,
    bool: lambda value: "true" if value else "false",
    int: str,
    float: _number,
    date: date.isoformat,
    # With a space, as the default format of the type has it.
    datetime: str,
    time: time.isoformat,
    timedelta: _duration,
}
