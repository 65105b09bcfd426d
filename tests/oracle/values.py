"""One text to one typed value, or to nothing where it is not of that type."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

Value = str | Decimal | bool | date | time | datetime | timedelta

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
)  # fmt: skip
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DEFAULT_FORMATS = {"date": "%Y-%m-%d", "time": "%H:%M:%S", "datetime": "%Y-%m-%d %H:%M:%S"}
ISO_FORMATS = {
    "date": ["%Y-%m-%d"],
    "time": ["%H:%M:%S", "%H:%M", "%H:%M:%S.%f"],
    "datetime": ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M"],
}
DIRECTIVES = {
    "%H": "[0-9]{2}",
    "%-H": "[1-9][0-9]|[0-9]",
    "%I": "[0-9]{2}",
    "%-I": "[1-9][0-9]|[0-9]",
    "%M": "[0-9]{2}",
    "%S": "[0-9]{2}",
    "%d": "[0-9]{2}",
    "%-d": "[1-9][0-9]|[0-9]",
    "%m": "[0-9]{2}",
    "%-m": "[1-9][0-9]|[0-9]",
    "%Y": "[0-9]{4}",
    "%y": "[0-9]{2}",
    "%p": "(?i:am|pm)",
    "%f": "[0-9]{1,6}",
    "%b": "(?i:" + "|".join(name[:3] for name in MONTHS) + ")",
    "%B": "(?i:" + "|".join(MONTHS) + ")",
    "%a": "(?i:" + "|".join(name[:3] for name in DAYS) + ")",
    "%A": "(?i:" + "|".join(DAYS) + ")",
    "%z": "Z|[+-][0-9]{2}(?::?[0-9]{2})?",
}


def convert(text: str, kind: str, formats: list[str]) -> Value | None:
    """Give the typed value of a text that is not blank, or None where it breaks its type."""
    if kind in DEFAULT_FORMATS:
        return moment(text, kind, formats or [DEFAULT_FORMATS[kind]])
    return PLAIN_TYPES[kind](text)


def _text(text: str) -> Value | None:
    return text


def _digits(text: str) -> Value | None:
    return text if re.fullmatch("[0-9]+", text) else None


def _integer(text: str) -> Value | None:
    return Decimal(text) if re.fullmatch("[+-]?[0-9]+", text) else None


def _decimal(text: str) -> Value | None:
    shape = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
    return Decimal(text) if re.fullmatch(shape, text) else None


def _boolean(text: str) -> Value | None:
    return text.lower() == "true" if re.fullmatch("(?i:true|false)", text, re.ASCII) else None


def _duration(text: str) -> Value | None:
    match = re.fullmatch("([0-9]+):([0-5][0-9]):([0-5][0-9])", text)
    if match is None:
        return None
    return timedelta(hours=int(match[1]), minutes=int(match[2]), seconds=int(match[3]))


PLAIN_TYPES: dict[str, Callable[[str], Value | None]] = {
    "text": _text,
    "digits": _digits,
    "integer": _integer,
    "decimal": _decimal,
    "boolean": _boolean,
    "duration": _duration,
}


def moment(text: str, kind: str, formats: list[str]) -> Value | None:
    """Read a date, time or datetime by the first format that fits it."""
    for wanted in formats:
        parts = directives(text, wanted)
        found = None if parts is None else assemble(parts)
        if found is not None:
            pick: dict[str, Value] = {"date": found.date(), "time": found.timetz(), "datetime": found}
            return pick[kind]
    return None


def directives(text: str, wanted: str) -> dict[str, str] | None:
    """Give what stands for each directive of the format, or None where the text has not its shape."""
    pieces = re.findall("%-?[A-Za-z]|%%|[^%]+", wanted)
    names = [piece for piece in pieces if piece in DIRECTIVES]
    shape = "".join(f"({DIRECTIVES[piece]})" if piece in DIRECTIVES else re.escape(piece) for piece in pieces)
    match = re.fullmatch(shape, text, re.ASCII)
    return None if match is None else dict(zip(names, match.groups(), strict=True))


def assemble(parts: dict[str, str]) -> datetime | None:
    """Give the moment that these parts name, or None where there is no such moment."""
    number = {name.replace("-", ""): int(part) for name, part in parts.items() if part.isdigit()}
    month = number.get("%m", 1)
    if "%b" in parts:
        month = [name[:3] for name in MONTHS].index(parts["%b"].lower()) + 1
    if "%B" in parts:
        month = MONTHS.index(parts["%B"].lower()) + 1
    year = number.get("%Y", 2000)
    if "%y" in number:
        year = number["%y"] + (1900 if number["%y"] >= 69 else 2000)
    hour = number.get("%H", 0)
    if "%I" in number:
        if not 1 <= number["%I"] <= 12:
            return None
        hour = number["%I"] % 12 + (12 if parts.get("%p", "am").lower() == "pm" else 0)
    micro = int(parts.get("%f", "0").ljust(6, "0"))
    try:
        zone = offset(parts["%z"]) if "%z" in parts else None
        found = datetime(
            year, month, number.get("%d", 1), hour, number.get("%M", 0), number.get("%S", 0), micro, zone
        )
    except ValueError:
        return None
    return found if weekday_agrees(found, parts) else None


def offset(text: str) -> timezone:
    """Read `Z`, `+HH`, `+HHMM` or `+HH:MM`; raises ValueError where hours or minutes are too many."""
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:]) if len(text) > 3 else 0
    if hours > 23 or minutes > 59:
        raise ValueError(text)
    distance = timedelta(hours=hours, minutes=minutes)
    return timezone(-distance if text[0] == "-" else distance)


def weekday_agrees(found: datetime, parts: dict[str, str]) -> bool:
    name = DAYS[found.weekday()]
    return parts.get("%a", name[:3]).lower() == name[:3] and parts.get("%A", name).lower() == name


def from_iso(text: str, kind: str) -> Value | None:
    """Read a literal of the contract (in `min`, `max` or a `check`) as a date, time or datetime."""
    return moment(text, kind, ISO_FORMATS[kind])
