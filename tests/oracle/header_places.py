"""Header lines to names, and names to the places of the declared columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.oracle.lines import Line, RefusedError, text_of
from tests.oracle.splitter import Dialect, parse

Column = dict[str, Any]
REJECT_COLUMNS = {"reject_line", "reject_rules", "reject_reasons", "reject_raw"}


@dataclass(frozen=True, slots=True)
class Places:
    """The place of each declared column that is there, and whether undeclared ones are."""

    positions: dict[str, int]
    has_unexpected: bool


def names_of(lines: list[Line], dialect: Dialect) -> list[str]:
    """Return the names: the parts of several lines joined by position, empty parts left out."""
    rows: list[list[str]] = []
    for line in lines:
        text = text_of(line.content, dialect.encoding)
        if text is None:
            raise RefusedError("the header does not decode", rule="header.encoding")
        parsed = parse(text, dialect)
        trails = dialect.may_trail and parsed.ends_in_nothing
        rows.append(parsed.fields[:-1] if trails else parsed.fields)
    width = max(len(row) for row in rows)
    padded = [row + [""] * (width - len(row)) for row in rows]
    return [" ".join(part for part in parts if part != "") for parts in zip(*padded, strict=True)]


def place_columns(names: list[str] | None, columns: list[Column], source: dict[str, Any]) -> dict[str, int]:
    """Return where each declared column is; raises RefusedError where the header is not sound."""
    return places_of(names, columns, source).positions


def places_of(names: list[str] | None, columns: list[Column], source: dict[str, Any]) -> Places:
    """Return where each declared column is; raises RefusedError where the header is not sound."""
    if names is None:
        return Places({column["name"]: place for place, column in enumerate(columns)}, has_unexpected=False)
    if REJECT_COLUMNS & set(names):
        raise RefusedError("exceptions.csv would have two columns of one name")
    fold = str.lower if source.get("header_case") == "ignore" else str
    header = [fold(name) for name in names]
    mode = source.get("header", "exact")
    policy = source.get("unexpected_columns", "ignore" if mode == "by_name" else "refuse")
    found = in_order(header, columns, fold) if mode == "exact" else by_name(header, columns, fold)
    positions = {
        column["name"]: place for column, place in zip(columns, found, strict=True) if place is not None
    }
    for column in columns:
        if column["name"] not in positions and not column.get("optional", False):
            raise RefusedError(f"{column['name']!r} is missing, twice there or in another place")
    has_unexpected = len(positions) < len(header)
    if has_unexpected and policy == "refuse":
        raise RefusedError("there are undeclared columns")
    return Places(positions, has_unexpected=has_unexpected and policy == "warn")


def spellings(column: Column, fold: Any) -> list[str]:
    return [fold(name) for name in (column.get("header", column["name"]), *column.get("aliases", []))]


def in_order(header: list[str], columns: list[Column], fold: Any) -> list[int | None]:
    """Return the first place of each column behind the place of the column before it."""
    found: list[int | None] = []
    start = 0
    for column in columns:
        wanted = spellings(column, fold)
        place = next((place for place in range(start, len(header)) if header[place] in wanted), None)
        found.append(place)
        start = len(header) if place is None else place + 1
    return found


def by_name(header: list[str], columns: list[Column], fold: Any) -> list[int | None]:
    """Return the one place of each column; columns that share a header name have its places in their order."""
    found: list[int | None] = []
    for number, column in enumerate(columns):
        wanted = spellings(column, fold)
        places = [place for place, name in enumerate(header) if name in wanted]
        sharing = [other for other in columns if spellings(other, fold)[0] == wanted[0]]
        before = sum(spellings(other, fold)[0] == wanted[0] for other in columns[:number])
        if len(places) > len(sharing):
            raise RefusedError(f"the header has {column['name']!r} too often")
        found.append(places[before] if before < len(places) else None)
    return found
