"""Blocks of a delimited source: whole lines, framed records, or a piece of an oversized record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa

from callcenter_etl.sources.block_marks import Marks
from callcenter_etl.sources.byte_buffer import ByteBuffer, OversizedRecord
from callcenter_etl.sources.chunk import Chunk, parse_chunk
from callcenter_etl.sources.dialect import Dialect
from callcenter_etl.sources.encodings import ShowStream
from callcenter_etl.sources.framing import TOO_LONG, Frame, MalformedRecord, frame_block, too_long_reason
from callcenter_etl.sources.lines import last_line_stop
from callcenter_etl.sources.source import Block, ParsedBlock
from callcenter_etl.sources.surrounding_lines import LineTotals, comment_bytes


class ParseRecords(Protocol):
    """Parser of framed records, picklable."""

    def __call__(self, frame: Frame, *, first: int, last: int, fields: int, dialect: Dialect) -> Chunk:
        """Return the records `first` to `last` (exclusive) of a frame as a chunk with `fields` columns."""


@dataclass(frozen=True, slots=True)
class RecordFormat:
    """Dialect, number of fields and parser of a source's records, and the records of a chunk (None: all of a block)."""

    dialect: Dialect
    fields: int
    chunk_rows: int | None = None
    parse: ParseRecords = parse_chunk


@dataclass(frozen=True, slots=True)
class LineBlock:
    """Whole lines, each of which is a record: their bytes, the number of the first line, its offset in the source."""

    data: bytes
    first_line: int
    offset: int
    format: RecordFormat

    def parse(self) -> ParsedBlock:
        """Frame the lines and parse them to chunks."""
        frame = frame_block(
            self.data,
            dialect=self.format.dialect,
            fields=self.format.fields,
            first_line=self.first_line,
            offset=self.offset,
            final=True,
        )
        return _parse_frame(frame, self.format)


@dataclass(frozen=True, slots=True)
class FrameBlock:
    """Records that were framed when the block was cut, since their values may hold line breaks."""

    frame: Frame
    format: RecordFormat

    @property
    def data(self) -> memoryview:
        """Bytes of the framed records."""
        return memoryview(self.frame.raw)[: self.frame.consumed]

    def parse(self) -> ParsedBlock:
        """Parse the records to chunks."""
        return _parse_frame(self.frame, self.format)


@dataclass(frozen=True, slots=True)
class OversizedBlock:
    """A piece of a record that is over the size limit; `offset` is the byte of the source at which the record starts."""

    piece: OversizedRecord
    format: RecordFormat
    offset: int

    @property
    def data(self) -> bytes:
        """Bytes of the piece."""
        return self.piece.data

    def parse(self) -> ParsedBlock:
        """Return the piece as a chunk: with one malformed record for the first piece, without records for the others."""
        # So engines and tools handle an oversized record like any other malformed one.
        piece, fields = self.piece, self.format.fields
        reason = too_long_reason(self.format.dialect)
        chunk = Chunk(
            frame=_frame_of_piece(piece, self.offset),
            first=0,
            last=int(piece.first),
            sound=np.empty(0, dtype=np.int64),
            values=(pa.array([], type=pa.string()),) * fields,
            malformed=(MalformedRecord(0, TOO_LONG, reason),) if piece.first else (),
            piece=piece,
        )
        return ParsedBlock((chunk,))


@dataclass(frozen=True, slots=True)
class CommentBlock:
    """A piece of a comment that is over the size limit of a record; `first` marks its first piece."""

    data: bytes
    first: bool

    def parse(self) -> ParsedBlock:
        """Return no records; the comment counts as a line with its first piece."""
        return ParsedBlock((), comments=LineTotals(int(self.first), len(self.data)))


def _parse_frame(frame: Frame, shape: RecordFormat) -> ParsedBlock:
    rows = shape.chunk_rows or max(len(frame), 1)
    chunks = tuple(
        shape.parse(
            frame,
            first=first,
            last=min(first + rows, len(frame)),
            fields=shape.fields,
            dialect=shape.dialect,
        )
        for first in range(0, len(frame), rows)
    )
    return ParsedBlock(chunks, frame.blank_lines, frame.blank_bytes, frame.comments)


def _frame_of_piece(piece: OversizedRecord, offset: int) -> Frame:
    # The whole record counts as one line of one record, with its first piece.
    records = int(piece.first)
    start = np.zeros(records, dtype=np.int64)
    stop = np.full(records, len(piece.data), dtype=np.int64)
    return Frame(
        raw=piece.data,
        offset=offset,
        codec="utf-8",
        text=b"",
        marks=Marks(delimiter=0, quote=None),
        starts=start,
        stops=stop,
        text_starts=start,
        text_stops=start,
        lines=np.full(records, piece.line, dtype=np.int64),
        line_counts=np.ones(records, dtype=np.int64),
        malformed=(),
        blank_lines=0,
        blank_bytes=0,
        consumed=len(piece.data),
        joined=False,
    )


def blocks_of(pending: ByteBuffer, shape: RecordFormat) -> Iterator[Block]:
    """Yield what is left of a stream as blocks, in order.

    A record over the size limit comes in pieces, so that memory stays bounded.
    """
    # Lines can be framed by any thread. With line breaks in values, a record's end depends on all lines before it.
    cut = _frame_pending if shape.dialect.multiline else _take_lines
    while True:
        block = cut(pending, shape)
        if block is not None:
            yield block
        elif (
            len(pending) > shape.dialect.max_record_bytes + 1
        ):  # one byte more, for a CR that may begin a CRLF
            yield from _oversized(pending, shape)
            continue
        if not pending.ended:
            pending.read_more()
        elif not len(pending):
            return


def _oversized(pending: ByteBuffer, shape: RecordFormat) -> Iterator[Block]:
    offset, dialect = pending.offset, shape.dialect
    start = comment_bytes(dialect.comment, dialect.encoding)
    comment = start is not None and pending.data.startswith(start)
    for piece in pending.consume_oversized_record(ShowStream(dialect.encoding)):
        yield CommentBlock(piece.data, piece.first) if comment else OversizedBlock(piece, shape, offset)


def _take_lines(pending: ByteBuffer, shape: RecordFormat) -> LineBlock | None:
    first_line, offset = pending.next_line, pending.offset
    raw = pending.consume_lines()
    return LineBlock(raw, first_line, offset, shape) if raw else None


def _frame_pending(pending: ByteBuffer, shape: RecordFormat) -> FrameBlock | None:
    """Return the records that end within the pending bytes, None where no line ends there."""
    stop = len(pending) if pending.ended else last_line_stop(pending.data)
    if not stop:
        return None
    frame = frame_block(
        pending.data[:stop],
        dialect=shape.dialect,
        fields=shape.fields,
        first_line=pending.next_line,
        offset=pending.offset,
        final=pending.ended,
    )
    pending.consume(frame.consumed)
    return FrameBlock(frame, shape)
