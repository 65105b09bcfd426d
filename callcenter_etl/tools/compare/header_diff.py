"""Compares headers of two contracts: which sources are newly refused for their columns."""

from __future__ import annotations

from collections import Counter

from callcenter_etl.contract.model import Column, ContractDocument
from callcenter_etl.tools.compare.direction import Direction

# Each mode accepts every header that the mode before it accepts, unless names are ambiguous.
_WIDTH = {"exact": 0, "any_order": 1, "by_name": 2}


def mode(direction: Direction) -> str | None:
    """Return the sources that another header mode refuses, None if there are none."""
    before, after = direction.before.source.header, direction.after.source.header
    if before == after:
        return None
    if "none" in (before, after):
        return "sources without a header line" if before == "none" else "sources with a header line"
    if _WIDTH[after] < _WIDTH[before]:
        return "sources with columns in another order" + (" or more of them" if before == "by_name" else "")
    # A wider mode matches by name, where `exact` reads two columns with one name by position.
    return "sources whose header names mean several columns" if _is_ambiguous(direction.after) else None


def names(direction: Direction, before: Column, after: Column) -> str | None:
    """Return the sources with header names that no longer mean this column, None if there are none."""
    old, new = direction.before.source, direction.after.source
    # A change to or from `none` is a change of the mode, and without a header names have no effect.
    if "none" in (old.header, new.header):
        return None
    known, taken = direction.keys_before[before.name], direction.keys_after[after.name]
    if old.header_case == "ignore" and new.header_case == "exact":
        return f"sources that write {before.name!r} in another letter case"
    if new.header_case == "ignore":
        # The names of the new contract are folded already, those of the old one only if it ignores case too.
        known = frozenset(name.casefold() for name in known)
    if known - taken:
        return f"sources that call the column {' or '.join(map(repr, sorted(known - taken)))}"
    # Under `by_name` a source could have an undeclared column with the new name: the header would then name it twice.
    if old.header == new.header == "by_name" and (taken - known or old.header_case != new.header_case):
        more = " or ".join(map(repr, sorted(taken - known))) or f"{before.name!r} in another letter case"
        return f"sources with a further column {more}"
    return None


def order(direction: Direction) -> str | None:
    """Return the sources that are refused, or misread, for another order of columns, None if there are none."""
    header = direction.before.source.header
    # Another mode is a change of its own, and the modes that match by name read any order.
    if header != direction.after.source.header or header not in ("exact", "none"):
        return None
    return "sources with the columns in the order of the other contract"


def lacking(direction: Direction) -> str:
    """Return the sources that are refused because they lack a column that only the second contract has."""
    return "sources with one column more or less" if _by_position(direction) else "sources without the column"


def surplus(direction: Direction, column: Column) -> str | None:
    """Return the sources that are refused for a column that only the first contract has.

    None if there are none: under `by_name`, an undeclared column is accepted.
    """
    if direction.after.source.header != "by_name":
        return (
            "sources with one column more or less" if _by_position(direction) else "sources with the column"
        )
    fold = direction.after.source.header_case == "ignore"
    names = {name.casefold() if fold else name for name in (column.name, *column.aliases)}
    return (
        "sources with the column, whose name now means another one"
        if names & direction.all_keys_after
        else None
    )


def _by_position(direction: Direction) -> bool:
    return direction.before.source.header == direction.after.source.header == "none"


def _is_ambiguous(document: ContractDocument) -> bool:
    fold = document.source.header_case == "ignore"
    keys = Counter(
        key
        for column in document.columns
        for key in {name.casefold() if fold else name for name in (column.name, *column.aliases)}
    )
    return any(times > 1 for times in keys.values())
