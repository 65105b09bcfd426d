"""`max`: a value is not above a bound."""

from __future__ import annotations

from callcenter_etl.contract.datetime_formats import parse_iso
from callcenter_etl.contract.model import Column
from callcenter_etl.rules.rule_kind import ALL_CHANGES, GOT, Asked, Broken, RuleKind, ValueHints, demand_of
from callcenter_etl.rules.sample import column_sample
from callcenter_etl.rules.value_bounds import beyond_bound, bound_value, bounds_read_alike, has_offset

_LAST_SECOND = 86_399 * 10**6
_LAST_DAY = "9999-12-31"


def _mask(column: Column) -> Broken:
    return beyond_bound(column, ">", str(column.max))


def _sentence(column: Column) -> str:
    return f"{{column}} must be at most {column.max}{GOT}"


def _is_wider(before: Column, after: Column) -> bool:
    return bounds_read_alike(before, after) and bound_value(after, after.max) >= bound_value(
        before, before.max
    )


def _unbreakable(column: Column) -> str | None:
    bound = str(column.max)
    if column.type == "time" and not has_offset(column):
        # Without %f no value lies between 23:59:59 and midnight.
        last = _LAST_SECOND + (999_999 if any("%f" in each for each in column.format) else 0)
        return f"no time is after {bound}" if (parse_iso("time", bound) or 0) >= last else None
    # Dates in ISO form sort as texts.
    if column.type == "date" and bound >= _LAST_DAY:
        return f"no date is after {_LAST_DAY}"
    return None


MAX = RuleKind(
    key="max",
    asks=Asked.TYPED_VALUES,
    compares_records=False,
    mask=_mask,
    sentence=_sentence,
    kept=lambda column: demand_of(_sentence(column)),
    broken="is above its maximum",
    outliers="are too large",
    declared=lambda column: str(column.max),
    reported=lambda column: str(column.max),
    is_wider=_is_wider,
    newly_rejected=lambda _, after: f"values above {after.max}",
    kept_through=ALL_CHANGES,
    hints=lambda column: ValueHints(edges=(str(column.max),)),
    unbreakable=_unbreakable,
    samples=(
        column_sample(
            "max",
            "not greater than the bound (inclusive)",
            "type: time, max: 18:00:00",
            "18:00:00",
            "18:00:01",
        ),
    ),
)
