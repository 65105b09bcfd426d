"""The formats of instants as numbers since 1970-01-01 in UTC: `epoch_s`, `epoch_ms` and `epoch_us`."""

from __future__ import annotations

# Microseconds in a unit of each format.
EPOCH_UNITS = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
EPOCH_WORDS = {
    "epoch_s": "seconds since 1970-01-01 in UTC",
    "epoch_ms": "milliseconds since 1970-01-01 in UTC",
    "epoch_us": "microseconds since 1970-01-01 in UTC",
}
# The first and the last microsecond of the years 1 to 9999.
FIRST_INSTANT, LAST_INSTANT = -62_135_596_800_000_000, 253_402_300_799_999_999
MAX_EPOCH_DIGITS = 18  # of a number without leading zeros: all of the years in microseconds have no more, and int64 holds them


def epoch_bounds(unit: int) -> tuple[int, int]:
    """Return the least and the greatest number of a format, by the microseconds in its unit."""
    return FIRST_INSTANT // unit, LAST_INSTANT // unit


def parse_epoch(text: str, unit: int) -> int | None:
    """Return the microseconds of an optional minus and digits, None outside of the years 1 to 9999."""
    digits = text.removeprefix("-").lstrip("0") or "0"
    # By length first: Python refuses to make an integer of thousands of digits.
    if len(digits) > MAX_EPOCH_DIGITS:
        return None
    number = -int(digits) if text.startswith("-") else int(digits)
    first, last = epoch_bounds(unit)
    return number * unit if first <= number <= last else None
