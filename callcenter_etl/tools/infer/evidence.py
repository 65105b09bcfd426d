"""Formats evidence for comments: counts, numbers, instants and values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from callcenter_etl.terminal import printable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_CHARACTERS = 40
_SECONDS_A_DAY = 86_400


def plural(count: int, noun: str) -> str:
    """Return `1 record`, `2,375 records`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def count_of(part: int, whole: int, noun: str) -> str:
    """Return `2,372 of 2,375 values`."""
    return f"{part:,} of {plural(whole, noun)}"


def lengths_of(least: int, most: int, noun: str) -> str:
    """Return `4 to 5 digits`."""
    return plural(most, noun) if least == most else f"{least:,} to {plural(most, noun)}"


def number(value: Decimal) -> str:
    """Return a number, without an exponent if it is short enough."""
    # Without an exponent, 1e999999 would have a million digits.
    plain = f"{value:f}" if value.is_finite() and abs(value.adjusted()) <= MAX_CHARACTERS else str(value)
    return plain if len(plain) <= MAX_CHARACTERS else f"{value:.6e}"


def instant(kind: str, microseconds: int) -> str:
    """Return a date, time, datetime or duration, given in microseconds, in the ISO form of contract bounds."""
    seconds = microseconds // 1_000_000
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if kind == "duration":
        return clock.removeprefix("0") if seconds < 36_000 else clock
    # An offset may move a time of day across midnight.
    if kind == "time":
        return clock if 0 <= seconds < _SECONDS_A_DAY else f"{clock} UTC"
    try:
        moment = _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:  # an offset moved it past the last year
        return "9999-12-31"
    return (
        # On Linux, `%Y` does not pad years before 1000.
        f"{moment:%Y-%m-%d}".rjust(10, "0")
        if kind == "date"
        else f"{moment:%Y-%m-%d %H:%M:%S}".rjust(19, "0")
    )


def shown(value: str) -> str:
    """Return a value for a comment: printable and shortened."""
    text = printable(value)
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}…"


def lines_of(places: Sequence[tuple[str, int]], count: int) -> str:
    """Return the lines of the first of `count` records, each with its file if there are several files."""
    files = {file for file, _ in places}
    if len(files) > 1:
        listed = ", ".join(f"{printable(file)}:{line}" for file, line in places)
    else:
        listed = ", ".join(str(line) for _, line in places)
    more = count - len(places)
    return f"{'line' if count == 1 else 'lines'} {listed}" + (f" and {more:,} more" if more else "")
