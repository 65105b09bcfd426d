"""Texts of a contract that must be values of a column's type: allowed values and formats."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from callcenter_etl.contract.boolean_words import BooleanColumn, words_of
from callcenter_etl.contract.datetime_formats import FormatFault, compile_format, parse_value
from callcenter_etl.contract.duration_formats import compile_duration, parse_duration
from callcenter_etl.contract.number_format import NumberColumn, complete_format

FORMATTED = ("date", "time", "datetime", "duration")


class TypedColumn(NumberColumn, BooleanColumn, Protocol):
    """The keys of a column that decide which texts are of its type."""

    @property
    def formats(self) -> tuple[str, ...]:
        """Return the formats of dates, times and durations."""

    @property
    def first_short_year(self) -> int:
        """Return the first of the hundred years of `%y`."""

    @property
    def sound_timezone(self) -> str | None:
        """Return the time zone, None where the database has no such zone."""


def is_value(column: TypedColumn, value: str) -> bool:
    """Check that a text is a value of a column's type, in its notation; of a date or time in one of the formats."""
    return _VALUE_CHECKS[column.type](column, value)


def _is_number(column: TypedColumn, value: str) -> bool:
    return complete_format(column).plain(value) is not None


def _is_boolean(column: TypedColumn, value: str) -> bool:
    return words_of(column).is_value(value)


def _is_temporal(column: TypedColumn, value: str) -> bool:
    try:
        found = parse_value(
            column.type,
            value,
            column.formats,
            first_short_year=column.first_short_year,
            timezone=column.sound_timezone,
        )
    except FormatFault:
        return True  # the format's own fault is reported already
    return found is not None


def _is_duration(column: TypedColumn, value: str) -> bool:
    try:
        return parse_duration(value, column.formats) is not None
    except FormatFault:
        return True  # as above


_VALUE_CHECKS: dict[str, Callable[[TypedColumn, str], bool]] = {
    "text": lambda _, value: True,
    "digits": lambda _, value: re.fullmatch(r"[0-9]+", value) is not None,
    "integer": _is_number,
    "decimal": _is_number,
    "boolean": _is_boolean,
    "date": _is_temporal,
    "time": _is_temporal,
    "datetime": _is_temporal,
    "duration": _is_duration,
}


def format_fault(kind: str, declared: str) -> str | None:
    """Return what is wrong with a format of a date, time or duration, None where it works."""
    try:
        compile_duration(declared) if kind == "duration" else compile_format(declared, kind)
    except FormatFault as error:
        return str(error)
    return None
