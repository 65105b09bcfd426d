"""Texts of a contract that must be values of a column's type: allowed values and formats."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from callcenter_etl.contract.datetime_formats import FormatFault, compile_format, parse_value
from callcenter_etl.contract.duration_formats import compile_duration, parse_duration

FORMATTED = ("date", "time", "datetime", "duration")
_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_VALUE_CHECKS: dict[str, Callable[[str], bool]] = {
    "text": lambda _: True,
    "digits": lambda value: re.fullmatch(r"[0-9]+", value) is not None,
    "integer": lambda value: _INTEGER.fullmatch(value) is not None,
    "decimal": lambda value: _DECIMAL.fullmatch(value) is not None,
    "boolean": lambda value: value.lower() in ("true", "false"),
}


def is_value(
    kind: str, formats: Sequence[str], value: str, *, first_short_year: int, timezone: str | None
) -> bool:
    """Check that a text is a value of a type; of a date or time in one of the formats."""
    if kind in FORMATTED:
        try:
            if kind == "duration":
                return parse_duration(value, tuple(formats)) is not None
            found = parse_value(
                kind, value, tuple(formats), first_short_year=first_short_year, timezone=timezone
            )
        except FormatFault:
            return True  # the format's own fault is reported already
        return found is not None
    return _VALUE_CHECKS[kind](value)


def format_fault(kind: str, declared: str) -> str | None:
    """Return what is wrong with a format of a date, time or duration, None where it works."""
    try:
        compile_duration(declared) if kind == "duration" else compile_format(declared, kind)
    except FormatFault as error:
        return str(error)
    return None
