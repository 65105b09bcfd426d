"""`min`: a value is not below a bound."""

from __future__ import annotations

from decimal import Decimal

from callcenter_etl.contract.datetime_formats import parse_iso
from callcenter_etl.contract.duration_formats import parse_duration
from callcenter_etl.contract.model import Column
from callcenter_etl.rules.rule_kind import ALL_CHANGES, GOT, Asked, Broken, RuleKind, ValueHints, demand_of
from callcenter_etl.rules.sample import column_sample
from callcenter_etl.rules.value_bounds import beyond_bound, bound_value, bounds_read_alike, has_offset

_FIRST_DAY = "0001-01-01"


def _mask(column: Column) -> Broken:
    return beyond_bound(column, "<", str(column.min))


def _sentence(column: Column) -> str:
    return f"{{column}} must be at least {column.min}{GOT}"


def _is_wider(before: Column, after: Column) -> bool:
    return bounds_read_alike(before, after) and bound_value(after, after.min) <= bound_value(
        before, before.min
    )


def _unbreakable(column: Column) -> str | None:
    bound = str(column.min)
    if column.type == "digits" and Decimal(bound) <= 0:
        return "digits are never negative"
    if column.type == "duration" and parse_duration(bound) == 0:
        return "no duration is negative"
    # An offset may move a time before midnight, where its number is negative.
    if column.type == "time" and parse_iso("time", bound) == 0 and not has_offset(column):
        return "no time is before 00:00:00"
    if column.type == "date" and bound <= _FIRST_DAY:
        return f"no date is before {_FIRST_DAY}"
    return None


MIN = RuleKind(
    key="min",
    asks=Asked.TYPED_VALUES,
    compares_records=False,
    mask=_mask,
    sentence=_sentence,
    kept=lambda column: demand_of(_sentence(column)),
    broken="is below its minimum",
    outliers="are too small",
    declared=lambda column: str(column.min),
    reported=lambda column: str(column.min),
    is_wider=_is_wider,
    newly_rejected=lambda _, after: f"values below {after.min}",
    kept_through=ALL_CHANGES,
    hints=lambda column: ValueHints(edges=(str(column.min),)),
    unbreakable=_unbreakable,
    samples=(
        column_sample("min", "not less than the bound (inclusive)", "type: integer, min: 0", "0", "-1"),
    ),
)
