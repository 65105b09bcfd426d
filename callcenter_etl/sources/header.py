"""Compare the header of a source with the contract, and report all its problems."""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass

from callcenter_etl.contract.model import Column, ContractDocument
from callcenter_etl.contract.names import REJECT_COLUMNS
from callcenter_etl.diagnostic import Diagnostic


@dataclass(frozen=True, slots=True)
class ColumnLayout:
    """Assignment of contract columns to source columns.

    `names` are the source's own header names by position; `positions` maps contract column names to 0-based positions.
    """

    names: tuple[str, ...]
    positions: dict[str, int]

    @property
    def fields(self) -> int:
        """The expected number of fields of a record."""
        return len(self.names)


def layout_without_header(document: ContractDocument) -> ColumnLayout:
    """Return the layout of a source without a header line, in which columns are found by position."""
    names = tuple(column.name for column in document.columns)
    return ColumnLayout(names=names, positions={name: position for position, name in enumerate(names)})


def match_header(
    found: tuple[str, ...], document: ContractDocument
) -> tuple[ColumnLayout, tuple[Diagnostic, ...]]:
    """Return the layout and the problems of a header, by the contract's header mode.

    The layout is valid only where there are no problems.
    """
    # The usual case first, by position: it also matches several columns with an empty header cell.
    exact = document.source.header == "exact"
    matcher = _Matcher(document)
    if exact and matcher.in_place(found):
        positions = {column.name: position for position, column in enumerate(document.columns)}
        return ColumnLayout(names=found, positions=positions), tuple(matcher.reserved(found))
    problems = (
        *matcher.duplicates(found),
        *matcher.missing(found),
        *(() if document.source.header == "by_name" else matcher.unexpected(found)),
        *matcher.reserved(found),
        *(matcher.out_of_order(found) if exact else ()),
        *(() if document.source.header == "by_name" else matcher.count(found)),
    )
    positions = {}
    for position, name in enumerate(found):
        column = matcher.column_of(name)
        if column is not None:
            positions.setdefault(column.name, position)
    return ColumnLayout(names=found, positions=positions), problems


class _Matcher:
    """Lookup of columns by header name: names and aliases, with or without regard to letter case."""

    def __init__(self, document: ContractDocument) -> None:
        self.columns = document.columns
        self.by_name = document.source.header == "by_name"
        self.ignore_case = document.source.header_case == "ignore"
        self.by_key: dict[str, Column] = {}
        for column in document.columns:
            for name in (column.name, *column.aliases):
                self.by_key.setdefault(self.key(name), column)

    def key(self, name: str) -> str:
        return name.casefold() if self.ignore_case else name

    def column_of(self, name: str) -> Column | None:
        return self.by_key.get(self.key(name))

    def accepts(self, column: Column, name: str) -> bool:
        return any(self.key(name) == self.key(known) for known in (column.name, *column.aliases))

    def in_place(self, found: tuple[str, ...]) -> bool:
        return len(found) == len(self.columns) and all(
            self.accepts(column, name) for column, name in zip(self.columns, found, strict=True)
        )

    def duplicates(self, found: tuple[str, ...]) -> list[Diagnostic]:
        known = [(column.name if (column := self.column_of(name)) else name) for name in found]
        problems = []
        for name, times in Counter(known).items():
            if times > 1 and (self.column_of(name) is not None):
                places = ", ".join(str(position + 1) for position, other in enumerate(known) if other == name)
                problems.append(
                    Diagnostic(
                        "header.duplicate", f"column {name!r} occurs {times} times, at positions {places}"
                    )
                )
        return problems

    def missing(self, found: tuple[str, ...]) -> list[Diagnostic]:
        present = {column.name for name in found if (column := self.column_of(name))}
        strangers = [name for name in found if self.column_of(name) is None]
        problems = []
        for position, column in enumerate(self.columns, start=1):
            if column.name in present:
                continue
            near = difflib.get_close_matches(
                column.name.casefold(), [name.casefold() for name in strangers], n=1, cutoff=0.6
            )
            hint, alias = "", None
            if near:
                original = next(name for name in strangers if name.casefold() == near[0])
                at = found.index(original) + 1
                hint = f" (renamed to {original!r}, found at position {at}? if so, add it to the column's aliases)"
                alias = f"add {original!r} to the aliases of column {column.name!r}"
            problems.append(
                Diagnostic(
                    "header.missing",
                    f"column {column.name!r}, expected at position {position}, is missing{hint}",
                    path=column.name,
                    suggestion=alias,
                )
            )
        return problems

    def unexpected(self, found: tuple[str, ...]) -> list[Diagnostic]:
        return [
            Diagnostic("header.unexpected", f"column {name!r} at position {position} is not in the contract")
            for position, name in enumerate(found, start=1)
            if self.column_of(name) is None
        ]

    def reserved(self, found: tuple[str, ...]) -> list[Diagnostic]:
        """Return a problem for each column that would be the second one of its name in exceptions.csv."""
        return [
            Diagnostic(
                "header.unexpected",
                f"column {name!r} at position {position} has the name of a column that exceptions.csv adds"
                " (the source must use another name)",
            )
            for position, name in enumerate(found, start=1)
            if name in REJECT_COLUMNS and self.is_taken(name)
        ]

    def is_taken(self, name: str) -> bool:
        """Return whether a source column of this reserved name would be written to exceptions.csv."""
        column = self.column_of(name)
        # A contract declares exactly this name only where exceptions.csv itself is the source.
        return self.by_name if column is None else column.name != name

    def out_of_order(self, found: tuple[str, ...]) -> list[Diagnostic]:
        wanted = [column.name for column in self.columns]
        known = [column.name for name in found if (column := self.column_of(name))]
        common = [name for name in wanted if name in known]
        seen = list(dict.fromkeys(known))
        if seen == common:
            return []
        problems = []
        # Reversed, so that of a duplicated column the first position remains.
        places = {
            column.name: position
            for position, name in reversed(list(enumerate(found, 1)))
            if (column := self.column_of(name))
        }
        for name, other in zip(common, seen, strict=True):
            if name != other:
                position = wanted.index(name) + 1
                problems.append(
                    Diagnostic(
                        "header.order",
                        f"column {name!r} is at position {places[name]}, expected at position {position}",
                    )
                )
        return problems

    def count(self, found: tuple[str, ...]) -> list[Diagnostic]:
        if len(found) == len(self.columns):
            return []
        return [
            Diagnostic("header.count", f"the header has {len(found)} columns, {len(self.columns)} expected")
        ]
