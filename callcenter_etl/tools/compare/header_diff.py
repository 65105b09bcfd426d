"""Compares headers of two contracts: which sources are newly refused for their columns."""

from __future__ import annotations

from callcenter_etl.contract.model import Column
from callcenter_etl.tools.compare.direction import ERROR, Direction

# Each mode accepts every header that the mode before it accepts.
_WIDTH = {"exact": 0, "any_order": 1, "by_name": 2}


def mode(direction: Direction) -> str | None:
    """Return the sources that another header mode refuses, None if there are none."""
    before, after = direction.before.source, direction.after.source
    if before.header == after.header:
        return None
    if "none" in (before.header, after.header):
        return "sources without a header line" if before.header == "none" else "sources with a header line"
    if _WIDTH[after.header] >= _WIDTH[before.header]:
        return None
    # An explicit `unexpected_columns` is a part of its own.
    more = before.carries_columns and not after.carries_columns and after.unexpected_columns is None
    return "sources with columns in another order" + (" or more of them" if more else "")


def unexpected(direction: Direction) -> str | None:
    """Return the sources that are refused for columns that no contract declares, None if there are none."""
    refused = direction.before.source.carries_columns and not direction.after.source.carries_columns
    return "sources with columns that the contract lacks" if refused else None


def optional(before: Column, after: Column) -> str | None:
    """Return the sources that are refused because a column is no longer optional, None if there are none."""
    return "sources without the column" if before.optional and not after.optional else None


def names(direction: Direction, before: Column, after: Column) -> str | None:
    """Return the sources with header names that no longer mean this column, None if there are none."""
    old, new = direction.before.source, direction.after.source
    # A change to or from `none` is a change of the mode, and without a header names have no effect.
    if "none" in (old.header, new.header):
        return None
    known, taken = direction.keys_before[before.name], direction.keys_after[after.name]
    if old.header_case == "ignore" and new.header_case == "exact":
        return f"sources that write {before.header_name!r} in another letter case"
    if new.header_case == "ignore":
        # The names of the new contract are folded already, those of the old one only if it ignores case too.
        known = frozenset(name.casefold() for name in known)
    if known - taken:
        return f"sources that call the column {' or '.join(map(repr, sorted(known - taken)))}"
    # A source could have an undeclared column with the new name: the header would then name it twice.
    widened = bool(taken - known) or old.header_case != new.header_case
    if old.carries_columns and new.carries_columns and widened:
        case = f"{before.header_name!r} in another letter case"
        return f"sources with a further column {' or '.join(map(repr, sorted(taken - known))) or case}"
    return None


def order(direction: Direction) -> str | None:
    """Return the sources that are refused, or misread, for another order of columns, None if there are none."""
    header = direction.before.source.header
    # Another mode is a change of its own.
    if header != direction.after.source.header:
        return None
    if header in ("exact", "none"):
        return "sources with the columns in the order of the other contract"
    # The modes that match by name read any order, but columns that share a name are found in their order.
    shared = _shared_names(direction)
    return f"sources with several columns {' or '.join(map(repr, shared))}" if shared else None


def lacking(direction: Direction, column: Column) -> str | None:
    """Return the sources or records that are newly refused for a column that only the second contract has."""
    if _by_position(direction):
        return "sources with one column more or less"
    if not column.optional:
        return "sources without the column"
    # Where the first contract carried the column along, its values were asked nothing.
    asked = any(column.severity_of(key) == ERROR for key in column.rule_keys)
    if direction.before.source.carries_columns and asked:
        return "records of sources with the column that break its rules"
    return None


def surplus(direction: Direction, column: Column) -> str | None:
    """Return the sources that are refused for a column that only the first contract has.

    None if there are none: where undeclared columns are carried along, they are accepted.
    """
    if not direction.after.source.carries_columns:
        return (
            "sources with one column more or less" if _by_position(direction) else "sources with the column"
        )
    fold = direction.after.source.header_case == "ignore"
    own = {name.casefold() if fold else name for name in column.header_names}
    return (
        "sources with the column, whose name now means another one"
        if own & direction.all_keys_after
        else None
    )


def _by_position(direction: Direction) -> bool:
    return direction.before.source.header == direction.after.source.header == "none"


def _shared_names(direction: Direction) -> list[str]:
    """Return the header names that several columns of the second contract share."""
    seen: set[str] = set()
    shared: set[str] = set()
    for keys in direction.keys_after.values():
        shared |= seen & keys
        seen |= keys
    return sorted(shared)
