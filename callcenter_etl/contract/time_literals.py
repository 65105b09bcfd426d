"""Dates, times and durations that a contract itself has: bounds, and literals of expressions."""

from __future__ import annotations

from callcenter_etl.contract.datetime_formats import parse_iso
from callcenter_etl.contract.duration_formats import LITERAL_DURATIONS, parse_duration
from callcenter_etl.contract.quoting import quoted

LITERAL_FORMS = {
    "date": "2025-01-31",
    "time": "08:30:00",
    "datetime": "2025-01-31 08:30:00",
    "duration": "1:30:00",
}


def parse_literal(kind: str, text: str, timezone: str | None) -> int | None:
    """Return a literal of type date, time, datetime or duration in microseconds, None if it is not of the type.

    Dates and times are in ISO form, durations are H:MM:SS or H:MM:SS.f, in every column. A datetime without an offset is a local
    time of `timezone`, where that is not None.
    """
    return parse_duration(text, LITERAL_DURATIONS) if kind == "duration" else parse_iso(kind, text, timezone)


def literal_fault(kind: str, text: str, timezone: str | None, *, quote: str) -> str | None:
    """Return what is wrong with a literal, None for one that `parse_literal` reads.

    `quote` is the quote in which the contract writes a literal at this place.
    """
    if parse_literal(kind, text, timezone) is not None:
        return None
    if timezone is not None and parse_literal(kind, text, None) is not None:
        return (
            f"{quoted(text)} does not exist in {timezone}: the clocks skip it (write a time before or after)"
        )
    return f"{quoted(text)} is no {kind} (write it as {quote}{LITERAL_FORMS[kind]}{quote})"
