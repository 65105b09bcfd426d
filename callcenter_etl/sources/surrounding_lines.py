"""Lines of a source that are not records: their totals, and the comparison with their patterns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from callcenter_etl.contract.column import Column
from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.contract.patterns import matched_groups
from callcenter_etl.contract.quoting import as_written, quoted
from callcenter_etl.contract.surroundings import Surrounding
from callcenter_etl.contract.value_fields import type_faults
from callcenter_etl.diagnostic import Diagnostic, Location
from callcenter_etl.documents import Count
from callcenter_etl.sources.encodings import is_ascii_superset, show

MAX_MATCHED_BYTES = 65_536  # a longer line matches no pattern
_NOT_SHOWN = "its text may hold classified values and is not shown"
_NAMES = ("preamble", "header", "after_header", "comments", "footer")


@dataclass(slots=True)
class LineTotals:
    """Lines of one kind, and their bytes with line ends."""

    lines: Count = 0
    bytes: Count = 0

    def add(self, lines: int, size: int) -> None:
        """Count some more."""
        self.lines += lines
        self.bytes += size


@dataclass(slots=True)
class Surroundings:
    """Totals of the lines that are not records, by kind; the header includes a BOM."""

    preamble: LineTotals = field(default_factory=LineTotals)
    header: LineTotals = field(default_factory=LineTotals)
    after_header: LineTotals = field(default_factory=LineTotals)
    comments: LineTotals = field(default_factory=LineTotals)
    footer: LineTotals = field(default_factory=LineTotals)

    @property
    def lines(self) -> int:
        """Lines of all kinds."""
        return sum(getattr(self, name).lines for name in _NAMES)

    @property
    def bytes(self) -> int:
        """Bytes of all kinds."""
        return sum(getattr(self, name).bytes for name in _NAMES)

    def merge(self, later: Surroundings) -> None:
        """Add the totals of a later part of the source."""
        for name in _NAMES:
            more = getattr(later, name)
            getattr(self, name).add(more.lines, more.bytes)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the totals from the values of `asdict`. Raises KeyError or TypeError for any other values."""
        return cls(**{name: LineTotals(**totals) for name, totals in values.items()})


@dataclass(frozen=True, slots=True)
class LineRun:
    """Consecutive lines of one kind that are not records, by the 1-based numbers of the first and the last."""

    kind: str
    first: int
    last: int


def stream_encoding(encoding: str) -> str:
    """Return the encoding of the framed stream: UTF-8 where the declared one is not a superset of ASCII."""
    return encoding if is_ascii_superset(encoding) else "utf-8"


def comment_bytes(comment: str | None, encoding: str) -> bytes | None:
    """Return the bytes with which a comment begins in the framed stream, None without comments."""
    return None if comment is None else comment.encode(stream_encoding(encoding))


class LineMatcher:
    """Comparison of the lines of one declared surrounding with its patterns, by their 0-based index."""

    def __init__(self, key: str, declared: Surrounding, document: ContractDocument) -> None:
        self._key = key
        self._declared = declared
        self._encoding = document.source.encoding
        # A line that should be a surrounding may be a record, so its text may be a classified value.
        self._shown = all(column.classification == "public" for column in document.columns)

    def groups(self, index: int, content: bytes) -> dict[str, str] | None:
        """Return the named groups of a line without its line end, None where it does not match."""
        pattern = self._declared.pattern(index)
        if pattern is None:
            return {}
        return groups_of(pattern, content, self._encoding)

    def mismatch(self, index: int, content: bytes, line: int, *, so: str = "") -> Diagnostic:
        """Return the problem of a line that does not match; `so` is added to its sentence."""
        text = quoted(show(content[:MAX_MATCHED_BYTES], self._encoding)) if self._shown else _NOT_SHOWN
        pattern = as_written(self._declared.pattern(index) or "")
        return self.problem(f"line {line:,} does not match the pattern {pattern}: {text}{so}", line)

    def problem(self, sentence: str, line: int | None = None) -> Diagnostic:
        """Return a problem of this surrounding, located on a line where one is to blame."""
        message = f"{sentence} (declared as source.{self._key})"
        return Diagnostic(f"file.{self._key}", message, location=Location(line=line))


def groups_of(pattern: str, content: bytes, encoding: str) -> dict[str, str] | None:
    """Return the named groups of a line in the framed stream, None where it does not match or decode."""
    if len(content) > MAX_MATCHED_BYTES:
        return None
    try:
        text = content.decode(stream_encoding(encoding))
    except UnicodeDecodeError:
        return None
    return matched_groups(pattern, text)


class RunValues:
    """Values of the named groups of several lines: the first one of a group that is not empty."""

    def __init__(self, fields: Mapping[str, Column]) -> None:
        self._fields = fields
        self.values: dict[str, str] = {}

    def add(self, groups: Mapping[str, str]) -> None:
        """Add the groups of a line."""
        for name, value in groups.items():
            self.values[name] = self.values.get(name) or value

    def faults(self) -> tuple[str, ...]:
        """Return a sentence for each value that is not of its type."""
        return type_faults(self.values, self._fields)
