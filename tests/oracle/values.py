"""One text to one typed value, or to nothing where it is not of that type."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

from tests.oracle.numbers import number
from tests.oracle.times import EPOCHS, duration, from_epoch, to_instant

Column = dict[str, Any]
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
    "%f": "[0-9]{1,9}",
    "%b": "(?i:" + "|".join(name[:3] for name in MONTHS) + ")",
    "%B": "(?i:" + "|".join(MONTHS) + ")",
    "%a": "(?i:" + "|".join(name[:3] for name in DAYS) + ")",
    "%A": "(?i:" + "|".join(DAYS) + ")",
    "%z": "Z|[+-][0-9]{2}(?::?[0-9]{2})?",
}


def normalise(text: str, column: Column) -> str:
    """Return the value that is judged: trimmed, then in one case, where the column says so."""
    if column.get("trim", False):
        text = text.strip()
    return CASES[column.get("case", "")](text)


CASES: dict[str, Callable[[str], str]] = {"": str, "upper": str.upper, "lower": str.lower}


def convert(text: str, column: Column) -> Value | None:
    """Return the typed value of a text that is not blank, or None where it breaks its type."""
    return READERS[column.get("type", "text")](text, column)


def formats_of(column: Column) -> list[str]:
    formats = column.get("format", [])
    return [formats] if isinstance(formats, str) else list(formats)


def zone_of(column: Column) -> str | None:
    """Return the zone of the column's literals; None where its moments have no zone."""
    is_epoch = any(wanted in EPOCHS for wanted in formats_of(column))
    return column.get("timezone", "UTC" if is_epoch else None)


def _text(text: str, _column: Column) -> Value | None:
    return text


def _digits(text: str, _column: Column) -> Value | None:
    return text if re.fullmatch("[0-9]+", text) else None


def _boolean(text: str, column: Column) -> Value | None:
    if "true_values" not in column:
        return text.lower() == "true" if re.fullmatch("(?i:true|false)", text, re.ASCII) else None
    fold = str.lower if column.get("ignore_case", False) else str
    for key, meant in (("true_values", True), ("false_values", False)):
        if fold(text) in [fold(str(declared)) for declared in column[key]]:
            return meant
    return None


def _duration(text: str, column: Column) -> Value | None:
    return duration(text, formats_of(column))


def _moment(text: str, column: Column) -> Value | None:
    """Read a date, time or datetime by the first format that fits it."""
    kind = column["type"]
    for wanted in formats_of(column) or [DEFAULT_FORMATS[kind]]:
        found = by_format(text, wanted, column.get("two_digit_years", {}).get("from", 1969))
        if found is not None and found.tzinfo is None and "timezone" in column:
            found = to_instant(found, column["timezone"])
        if found is not None:
            pick: dict[str, Value] = {"date": found.date(), "time": found.timetz(), "datetime": found}
            return pick[kind]
    return None


READERS: dict[str, Callable[[str, Column], Value | None]] = {
    "text": _text,
    "digits": _digits,
    "integer": number,
    "decimal": number,
    "boolean": _boolean,
    "duration": _duration,
    "date": _moment,
    "time": _moment,
    "datetime": _moment,
}


def by_format(text: str, wanted: str, first_year: int) -> datetime | None:
    """Return the moment, or None where the text has not this format; `first_year` begins a hundred for `%y`."""
    if wanted in EPOCHS:
        return from_epoch(text, wanted)
    parts = directives(text, wanted)
    return None if parts is None else assemble(parts, first_year)


def directives(text: str, wanted: str) -> dict[str, str] | None:
    """Return the text of each directive of the format, or None where the text has not its shape."""
    pieces = re.findall("%-?[A-Za-z]|%%|[^%]+", wanted)
    names = [piece for piece in pieces if piece in DIRECTIVES]
    shape = "".join(f"({DIRECTIVES[piece]})" if piece in DIRECTIVES else re.escape(piece) for piece in pieces)
    match = re.fullmatch(shape, text, re.ASCII)
    return None if match is None else dict(zip(names, match.groups(), strict=True))


def assemble(parts: dict[str, str], first_year: int) -> datetime | None:
    """Return the moment that these parts name, or None where there is no such moment."""
    number = {name.replace("-", ""): int(part) for name, part in parts.items() if part.isdigit()}
    month = number.get("%m", 1)
    if "%b" in parts:
        month = [name[:3] for name in MONTHS].index(parts["%b"].lower()) + 1
    if "%B" in parts:
        month = MONTHS.index(parts["%B"].lower()) + 1
    year = number.get("%Y", 2000)
    if "%y" in number:
        year = first_year + (number["%y"] - first_year) % 100
    hour = number.get("%H", 0)
    if "%I" in number:
        if not 1 <= number["%I"] <= 12:
            return None
        hour = number["%I"] % 12 + (12 if parts.get("%p", "am").lower() == "pm" else 0)
    micro = int(parts.get("%f", "0")[:6].ljust(6, "0"))
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
    hours, minutes = int(text[1:3]), int(text[3:].replace(":", "") or 0)
    if hours > 23 or minutes > 59:
        raise ValueError(text)
    distance = timedelta(hours=hours, minutes=minutes)
    return timezone(-distance if text[0] == "-" else distance)


def weekday_agrees(found: datetime, parts: dict[str, str]) -> bool:
    name = DAYS[found.weekday()]
    return parts.get("%a", name[:3]).lower() == name[:3] and parts.get("%A", name).lower() == name


def from_iso(text: str, kind: str, zone: str | None = None) -> Value | None:
    """Read a literal of the contract (in `min`, `max` or a `check`) as a date, time or datetime.

    `zone` is the one of the column that it is compared with.
    """
    body: Column = {"type": kind, "format": ISO_FORMATS[kind]}
    return convert(text, body if zone is None else body | {"timezone": zone})
