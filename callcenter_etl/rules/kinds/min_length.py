"""`min_length`: a value has at least this number of characters."""

from __future__ import annotations

import pyarrow.compute as pc

from callcenter_etl.contract.model import Column
from callcenter_etl.rules.known_values import where_known
from callcenter_etl.rules.rule_kind import (
    ALL_CHANGES,
    GOT,
    Asked,
    Broken,
    FormChange,
    RuleKind,
    ValueHints,
    demand_of,
)
from callcenter_etl.rules.sample import column_sample


def _least(column: Column) -> int:
    return column.min_length or 0


def _mask(column: Column) -> Broken:
    least = _least(column)
    return where_known(column, lambda text: pc.less(pc.utf8_length(text), least))


def _sentence(column: Column) -> str:
    return f"{{column}} must have at least {column.min_length} characters{GOT}"


def _unbreakable(column: Column) -> str | None:
    if _least(column) <= 1:
        return "the rule does not apply to empty values, and all others have at least one character"
    return None


MIN_LENGTH = RuleKind(
    key="min_length",
    asks=Asked.TYPED_VALUES,
    compares_records=False,
    mask=_mask,
    sentence=_sentence,
    kept=lambda column: demand_of(_sentence(column)),
    broken="is too short",
    outliers="are too short",
    declared=lambda column: str(column.min_length),
    reported=lambda column: str(column.min_length),
    is_wider=lambda before, after: _least(after) <= _least(before),
    newly_rejected=lambda _, after: f"values of fewer than {after.min_length} characters",
    kept_through=ALL_CHANGES - {FormChange.TRIMMED},
    hints=lambda column: ValueHints(lengths=(_least(column),)),
    unbreakable=_unbreakable,
    samples=(
        column_sample("min_length", "at least this number of characters", "min_length: 3", "abc", "ab"),
    ),
)
