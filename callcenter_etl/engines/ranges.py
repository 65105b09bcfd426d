"""Ranges of a source whose lines are records: where to cut, which line each starts with, the blocks of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from callcenter_etl.errors import SourceError
from callcenter_etl.sources.blocks import RecordFormat, blocks_of
from callcenter_etl.sources.byte_buffer import ByteBuffer
from callcenter_etl.sources.dialect import Dialect
from callcenter_etl.sources.encodings import is_ascii_superset
from callcenter_etl.sources.lines import LF, line_end
from callcenter_etl.sources.source import Block

RANGE_BYTES = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Cut:
    """Bytes of a source from `start` to `stop`, cut without a look at them; `first` is the cut that opens it."""

    start: int
    stop: int
    first: bool

    @property
    def read_from(self) -> int:
        """Where to read from: what the byte before the cut is says whether a line starts with it."""
        return self.start if self.first else self.start - 1


@dataclass(frozen=True, slots=True)
class LineStarts:
    """How many lines start within a cut, and where the first of them does; None where none does."""

    lines: int
    first: int | None


@dataclass(frozen=True, slots=True)
class Range:
    """Whole lines of a source: their bytes from `start` to `stop`, the first one's number, how many there are."""

    start: int
    stop: int
    first_line: int
    lines: int


def can_be_cut(dialect: Dialect, *, compressed: bool) -> bool:
    """Return whether every line end in the stored bytes ends a record, so that any of them is a place to cut."""
    return not (dialect.multiline or compressed) and is_ascii_superset(dialect.encoding)


def cuts_of(start: int, stop: int, size: int) -> tuple[Cut, ...]:
    """Cut the bytes from `start` to `stop` into pieces of `size`."""
    return tuple(Cut(at, min(at + size, stop), first=at == start) for at in range(start, stop, size))


def find_line_starts(blocks: Iterable[bytes], cut: Cut) -> LineStarts:
    """Count the lines that start within a cut, given its bytes from `cut.read_from` on.

    A line starts after an LF, and after a CR that no LF follows. Of a CRLF cut in two by a bound the LF comes first
    here: the CR before it is seen, and so the line starts behind the LF. Raises SourceError for too few bytes.
    """
    lines, first, at = int(cut.first), cut.start if cut.first else None, cut.read_from
    before = b""
    for block in blocks:
        data = before + block
        at_data = at - len(before)
        lines += _starts_within(data)
        if first is None:
            found = line_end(data, ended=False)
            first = at_data + found if 0 < found < len(data) else None
        at += len(block)
        before = data[-1:]
    if at != cut.stop:
        raise SourceError(
            f"the source ends at byte {at:,}, {cut.stop:,} are wanted (truncated while it was read?)"
        )
    return LineStarts(lines, first)


def _starts_within(data: bytes) -> int:
    """Count the places within `data`, its first byte left aside, at which a line starts."""
    ends = int(np.count_nonzero(np.frombuffer(data, dtype=np.uint8)[:-1] == LF))
    if b"\r" in data:
        ends += data.count(b"\r", 0, len(data) - 1) - data.count(b"\r\n")
    return ends


def ranges_of(starts: Sequence[LineStarts], *, first_line: int, stop: int) -> tuple[Range, ...]:
    """Return the ranges of whole lines, in order; a line belongs to the cut in which it starts.

    A cut that a long line covers gives none. `first_line` is the number of the first line, `stop` where the last ends.
    """
    ranges: list[Range] = []
    line = first_line
    filled = [(found.first, found.lines) for found in starts if found.first is not None]
    ends = [*(start for start, _ in filled), stop][1:]
    for (start, lines), end in zip(filled, ends, strict=True):
        ranges.append(Range(start, end, line, lines))
        line += lines
    return tuple(ranges)


def range_blocks(
    stored: Iterator[bytes], within: Range, shape: RecordFormat, block_bytes: int
) -> Iterator[Block]:
    """Yield the lines of a range as the reader of a whole source does. Raises SourceError where they changed."""
    pending = ByteBuffer(stored, block_bytes, offset=within.start, first_line=within.first_line)
    yield from blocks_of(pending, shape)
    if (pending.offset, pending.lines) != (within.stop, within.first_line - 1 + within.lines):
        raise SourceError(
            f"bytes {within.start:,} to {within.stop:,} are not what they were a moment ago"
            " (run again when the sender has finished)"
        )
