"""Stores the positions of a contract's parts in its text compactly: a contract may list a million values."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

Path = tuple[str | int, ...]
Place = tuple[int, int]


@dataclass(slots=True)
class ListPlaces:
    """The 1-based lines and columns of a list's entries, and whether each entry is quoted."""

    # Arrays, not a dict of tuples by path: nine bytes an entry instead of about 500.
    lines: array[int] = field(default_factory=lambda: array("I"))
    columns: array[int] = field(default_factory=lambda: array("I"))
    quoted: bytearray = field(default_factory=bytearray)

    def add(self, line: int, column: int, *, quoted: bool) -> None:
        """Append the position of the next entry."""
        self.lines.append(line)
        self.columns.append(column)
        self.quoted.append(quoted)


class Positions:
    """The position of each key, list entry and scalar content of a text, by path."""

    def __init__(self) -> None:
        self._keys: dict[Path, Place] = {}
        self._starts: dict[Path, Place] = {}
        self._lists: dict[Path, ListPlaces] = {}
        self._aliases: dict[Path, Path] = {}

    def __contains__(self, path: Path) -> bool:
        return self.find(path) is not None

    def add_key(self, path: Path, place: Place) -> None:
        """Store the position of a key of a mapping, or of the document's root."""
        self._keys[path] = place

    def add_start(self, path: Path, start: Place) -> None:
        """Store the position at which the content of a key's scalar starts: after the quote, if it is quoted."""
        self._starts[path] = start

    def add_list(self, path: Path) -> ListPlaces:
        """Return the store to which the positions of a list's entries are appended."""
        return self._lists.setdefault(path, ListPlaces())

    def add_alias(self, path: Path, anchor: Path) -> None:
        """Store that the value at `path` is an alias of the value at `anchor`."""
        self._aliases[path] = anchor

    def find(self, path: Path) -> Place | None:
        """Return the position of a key or list entry, None if the text has no such part."""
        if path in self._keys:
            return self._keys[path]
        entries, index = self._entry(path)
        if entries is not None:
            return entries.lines[index], entries.columns[index]
        source = self._source_of(path)
        return None if source is None else self.find(source)

    def nearest(self, path: Path) -> Place | None:
        """Return the position of a part, or of its nearest enclosing part in the text."""
        while path and path not in self:
            path = path[:-1]
        return self.find(path)

    def find_start(self, path: Path) -> Place | None:
        """Return the position at which the content of a scalar starts, None if the text has no such scalar."""
        if path in self._starts:
            return self._starts[path]
        entries, index = self._entry(path)
        # An alias has a place in the list, but its content starts at the anchor.
        if entries is not None and path not in self._aliases:
            return entries.lines[index], entries.columns[index] + entries.quoted[index]
        source = self._source_of(path)
        return None if source is None else self.find_start(source)

    def update(self, other: Positions) -> None:
        """Add the positions of another text."""
        self._keys |= other._keys
        self._starts |= other._starts
        self._lists |= other._lists
        self._aliases |= other._aliases

    def _entry(self, path: Path) -> tuple[ListPlaces | None, int]:
        index = path[-1] if path else None
        entries = self._lists.get(path[:-1]) if isinstance(index, int) else None
        if entries is None or not isinstance(index, int) or not 0 <= index < len(entries.lines):
            return None, 0
        return entries, index

    def _source_of(self, path: Path) -> Path | None:
        """Return the path at the anchor of a part inside an alias, None if the path crosses no alias."""
        if not self._aliases:
            return None
        # The innermost alias first: an anchored value may itself contain aliases.
        for length in range(len(path), 0, -1):
            anchor = self._aliases.get(path[:length])
            if anchor is not None:
                return (*anchor, *path[length:])
        return None
