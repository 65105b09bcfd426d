"""The draft of an imported contract: its values, their origins, and notes about parts left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from callcenter_etl.contract.column import RULE_KEYS, Column
from callcenter_etl.contract.document_text import Path, Scalar
from callcenter_etl.tools.convert.json_numbers import bounds_nothing, number_of, whole_bound

_BOUNDS = ("min", "max")
_LENGTHS = ("min_length", "max_length")
_WHOLE_TYPES = ("integer", "digits")
_REPEATABLE = ("type", "required", "unique")  # a second one says the same, or more


@dataclass(frozen=True, slots=True)
class Note:
    """A note about a part of the other document that the contract does not hold.

    `asserts` is True if the part constrains the data, so that the contract without it accepts other records.
    """

    path: Path
    message: str
    asserts: bool = False


@dataclass(slots=True)
class Draft:
    """A contract during its import: plain values, and for each its path in the other document."""

    value: dict[str, Any] = field(default_factory=lambda: {"columns": []})
    origins: dict[Path, Path] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    faults: list[tuple[Path, str]] = field(default_factory=list)

    def put(self, path: Path, value: Any, origin: Path) -> None:
        """Set the value at `path` of the contract."""
        place: Any = self.value
        for part in path[:-1]:
            place = place[part] if isinstance(part, int) else place.setdefault(part, {})
        place[path[-1]] = value
        self.origins[path] = origin

    def add_column(self, name: Any, origin: Path) -> ImportedColumn:
        """Append a column."""
        path: Path = ("columns", len(self.value["columns"]))
        self.value["columns"].append({"name": name})
        self.origins[path] = origin
        self.origins[(*path, "name")] = (*origin, "name")
        return ImportedColumn(self, path, self.value["columns"][-1])

    def add_rule(self, rule: dict[str, Any], origin: Path) -> None:
        """Append a record rule."""
        rules = self.value.setdefault("rules", [])
        self.origins["rules", len(rules)] = origin
        rules.append(rule)

    def arrange(self) -> None:
        """Sort the keys of every column, and make bounds of whole numbers whole numbers."""
        self.value["columns"] = [in_order(_with_whole_bounds(column)) for column in self.value["columns"]]

    def note(self, path: Path, message: str, *, asserts: bool = False) -> None:
        """Add a note about a part that is not imported."""
        self.notes.append(Note(path, message, asserts))

    def fault(self, path: Path, message: str) -> None:
        """Add a fault: the document cannot be imported."""
        self.faults.append((path, message))


@dataclass(slots=True)
class ImportedColumn:
    """A column of a draft."""

    draft: Draft
    path: Path
    value: dict[str, Any]

    def put(self, key: str, value: Any, origin: Path, *, warn: bool = False) -> None:
        """Set a key of the column, with severity `warn` on request.

        Of two equal assertions one is kept, as an error if either is. A second, different bound, length, pattern or
        list of values becomes a note, since a column has at most one of each.
        """
        if key in _BOUNDS and bounds_nothing(key, value):
            return
        # Before the comparison: as lower bounds of whole numbers 0.5 and 1 are the same.
        if key in _LENGTHS or (key in _BOUNDS and str(self.value.get("type")) in _WHOLE_TYPES):
            value = whole_bound(key, value)
        if key in self.value and same(self.value[key], value):
            if not warn:
                self.value.get("severity", {}).pop(key, None)
            return
        if key in self.value and key in RULE_KEYS and key not in _REPEATABLE:
            self.draft.note(
                origin, f"the column has another {key} already: this one is not asked", asserts=True
            )
            return
        self.value[key] = value
        self.draft.origins[(*self.path, key)] = origin
        if warn:
            self.value.setdefault("severity", {})[key] = "warn"

    def put_tighter(self, key: str, value: Any, origin: Path) -> None:
        """Set a bound, or replace a looser one, since a record has to satisfy both."""
        there = number_of(self.value.get(key))
        given = number_of(value)
        if there is None or given is None:
            self.put(key, value, origin)
        elif (given < there) == (key == "max"):
            self.value[key] = value
            self.draft.origins[(*self.path, key)] = origin

    def flag(self, key: str, origin: Path, *, warn: bool = False) -> None:
        """Set a boolean key of the column to true."""
        self.put(key, True, origin, warn=warn)  # noqa: FBT003  a value of the contract


class Taken:
    """A mapping of the other document that records which of its keys were read.

    The keys that no reader took become notes, so that an import never drops a part silently. A key with the value
    null counts as missing.
    """

    def __init__(self, value: Mapping[str, Any], path: Path) -> None:
        self.value = value
        self.path = path
        self._taken: set[str] = {key for key, each in value.items() if is_null(each)}
        self._below: list[Taken] = []
        self._odd: list[Path] = []

    def has(self, key: str) -> bool:
        """Return whether a key exists and has not been read yet."""
        return key in self.value and key not in self._taken

    def take(self, key: str) -> Any:
        """Return the value of a key and mark it as read; None if it is missing or read already."""
        if not self.has(key):
            return None
        self._taken.add(key)
        return self.value[key]

    def at(self, *keys: str | int) -> Path:
        """Return the path of a value below this mapping."""
        return (*self.path, *keys)

    def inside(self, key: str) -> Taken:
        """Return the mapping under a key, with its own record of keys; an empty one if there is none."""
        found = self.value.get(key)
        if not isinstance(found, Mapping):
            # The key stays unread, so that a value of another kind becomes a note.
            return Taken({}, self.at(key))
        self._taken.add(key)
        below = Taken(found, self.at(key))
        self._below.append(below)
        return below

    def each(self, key: str) -> list[Taken]:
        """Return the mappings in the list under a key, and mark the list as read, but not the mappings' keys."""
        found = self.value.get(key)
        if not isinstance(found, list) or key in self._taken:
            return []
        self._taken.add(key)
        below = [Taken(value, self.at(key, n)) for n, value in enumerate(found) if isinstance(value, Mapping)]
        # Entries of another kind have no reader, so `left` reports them.
        self._odd += [self.at(key, n) for n, value in enumerate(found) if not isinstance(value, Mapping)]
        self._below += below
        return below

    def skip(self) -> None:
        """Mark every key as read, because the mapping is reported in another way."""
        self._taken.update(self.value)
        self._below.clear()
        self._odd.clear()

    def left(self) -> Iterator[tuple[Path, str]]:
        """Yield path and name of every key that was not read, here and below."""
        for key in self.value:
            if key not in self._taken:
                yield self.at(key), key
        yield from ((path, str(path[-2])) for path in self._odd)
        for below in self._below:
            yield from below.left()


def _with_whole_bounds(column: dict[str, Any]) -> dict[str, Any]:
    """Return a column with whole bounds, since its type may have been read after them."""
    if str(column.get("type")) not in _WHOLE_TYPES:
        return column
    return {key: whole_bound(key, value) if key in _BOUNDS else value for key, value in column.items()}


def is_null(value: Any) -> bool:
    """Return whether a value is a YAML null."""
    return value is None or (isinstance(value, Scalar) and value.tag == "null")


def is_true(value: Any) -> bool:
    """Return whether a value is true."""
    # A quoted "true" has another tag: it is a text.
    return value is True or (isinstance(value, Scalar) and value.tag == "bool" and value.lower() == "true")


def is_number(value: Any) -> bool:
    """Return whether a value is a number, and not a number in quotes."""
    if isinstance(value, Scalar):
        return value.tag in ("int", "float")
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def same(one: Any, other: Any) -> bool:
    """Return whether the loader reads two plain values alike, whatever their kinds of scalars."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, (Mapping, list, tuple)) or isinstance(other, (Mapping, list, tuple)):
        return False
    if is_null(one) or is_null(other):
        return is_null(one) and is_null(other)
    return _as_text(one) == _as_text(other)


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def rules_in(column: Mapping[str, Any]) -> list[str]:
    """Return the rule keys of a plain column, in its order."""
    return [key for key in column if key in RULE_KEYS and not (key == "type" and str(column[key]) == "text")]


def in_order(column: Mapping[str, Any], order: list[str] | None = None) -> dict[str, Any]:
    """Return a column with its keys in the usual order, and its rules in `order` if that is given."""
    ranks = {key: rank for rank, key in enumerate(_usual_order())}
    if order is not None:
        known = [key for key in dict.fromkeys(order) if key in ranks]
        # The listed rules exchange places among themselves; all other keys keep theirs.
        ranks |= dict(zip(known, sorted(ranks[key] for key in known), strict=True))
    return {key: column[key] for key in sorted(column, key=lambda key: ranks.get(key, len(ranks)))}


def _usual_order() -> list[str]:
    """Return the keys of a column in the order of the model, but for `unique`, which people write behind `required`."""
    first = ("name", "type", "format", "required", "unique")
    return list(dict.fromkeys((*first, *(key for key in Column.model_fields if key != "rule_keys"))))
