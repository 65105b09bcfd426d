"""A pair of contracts in one direction: what the first accepts is compared with what the second accepts.

Every comparison of this package looks in one direction only and is called twice: from old to new for the breaking
changes, from new to old for the loosening ones. So the two answers cannot contradict each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from callcenter_etl.contract.expressions.tree import Expression, Node
from callcenter_etl.contract.model import Column, ContractDocument, RecordRule, expression_columns
from callcenter_etl.rules.kinds import KINDS
from callcenter_etl.rules.rule_kind import Asked

ERROR = "error"


@dataclass(frozen=True)
class Direction:
    """The direction from `before` to `after`; `origins` maps the names of columns in `after` to those in `before`.

    Values that the comparison of every column needs are cached, since a contract may have thousands of columns.
    """

    before: ContractDocument
    after: ContractDocument
    origins: Mapping[str, str]

    @cached_property
    def reverse(self) -> Direction:
        """The same two contracts in the other direction."""
        return Direction(self.after, self.before, {old: new for new, old in self.origins.items()})

    def pairs(self) -> list[tuple[Column, Column]]:
        """Return the columns that both contracts have, as (before, after), in the order of `before`."""
        after = {self.origins[each.name]: each for each in self.after.columns if each.name in self.origins}
        return [(column, after[column.name]) for column in self.before.columns if column.name in after]

    def before_of(self, name: str) -> Column | None:
        """Return the column in `before` with this name in `after`, None for a new column."""
        origin = self.origins.get(name)
        return None if origin is None else self._columns_before.get(origin)

    @cached_property
    def columns_after(self) -> dict[str, Column]:
        """The columns of `after`, by name."""
        return {column.name: column for column in self.after.columns}

    @cached_property
    def keys_before(self) -> dict[str, frozenset[str]]:
        """The header names of each column in `before`."""
        return _header_keys(self.before)

    @cached_property
    def keys_after(self) -> dict[str, frozenset[str]]:
        """The header names of each column in `after`."""
        return _header_keys(self.after)

    @cached_property
    def all_keys_after(self) -> frozenset[str]:
        """The header names of all columns in `after`."""
        return frozenset().union(*self.keys_after.values())

    @cached_property
    def _columns_before(self) -> dict[str, Column]:
        return {column.name: column for column in self.before.columns}


def _header_keys(document: ContractDocument) -> dict[str, frozenset[str]]:
    """Return the header names of each column, folded if letter case is ignored.

    A name that several columns share belongs to each of them.
    """
    fold = document.source.header_case == "ignore"
    return {
        column.name: frozenset(name.casefold() if fold else name for name in column.header_names)
        for column in document.columns
    }


def pair_columns(old: ContractDocument, new: ContractDocument) -> Direction:
    """Return a direction with columns paired by name, then by alias, then (without a header) by position."""
    old_names = {column.name for column in old.columns}
    origins = {column.name: column.name for column in new.columns if column.name in old_names}
    # Names are paired first: an alias must not take a column that another column has by its own name.
    free_old = {column.name: column for column in old.columns if column.name not in origins}
    renamed = _Renamed(list(free_old.values()))
    for column in new.columns:
        if column.name in origins:
            continue
        match = renamed.to(column, free_old)
        if match is not None:
            origins[column.name] = match.name
            del free_old[match.name]
    # Without a header, values are assigned by position, so a rename does not move them.
    if old.source.header == new.source.header == "none":
        for before, after in zip(old.columns, new.columns, strict=False):
            if before.name in free_old and after.name not in origins:
                origins[after.name] = before.name
    return Direction(old, new, origins)


class _Renamed:
    """Finds renamed columns: one of the two names is an alias of the other column."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._order = {column.name: place for place, column in enumerate(columns)}
        self._by_alias: dict[str, list[str]] = {}
        for column in columns:
            for alias in column.aliases:
                self._by_alias.setdefault(alias, []).append(column.name)

    def to(self, after: Column, free: Mapping[str, Column]) -> Column | None:
        """Return the first free column that may have been renamed to `after`, None if there is none."""
        names = [name for name in (*after.aliases, *self._by_alias.get(after.name, ())) if name in free]
        return free[min(names, key=self._order.__getitem__)] if names else None


def is_strict(column: Column | None, key: str) -> bool:
    """Return whether the column has this rule with severity `error`, so that breaking it rejects a record."""
    return column is not None and key in column.rule_keys and column.severity_of(key) == ERROR


def expressions_of(
    rule: RecordRule, document: ContractDocument
) -> tuple[Expression | None, Expression | None]:
    """Return the check and the condition of a rule as compiled expressions."""
    known = expression_columns(document.columns)
    check, when = (None if text is None else known.compile(text) for text in (rule.check, rule.when))
    return check, when


def rejects_repetition(document: ContractDocument) -> bool:
    """Return whether a record can be rejected because of an earlier record."""
    return any(KINDS[key].compares_records for key in _strict_keys(document)) or any(
        rule.unique is not None and rule.severity == ERROR for rule in document.rules
    )


def asks_about_nothing(document: ContractDocument) -> bool:
    """Return whether a record can be rejected because a value is empty."""
    if any(KINDS[key].asks is Asked.EVERY_VALUE for key in _strict_keys(document)):
        return True
    # Of the functions, only these two return a known result for an empty value.
    trees = [
        tree
        for rule in document.rules
        if rule.severity == ERROR
        for tree in expressions_of(rule, document)
        if tree is not None
    ]
    return any(_calls(tree.root, ("empty", "coalesce")) for tree in trees)


def asks_about_values(document: ContractDocument) -> bool:
    """Return whether a record can be rejected because of a value that is not empty."""
    return any(KINDS[key].asks is not Asked.EVERY_VALUE for key in _strict_keys(document)) or any(
        rule.severity == ERROR for rule in document.rules
    )


def _strict_keys(document: ContractDocument) -> set[str]:
    """Return the keys of the columns' rules that reject a record."""
    return {key for column in document.columns for key in column.rule_keys if is_strict(column, key)}


def _calls(node: Node, names: tuple[str, ...]) -> bool:
    return (node.kind == "call" and node.value in names) or any(_calls(part, names) for part in node.parts)
