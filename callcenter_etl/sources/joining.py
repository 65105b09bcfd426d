"""Check the quotes of doubtful lines, and join lines that are one record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from callcenter_etl.sources.dialect import Dialect
from callcenter_etl.sources.lines import Lines
from callcenter_etl.sources.record_scanner import Scan

Offsets = NDArray[np.int64]

_OPEN = "a quote is still open at the end of the line (if values may hold line breaks, declare source.multiline: true)"
_ESCAPE_AT_END = "an escape is the last character of the line (if values may hold line breaks, declare source.multiline: true)"
_NOT_CLOSED = "a quote is opened that no following line closes so as to make a record"
_NOT_CONTINUED = "an escape is the last character of the line, and no following lines make a record with it"
_BACKSLASH = (
    "a quote inside a value is escaped with a backslash, which this reading does not know "
    "(declare source.escape, or ask the sender to double quotes inside values)"
)


@dataclass(frozen=True, slots=True)
class LineScanner:
    """Scanner of a block's lines: `scan` reads a record between two offsets of the text of `lines`.

    `has_backslashes` returns whether a line is one record if backslashes escape quotes.
    """

    lines: Lines
    scan: Callable[[int, int], Scan]
    has_backslashes: Callable[[int], bool]


@dataclass(slots=True)
class Joined:
    """For each line the line that opens its record, and the number of lines of that record; shape (lines,) both.

    `faults` has the reasons of malformed records, and `values` the fields of scanned ones, by line; `quoted_ends` has
    the lines of which the last field is a quoted empty value. `kept` lines were framed, and the rest waits for more of
    the source.
    """

    owner: Offsets
    counts: Offsets
    faults: dict[int, str] = field(default_factory=dict)
    values: dict[int, tuple[bytes, ...]] = field(default_factory=dict)
    quoted_ends: set[int] = field(default_factory=set)
    kept: int = 0


def join_lines(
    doubtful: Offsets, scanner: LineScanner, *, dialect: Dialect, fields: int, final: bool
) -> Joined:
    """Scan the doubtful lines, and join those of which a value continues on the next ones."""
    lines = scanner.lines
    joined = Joined(owner=np.arange(len(lines)), counts=np.ones(len(lines), dtype=np.int64), kept=len(lines))
    resume = 0
    for line in doubtful.tolist():
        if line < resume:
            continue
        scan = scanner.scan(int(lines.starts[line]), int(lines.ends[line]))
        fault = _fault(scan, line, scanner, dialect)
        if scan.open and fault is None:
            scan, waits = _scan_further(line, scanner, dialect)
            if waits and not final:  # the end of its value may be in the next block
                joined.kept = line
                return joined
            if _is_record(scan, fields, dialect):
                resume = line + _join(joined, line, scan, lines)
            else:
                fault = _NOT_CONTINUED if scan.escape_at_end else _NOT_CLOSED
        if fault is not None:
            joined.faults[line] = fault
        elif scan.values is not None:
            joined.values[line] = scan.values
            if not scan.values[-1] and not scan.trailing:
                joined.quoted_ends.add(line)
    return joined


def _fault(scan: Scan, line: int, scanner: LineScanner, dialect: Dialect) -> str | None:
    """Return why a line alone is malformed, None where it is not, or where the next lines decide."""
    if not scan.open:
        tail = scan.text_after_quote and not dialect.lenient
        return "there is text after a closing quote" if tail else None
    if not dialect.multiline:
        return _ESCAPE_AT_END if scan.escape_at_end else _OPEN
    # Lenient quoting accepts any text after a closing quote, so a line with quotes escaped by backslashes would be
    # joined with its neighbours.
    undeclared = dialect.lenient and dialect.escape is None
    return _BACKSLASH if undeclared and scanner.has_backslashes(line) else None


def _scan_further(line: int, scanner: LineScanner, dialect: Dialect) -> tuple[Scan, bool]:
    """Return the scan of a record across lines, and whether more of the source may end it."""
    lines, most = scanner.lines, dialect.max_joined_lines
    start = int(lines.starts[line])
    last = min(line + most, len(lines)) - 1
    limit = int(min(lines.ends[last], start + dialect.max_joined_bytes))
    scan = scanner.scan(start, limit)
    within_block = last == len(lines) - 1 and limit == int(lines.ends[last]) and len(lines) - line < most
    return scan, scan.open and within_block


def _is_record(scan: Scan, fields: int, dialect: Dialect) -> bool:
    # Not one with fields missing at the end: else a stray quote would take its neighbours along.
    whole = scan.fields == fields or (
        dialect.trailing_delimiter and scan.trailing and scan.fields == fields + 1
    )
    return not scan.open and whole and (dialect.lenient or not scan.text_after_quote)


def _join(joined: Joined, line: int, scan: Scan, lines: Lines) -> int:
    count = int(np.searchsorted(lines.starts, scan.stop, side="right")) - line
    joined.owner[line : line + count] = line
    joined.counts[line] = count
    return count
