"""Ranges of a source in which every line is a record: cut the source, number the lines, read the blocks of a range."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from callcenter_etl.errors import SourceError
from callcenter_etl.sources.blocks import RecordFormat, blocks_of
from callcenter_etl.sources.byte_buffer import ByteBuffer
from callcenter_etl.sources.dialect import Dialect
from callcenter_etl.sources.encodings import is_ascii_superset
from callcenter_etl.sources.footer import FooterReader
from callcenter_etl.sources.footer_lines import MAX_GAP_BYTES, WINDOW_BYTES
from callcenter_etl.sources.lines import LF, line_end
from callcenter_etl.sources.source import Block

RANGE_BYTES = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Cut:
    """Bytes of a source from `start` to `stop` (exclusive), cut anywhere; `first` marks the first cut of the source."""

    start: int
    stop: int
    first: bool

    @property
    def read_from(self) -> int:
        """Offset to read from: one byte before the cut, which shows whether a line starts at the cut."""
        return self.start if self.first else self.start - 1


@dataclass(frozen=True, slots=True)
class LineStarts:
    """Number of lines that start within a cut, and the offset at which the first one starts, None where none does."""

    lines: int
    first: int | None


@dataclass(frozen=True, slots=True)
class Range:
    """Whole lines of a source: the bytes from `start` to `stop` (exclusive), the first line's number, their number."""

    start: int
    stop: int
    first_line: int
    lines: int


def can_be_cut(dialect: Dialect, *, compressed: bool) -> bool:
    """Return whether every line end in the stored bytes ends a record, so that the source can be cut at any of them."""
    return not (dialect.multiline or compressed) and is_ascii_superset(dialect.encoding)


def cuts_of(start: int, stop: int, size: int) -> tuple[Cut, ...]:
    """Return the cuts of the bytes from `start` to `stop`, of `size` bytes each."""
    return tuple(Cut(at, min(at + size, stop), first=at == start) for at in range(start, stop, size))


def find_line_starts(blocks: Iterable[bytes], cut: Cut) -> LineStarts:
    """Return the lines that start within a cut, from its bytes beginning at `cut.read_from`.

    Raises SourceError where the bytes end early.
    """
    # A line starts after an LF, and after a CR without an LF. Where a cut separates CR and LF, the cut with the LF
    # sees the CR as the byte before it, and counts the line after the LF.
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
    """Return the number of lines that start within `data`, after its first byte."""
    # A line end in the last byte starts a line after `data`; the next block begins with this byte.
    ends = int(np.count_nonzero(np.frombuffer(data, dtype=np.uint8)[:-1] == LF))
    if b"\r" in data:
        # The LF of a CRLF is counted already.
        ends += data.count(b"\r", 0, len(data) - 1) - data.count(b"\r\n")
    return ends


def ranges_of(starts: Sequence[LineStarts], *, first_line: int, stop: int) -> tuple[Range, ...]:
    """Return the ranges of whole lines, in order; a line belongs to the cut in which it starts.

    A cut in which no line starts has no range. `first_line` is the number of the first line, `stop` the end of the last.
    """
    ranges: list[Range] = []
    line = first_line
    filled = [(found.first, found.lines) for found in starts if found.first is not None]
    ends = [*(start for start, _ in filled), stop][1:]
    for (start, lines), end in zip(filled, ends, strict=True):
        ranges.append(Range(start, end, line, lines))
        line += lines
    return tuple(ranges)


def records_stop(read: Callable[[int, int], bytes], reader: FooterReader, *, start: int, stop: int) -> int:
    """Return the offset at which the footer of the bytes from `start` to `stop` (exclusive) starts, `stop` without one.

    `read` returns the bytes of the source between two offsets. `start` is the start of a line. A gap over the limit,
    for which the source is not read to its end, ends the search.
    """
    size = WINDOW_BYTES
    while True:
        low = max(start, stop - size)
        data = read(low, stop)
        # The first line of a window may begin before it, but for that of the first record.
        first = 0 if low == start else line_end(data, ended=True) or len(data)
        if low == start or size > 2 * MAX_GAP_BYTES or reader.is_decided(data, first):
            return low + reader.start_in(data, first)
        size *= 4


def range_blocks(
    stored: Iterator[bytes], within: Range, shape: RecordFormat, block_bytes: int
) -> Iterator[Block]:
    """Yield the blocks of a range. Raises SourceError where its lines are not those that were counted."""
    pending = ByteBuffer(stored, block_bytes, offset=within.start, first_line=within.first_line)
    yield from blocks_of(pending, shape)
    if (pending.offset, pending.lines) != (within.stop, within.first_line - 1 + within.lines):
        raise SourceError(
            f"bytes {within.start:,} to {within.stop:,} changed while the source was read"
            " (run again when the sender has finished)"
        )
