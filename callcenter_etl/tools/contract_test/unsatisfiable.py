"""Finds rules that no record can break, with the reason."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from callcenter_etl.contract.datetime_formats import parse_duration, parse_iso
from callcenter_etl.contract.model import Column
from callcenter_etl.tools.contract_test.candidates import LONGEST

_LAST_SECOND = 86_399 * 10**6
_FIRST_DAY, _LAST_DAY = "0001-01-01", "9999-12-31"


def unsatisfiable_reason(column: Column | None, rule_id: str) -> str | None:
    """Return the reason why no record can break a column rule, None if no reason is known."""
    key = rule_id.rpartition(".")[2]
    if column is None or key not in column.rule_keys or key not in _REASONS:
        return None
    return _REASONS[key](column)


def _min(column: Column) -> str | None:
    bound = str(column.min)
    if column.type == "digits" and Decimal(bound) <= 0:
        return "digits are never negative"
    if column.type == "duration" and parse_duration(bound) == 0:
        return "no duration is negative"
    if column.type == "time" and parse_iso("time", bound) == 0 and not _has_offset(column):
        return "no time is before 00:00:00"
    if column.type == "date" and bound <= _FIRST_DAY:
        return f"no date is before {_FIRST_DAY}"
    return None


def _max(column: Column) -> str | None:
    bound = str(column.max)
    if column.type == "time" and not _has_offset(column):
        last = _LAST_SECOND + (999_999 if any("%f" in each for each in column.format) else 0)
        return f"no time is after {bound}" if (parse_iso("time", bound) or 0) >= last else None
    if column.type == "date" and bound >= _LAST_DAY:
        return f"no date is after {_LAST_DAY}"
    return None


def _min_length(column: Column) -> str | None:
    if (column.min_length or 0) <= 1:
        return "an empty value is not asked, and any other has a character at least"
    return None


def _max_length(column: Column) -> str | None:
    if (column.max_length or 0) >= LONGEST:
        return f"no value of more than {LONGEST:,} characters is tried"
    return None


def _has_offset(column: Column) -> bool:
    return any("%z" in each for each in column.format)


_REASONS: dict[str, Callable[[Column], str | None]] = {
    "min": _min,
    "max": _max,
    "min_length": _min_length,
    "max_length": _max_length,
}
