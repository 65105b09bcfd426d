"""`allowed`: a value is one of a list."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from callcenter_etl.contract.model import Column
from callcenter_etl.rules.known_values import where_known
from callcenter_etl.rules.rule_kind import (
    GOT,
    Asked,
    Broken,
    FormChange,
    RuleKind,
    ValueHints,
    always_breakable,
    demand_of,
)
from callcenter_etl.rules.sample import column_sample

MAX_LISTED = 100


def _values(column: Column) -> tuple[str, ...]:
    return column.allowed or ()


def _mask(column: Column) -> Broken:
    words = _values(column)

    @cache  # a list may have a million words, and every chunk asks for it
    def value_set() -> pa.StringArray:
        array = pa.array(words, type=pa.string())  # only when needed: the first array imports pandas
        # Both sides by one kernel: Python's lower() differs in words such as ΣΑΣ.
        return pc.utf8_lower(array) if column.ignore_case else array

    def outside(text: pa.StringArray) -> pa.BooleanArray:
        asked = pc.utf8_lower(text) if column.ignore_case else text
        return pc.invert(pc.is_in(asked, value_set=value_set()))

    return where_known(column, outside)


def _sentence(column: Column) -> str:
    return f"{{column}} must be one of {_listed(_values(column))}{GOT}"


def _listed(words: Sequence[str]) -> str:
    """Return the values of a list for its reason; only the first ones of a long list, for every reject has the reason."""
    if len(words) <= MAX_LISTED:
        return ", ".join(words)
    return f"{', '.join(words[:MAX_LISTED])} and {len(words) - MAX_LISTED:,} more values"


def _declared(column: Column) -> str:
    words = ", ".join(_values(column))
    return f"{words} (any letter case)" if column.ignore_case else words


def _newly_rejected(before: Column | None, after: Column) -> str:
    lost = [] if before is None or (before.ignore_case and not after.ignore_case) else _lost(before, after)
    if lost:
        return f"the values {', '.join(map(repr, lost))}"
    case = " in any letter case" if after.ignore_case else ""
    return f"values other than {', '.join(_values(after))}{case}"


def _lost(before: Column, after: Column) -> list[str]:
    """Return the values that are no longer allowed."""
    if before.ignore_case and not after.ignore_case:
        return list(_values(before))
    folded = {_folded(word, after) for word in _values(after)}
    exact = set(_values(after))
    return [word for word in _values(before) if word not in exact and _folded(word, after) not in folded]


def _folded(word: str, column: Column) -> str:
    # Words beyond ASCII count as different here, because the case folding of the engine differs from Python's.
    return word.lower() if column.ignore_case and word.isascii() else word


ALLOWED = RuleKind(
    key="allowed",
    asks=Asked.TYPED_VALUES,
    compares_records=False,
    mask=_mask,
    sentence=_sentence,
    kept=lambda column: demand_of(_sentence(column)),
    broken="is none of the allowed values",
    outliers="are none of these",
    declared=_declared,
    reported=lambda column: f"[{', '.join(_values(column))}]",
    is_wider=lambda before, after: not _lost(before, after),
    newly_rejected=_newly_rejected,
    # No allowed value of a trimmed column has white space at an end.
    kept_through=frozenset({FormChange.TRIMMED}),
    hints=lambda column: ValueHints(texts=_values(column)),
    unbreakable=always_breakable,
    samples=(
        column_sample(
            "allowed",
            "one of the values, letter case counts",
            "allowed: [COMPLETED, DROPPED]",
            "DROPPED",
            "dropped",
        ),
        column_sample(
            "allowed",
            "with trim and case: one of the values without white space at the ends and in this letter case",
            "trim: true, case: upper, allowed: [COMPLETED, DROPPED]",
            "dropped ",
            "lost ",
        ),
    ),
)
