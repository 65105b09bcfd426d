"""Instants and spans beyond strptime's formats: epochs, time zones, formats of durations."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

EPOCHS = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
FIRST = datetime(1970, 1, 1, tzinfo=UTC)
DEFAULT_DURATION = "H:MM:SS"
# (seconds a unit, how many make the next larger one)
UNITS = {"D": (86_400, 0), "H": (3_600, 24), "M": (60, 60), "S": (1, 60)}


def from_epoch(text: str, unit: str) -> datetime | None:
    """Read a count since 1970; None unless it is an instant of the years 1 to 9999."""
    if re.fullmatch("-?[0-9]+", text) is None:
        return None
    try:
        return FIRST + timedelta(microseconds=int(text) * EPOCHS[unit])
    except OverflowError:
        return None


def to_instant(local: datetime, zone: str) -> datetime | None:
    """Return the instant of a local time, the first of two; None where the clocks skip it."""
    try:
        instant = local.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)
        again = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    except OverflowError:
        return None
    return instant if again == local else None


def duration(text: str, formats: list[str]) -> timedelta | None:
    """Read a duration by the first format that fits it."""
    for wanted in formats or [DEFAULT_DURATION]:
        found = _duration(text, wanted)
        if found is not None:
            return found
    return None


def _duration(text: str, wanted: str) -> timedelta | None:
    pieces = re.findall("HH|MM|SS|[DHMSf]|[^DHMSf]+", wanted)
    shapes = {"f": "([0-9]{1,9})", **dict.fromkeys(("HH", "MM", "SS"), "([0-9]{2})")}
    shapes |= dict.fromkeys(UNITS, "([0-9]+)")
    match = re.fullmatch("".join(shapes.get(piece, re.escape(piece)) for piece in pieces), text)
    if match is None:
        return None
    micro = 0
    for name, part in zip([piece for piece in pieces if piece in shapes], match.groups(), strict=True):
        if name == "f":
            micro += int(part[:6].ljust(6, "0"))
            continue
        seconds, bound = UNITS[name[0]]
        if len(name) == 2 and int(part) >= bound:
            return None
        micro += int(part) * seconds * 1_000_000
    try:
        return timedelta(microseconds=micro)
    except OverflowError:
        return None
