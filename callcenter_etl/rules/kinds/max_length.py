"""`max_length`: a value has at most this number of characters."""

from __future__ import annotations

import pyarrow.compute as pc

from callcenter_etl.contract.model import Column
from callcenter_etl.rules.known_values import where_known
from callcenter_etl.rules.rule_kind import (
    ALL_CHANGES,
    GOT,
    MAX_TRIED_CHARACTERS,
    Asked,
    Broken,
    FormChange,
    RuleKind,
    ValueHints,
    demand_of,
)
from callcenter_etl.rules.sample import column_sample


def _most(column: Column) -> int:
    return column.max_length or 0


def _mask(column: Column) -> Broken:
    most = _most(column)
    # Characters and not bytes, as the contract counts.
    return where_known(column, lambda text: pc.greater(pc.utf8_length(text), most))


def _sentence(column: Column) -> str:
    return f"{{column}} must have at most {column.max_length} characters{GOT}"


def _unbreakable(column: Column) -> str | None:
    if _most(column) >= MAX_TRIED_CHARACTERS:
        return f"no value of more than {MAX_TRIED_CHARACTERS:,} characters is tried"
    return None


MAX_LENGTH = RuleKind(
    key="max_length",
    asks=Asked.TYPED_VALUES,
    compares_records=False,
    mask=_mask,
    sentence=_sentence,
    kept=lambda column: demand_of(_sentence(column)),
    broken="is too long",
    outliers="are too long",
    declared=lambda column: str(column.max_length),
    reported=lambda column: str(column.max_length),
    is_wider=lambda before, after: _most(after) >= _most(before),
    newly_rejected=lambda _, after: f"values of more than {after.max_length} characters",
    kept_through=ALL_CHANGES - {FormChange.UNTRIMMED},
    hints=lambda column: ValueHints(lengths=(_most(column),)),
    unbreakable=_unbreakable,
    samples=(
        column_sample("max_length", "at most this number of characters", "max_length: 3", "äöü", "abcd"),
    ),
)
