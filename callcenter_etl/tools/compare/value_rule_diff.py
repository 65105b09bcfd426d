"""Compares the rules of one column before and after: the values that are newly rejected."""

from __future__ import annotations

from callcenter_etl.contract.expressions.tree import TYPE_OF_COLUMN
from callcenter_etl.contract.model import Column
from callcenter_etl.rules.kinds import KINDS
from callcenter_etl.rules.rule_kind import Asked
from callcenter_etl.rules.type_changes import FORMATTED, every_value_stays, formats_continue
from callcenter_etl.tools.compare.direction import is_strict


def newly_broken(key: str, before: Column | None, after: Column) -> str | None:
    """Return the values, accepted before, that the rule `key` of the column may reject after; None if there are none.

    `before` is None for a new column.
    """
    if not is_strict(after, key):
        return None
    kind = KINDS[key]
    # A rule that only warned has rejected nothing, so for rejects it is a new one.
    if before is None or not is_strict(before, key):
        return kind.newly_rejected(None, after)
    # Rules of typed values did not apply to a value that broke the type: they may reject it now.
    asked_of_more = kind.asks is Asked.TYPED_VALUES and _more_values_are_typed(before, after)
    return None if kind.is_wider(before, after) and not asked_of_more else kind.newly_rejected(before, after)


def expressions_read_alike(before: Column, after: Column) -> bool:
    """Return whether expressions read the same value, or none, in every record that was accepted before."""
    if TYPE_OF_COLUMN[before.type] != TYPE_OF_COLUMN[after.type] or not every_value_stays(before, after):
        return False
    if _more_values_are_typed(before, after):
        return False
    return before.type not in FORMATTED or formats_continue(before, after)


def _more_values_are_typed(before: Column, after: Column) -> bool:
    """Return whether values that broke the type, and were accepted with a warning, may have the type after."""
    return not is_strict(before, "type") and not every_value_stays(after, before)
