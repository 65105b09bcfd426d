"""Text of the cells of a spreadsheet: numbers in their shortest exact form, dates as ISO, booleans in lower case."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any


def cell_text(value: Any, *, with_time: bool) -> str:
    """Return the text of a cell; `with_time` adds 00:00:00 to a date, as its column holds times of day, too."""
    if with_time and type(value) is date:
        value = datetime(value.year, value.month, value.day)  # noqa: DTZ001  a sheet has no time zones
    return _TEXTS[type(value)](value)


def _number(value: float) -> str:
    if not math.isfinite(value):  # no sheet holds it as a number
        return str(value)
    # `repr` is the shortest text that is this number; Excel writes neither exponents nor `.0`.
    text = format(Decimal(repr(value)), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


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
    datetime: lambda value: datetime.isoformat(value, sep=" "),
    time: time.isoformat,
    timedelta: _duration,
}
