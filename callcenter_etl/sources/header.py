"""Compare the header of a source with the contract, and report all its problems."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from callcenter_etl.contract.model import Column, ContractDocument
from callcenter_etl.contract.names import REJECT_COLUMNS
from callcenter_etl.diagnostic import Diagnostic


@dataclass(frozen=True, slots=True)
class ColumnLayout:
    """Assignment of contract columns to source columns.

    `names` are the source's own header names by position; `positions` maps contract column names to 0-based positions.
    `absent` has the contract's columns without a position: only optional ones, unless the source is refused.
    """

    names: tuple[str, ...]
    positions: dict[str, int]
    absent: tuple[str, ...] = ()

    @property
    def fields(self) -> int:
        """The expected number of fields of a record."""
        return len(self.names)


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """The layout of a header, valid only without `problems`; `warnings` never refuse a source."""

    layout: ColumnLayout
    problems: tuple[Diagnostic, ...]
    warnings: tuple[Diagnostic, ...] = ()


def layout_without_header(document: ContractDocument) -> ColumnLayout:
    """Return the layout of a source without a header line, in which columns are found by position."""
    names = tuple(column.name for column in document.columns)
    return ColumnLayout(names=names, positions={name: position for position, name in enumerate(names)})


def match_header(found: tuple[str, ...], document: ContractDocument) -> HeaderMatch:
    """Return the layout, the problems and the warnings of a header, by the contract's header mode."""
    matcher = _Matcher(document, found)
    mode, refuses = document.source.header, not document.source.carries_columns
    problems = (
        *matcher.duplicates(),
        *matcher.missing(),
        *(matcher.unexpected() if refuses else ()),
        *matcher.reserved(),
        *(matcher.out_of_order() if mode == "exact" else ()),
        *(matcher.count() if refuses else ()),
    )
    warnings = matcher.unexpected() if document.source.on_unexpected == "warn" and not problems else ()
    return HeaderMatch(matcher.layout(), problems, tuple(warnings))


def columns_by_header_name(document: ContractDocument) -> Callable[[str], Sequence[Column]]:
    """Return the function that returns the columns which a name in a header means."""
    return _Matcher(document, ()).known_by


class _Matcher:
    """Assignment of the columns of one header: by names and aliases, with or without regard to letter case."""

    def __init__(self, document: ContractDocument, found: tuple[str, ...]) -> None:
        self.columns = document.columns
        self.source = document.source
        self.found = found
        self.by_key: dict[str, list[Column]] = {}
        for column in document.columns:
            for key in dict.fromkeys(map(self.key, column.header_names)):
                self.by_key.setdefault(key, []).append(column)
        self.owners = self._assign()

    def key(self, name: str) -> str:
        return name.casefold() if self.source.header_case == "ignore" else name

    def known_by(self, name: str) -> Sequence[Column]:
        """Return the columns that a header name means, in the order of the contract."""
        return self.by_key.get(self.key(name), ())

    def _assign(self) -> dict[int, Column]:
        """Return the column at each position of the header; columns that share a name take theirs in order.

        A header that names every column in the contract's order is assigned by position, whatever names are shared.
        """
        owners: dict[int, Column] = {}
        taken: set[str] = set()
        # Names of one column first: a column that such a name takes needs no place of a shared name.
        alone: list[int] = []
        shared: list[int] = []
        for position, name in enumerate(self.found):
            (alone if len(self.known_by(name)) == 1 else shared).append(position)
        # Of each name the columns that are free; an iterator, since a contract may have thousands that share one.
        free = {key: iter(columns) for key, columns in self.by_key.items()}
        for position in (*alone, *shared):
            columns = free.get(self.key(self.found[position]), iter(()))
            column = next((each for each in columns if each.name not in taken), None)
            if column is not None:
                owners[position] = column
                taken.add(column.name)
        return owners

    @cached_property
    def places(self) -> dict[str, int]:
        """The position of each column that the header has, by name."""
        return {self.owners[position].name: position for position in sorted(self.owners)}

    def layout(self) -> ColumnLayout:
        absent = tuple(column.name for column in self.columns if column.name not in self.places)
        return ColumnLayout(names=self.found, positions=self.places, absent=absent)

    def duplicates(self) -> list[Diagnostic]:
        """Return a problem for each column, or group of columns with one name, that the header has too often."""
        surplus: dict[str, Sequence[Column]] = {}
        for position, name in enumerate(self.found):
            columns = self.known_by(name)
            if columns and position not in self.owners:
                surplus.setdefault(columns[0].name, columns)
        return [self._duplicate(columns) for columns in surplus.values()]

    def _duplicate(self, columns: Sequence[Column]) -> Diagnostic:
        known = {column.name for column in columns}
        places = [
            position + 1
            for position, name in enumerate(self.found)
            if any(column.name in known for column in self.known_by(name))
        ]
        first = columns[0]
        declared = "" if len(columns) == 1 else f", and {len(columns)} columns share its name in the contract"
        remedy = f"declare a further column with header: {first.header_name!r}"
        listed = ", ".join(map(str, places))
        sentence = f"column {first.name!r} occurs {len(places)} times, at positions {listed}{declared}"
        return Diagnostic("header.duplicate", f"{sentence} ({remedy})", path=first.name, suggestion=remedy)

    def missing(self) -> list[Diagnostic]:
        strangers = [name for name in self.found if not self.known_by(name)]
        return [
            self._missing(column, position, strangers)
            for position, column in enumerate(self.columns, start=1)
            if column.name not in self.places and not column.optional
        ]

    def _missing(self, column: Column, position: int, strangers: Sequence[str]) -> Diagnostic:
        called = "" if column.header is None else f", {column.header!r} in the header"
        near = difflib.get_close_matches(
            column.header_name.casefold(), [name.casefold() for name in strangers], n=1, cutoff=0.6
        )
        hint, remedy = "", None
        if near:
            original = next(name for name in strangers if name.casefold() == near[0])
            at = self.found.index(original) + 1
            hint = (
                f" (renamed to {original!r}, found at position {at}? if so, add it to the column's aliases)"
            )
            remedy = f"add {original!r} to the aliases of column {column.name!r}"
        elif self.source.header != "exact":
            hint = " (if sources may lack it: optional: true)"
            remedy = f"declare column {column.name!r} with optional: true"
        return Diagnostic(
            "header.missing",
            f"column {column.name!r}{called}, expected at position {position}, is missing{hint}",
            path=column.name,
            suggestion=remedy,
        )

    def unexpected(self) -> list[Diagnostic]:
        warns = self.source.on_unexpected == "warn"
        # Where columns are missing too, the names are likely those of renamed ones, and ignoring them would not help.
        complete = warns or not self.missing()
        remedy = "declare it, or unexpected_columns: ignore" if complete else None
        return [
            Diagnostic(
                "header.unexpected",
                f"column {name!r} at position {position} is not in the contract"
                + ("" if remedy is None else f" ({remedy})"),
                severity="warn" if warns else "error",
                suggestion=remedy,
            )
            for position, name in enumerate(self.found, start=1)
            if not self.known_by(name)
        ]

    def reserved(self) -> list[Diagnostic]:
        """Return a problem for each column that would be the second one of its name in exceptions.csv."""
        return [
            Diagnostic(
                "header.unexpected",
                f"column {name!r} at position {position} has the name of a column that exceptions.csv adds"
                " (the source must use another name)",
            )
            for position, name in enumerate(self.found, start=1)
            if name in REJECT_COLUMNS and self.is_taken(name)
        ]

    def is_taken(self, name: str) -> bool:
        """Return whether a source column of this reserved name would be written to exceptions.csv."""
        columns = self.known_by(name)
        # A contract declares exactly this name only where exceptions.csv itself is the source.
        return columns[0].name != name if columns else self.source.carries_columns

    def out_of_order(self) -> list[Diagnostic]:
        wanted = {column.name: place for place, column in enumerate(self.columns, start=1)}
        seen = list(self.places)
        common = sorted(seen, key=wanted.__getitem__)
        return [
            Diagnostic(
                "header.order",
                f"column {name!r} is at position {self.places[name] + 1}, expected at position {wanted[name]}",
            )
            for name, other in zip(common, seen, strict=True)
            if name != other
        ]

    def count(self) -> list[Diagnostic]:
        lacking = sum(column.optional and column.name not in self.places for column in self.columns)
        expected = len(self.columns) - lacking
        if len(self.found) == expected:
            return []
        return [Diagnostic("header.count", f"the header has {len(self.found)} columns, {expected} expected")]
