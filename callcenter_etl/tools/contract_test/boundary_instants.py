"""Generates boundary values for columns of dates, times and durations, in the formats of the column."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from callcenter_etl.contract.datetime_formats import DAYS, MICROSECONDS_A_SECOND, MONTHS, compile_format
from callcenter_etl.contract.duration_formats import (
    FRACTION,
    UNIT_SECONDS,
    compile_duration,
    is_unit,
    unit_of,
)
from callcenter_etl.contract.model import Column

_DAY = 86_400 * MICROSECONDS_A_SECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A leap day, ends of months and years, and the first and the last date that Python can represent.
_DATES = (
    "2024-02-29",
    "1970-01-01",
    "1900-01-01",
    "2025-01-31",
    "2025-12-31",
    "9999-12-31",
    "0001-01-01",
    "2050-06-15",
)
_SECONDS_OF_DAY = (0, 1, 28_800, 36_000, 43_200, 64_800, 86_399)
_RANDOM = 16
_WRITE: dict[str, Callable[[datetime], str]] = {
    "%Y": lambda at: f"{at.year:04}",
    "%y": lambda at: f"{at.year % 100:02}",
    "%m": lambda at: f"{at.month:02}",
    "%-m": lambda at: str(at.month),
    "%d": lambda at: f"{at.day:02}",
    "%-d": lambda at: str(at.day),
    "%H": lambda at: f"{at.hour:02}",
    "%-H": lambda at: str(at.hour),
    "%I": lambda at: f"{at.hour % 12 or 12:02}",
    "%-I": lambda at: str(at.hour % 12 or 12),
    "%M": lambda at: f"{at.minute:02}",
    "%-M": lambda at: str(at.minute),
    "%S": lambda at: f"{at.second:02}",
    "%-S": lambda at: str(at.second),
    "%f": lambda at: f"{at.microsecond:06}",
    "%p": lambda at: "AM" if at.hour < 12 else "PM",
    "%b": lambda at: MONTHS[at.month - 1][:3].title(),
    "%B": lambda at: MONTHS[at.month - 1].title(),
    "%a": lambda at: DAYS[at.weekday()][:3].title(),
    "%A": lambda at: DAYS[at.weekday()].title(),
    "%z": lambda at: "+0000",
    "epoch_s": lambda at: str((at - _EPOCH) // timedelta(seconds=1)),
    "epoch_ms": lambda at: str((at - _EPOCH) // timedelta(milliseconds=1)),
    "epoch_us": lambda at: str((at - _EPOCH) // timedelta(microseconds=1)),
}


def instants_of(kind: str, edges: Iterable[int], seconds: Iterable[int], rng: random.Random) -> list[int]:
    """Return values in microseconds: around the edges, typical ones, and some at random.

    `seconds` are constants of expressions; values at these distances are likely to make a comparison true or false.
    """
    unit = _DAY if kind == "date" else MICROSECONDS_A_SECOND
    found = [edge + step for edge in edges for step in (0, unit, -unit, 1, -1)]
    if kind in ("time", "duration"):
        clock = [each * MICROSECONDS_A_SECOND for each in _SECONDS_OF_DAY]
        clock += [
            each % 86_400 * MICROSECONDS_A_SECOND
            for number in seconds
            for each in (number, number + 1, number - 1)
        ]
        clock += [rng.randrange(86_400) * MICROSECONDS_A_SECOND for _ in range(_RANDOM)]
        if kind == "duration":
            # The hours of a duration may exceed 24.
            clock += [_DAY + MICROSECONDS_A_SECOND, 1_000 * 3600 * MICROSECONDS_A_SECOND]
        return [*found, *clock]
    days = [(datetime.fromisoformat(each).replace(tzinfo=UTC) - _EPOCH).days for each in _DATES]
    # Seven days in a row, so that an expression with `weekday` sees each of them.
    week = [days[0] + step for step in range(1, 8)]
    days = [*week, *days, *(rng.randrange(7_000, 25_000) for _ in range(_RANDOM))]
    days += [days[0] + number + step for number in seconds if abs(number) < 100_000 for step in (-1, 0, 1)]
    if kind == "date":
        return [*found, *(day * _DAY for day in days)]
    clock_at = [rng.choice(_SECONDS_OF_DAY) * MICROSECONDS_A_SECOND for _ in days]
    return [*found, *(day * _DAY + at for day, at in zip(days, clock_at, strict=True))]


def write_instant(column: Column, at: int) -> list[str]:
    """Return a value in each of the column's formats; empty if it has no text in them."""
    if column.type == "duration":
        found = [_written_duration(each, at) for each in column.formats]
        return [text for text in found if text is not None]
    if column.type == "time" and not 0 <= at < _DAY:
        return []
    try:
        moment = _EPOCH + timedelta(microseconds=at)
    # Before the year 1 or after 9999.
    except OverflowError:
        return []
    return [_written(column, each, moment) for each in column.format]


def _written(column: Column, fmt: str, moment: datetime) -> str:
    pieces = compile_format(fmt, column.type).pieces
    if column.timezone is not None and not any(piece.field in ("offset", "epoch") for piece in pieces):
        moment = _local(moment, column.timezone)
    return "".join(_WRITE[piece.text](moment) if piece.field else piece.text for piece in pieces)


def _written_duration(fmt: str, at: int) -> str | None:
    """Return a duration in a format, None where it has no text in that: no format has a sign."""
    compiled = compile_duration(fmt)
    rest, fraction = divmod(at, MICROSECONDS_A_SECOND)
    numbers = {FRACTION: f"{fraction:06}"}
    for unit, token in zip(compiled.units, filter(is_unit, compiled.tokens), strict=True):
        if unit != FRACTION:
            number, rest = divmod(rest, UNIT_SECONDS[unit])
            numbers[unit] = f"{number:0{len(token)}}"
    left = rest or (fraction and FRACTION not in compiled.units)
    text = "".join(numbers[unit_of(each)] if is_unit(each) else each for each in compiled.tokens)
    return None if at < 0 or left else text


def _local(moment: datetime, timezone: str) -> datetime:
    try:
        return moment.astimezone(ZoneInfo(timezone))
    # A local time before the year 1 or after 9999 cannot be written.
    except OverflowError:
        return moment
