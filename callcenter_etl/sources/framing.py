"""Frame a block of bytes into records: offsets, line numbers and malformed records."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from callcenter_etl.sources.block_marks import Marks, mark_block, write_record
from callcenter_etl.sources.block_text import decode_block
from callcenter_etl.sources.dialect import Dialect
from callcenter_etl.sources.encodings import is_ascii_superset
from callcenter_etl.sources.joining import Joined, LineScanner, join_lines
from callcenter_etl.sources.lines import Lines, find_lines, lines_that_begin
from callcenter_etl.sources.quotes import closes_with_backslashes, doubtful_lines, scan_record
from callcenter_etl.sources.record_scanner import scan_exactly
from callcenter_etl.sources.rewriting import rewrite_block
from callcenter_etl.sources.surrounding_lines import LineTotals, comment_bytes, stream_encoding

Offsets = NDArray[np.int64]
Flags = NDArray[np.bool_]

SOUND, TOO_LONG, QUOTE, ENCODING, FIELDS, WIDTH = range(6)
STRUCTURAL_RULES = {
    TOO_LONG: "record.too_long",
    QUOTE: "record.quote",
    ENCODING: "record.encoding",
    FIELDS: "record.fields",
    WIDTH: "record.width",
}


@dataclass(frozen=True, slots=True)
class MalformedRecord:
    """A record, by its index in the block, that cannot be read as fields, with its structural rule and reason."""

    record: int
    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Frame:
    """The records of one block, in source order.

    `offset` is the byte of the source at which `raw` starts, `codec` the encoding of `raw`. `starts`, `stops` are offsets into `raw`; `text_starts`, `text_stops` into `text`, which is the block as UTF-8 with
    the bytes of `marks`. `lines` are 1-based, `line_counts` the physical lines of each record. `consumed` bytes of the
    block were framed; the rest belongs to a record that continues. All arrays have the shape (records,).
    """

    raw: bytes
    offset: int
    codec: str
    text: bytes
    marks: Marks
    starts: Offsets
    stops: Offsets
    text_starts: Offsets
    text_stops: Offsets
    lines: Offsets
    line_counts: Offsets
    malformed: tuple[MalformedRecord, ...]
    blank_lines: int
    blank_bytes: int
    consumed: int
    joined: bool
    comments: LineTotals = field(default_factory=LineTotals)

    def __len__(self) -> int:
        return len(self.starts)


def frame_block(
    raw: bytes, *, dialect: Dialect, fields: int, first_line: int, offset: int, final: bool
) -> Frame:
    """Return the records of a block of complete lines (its last one may lack a line end when `final`).

    `fields` is the expected number of fields of a record, `first_line` the number of the block's first line and
    `offset` the byte of the source at which the block starts.
    """
    block = _Lines.of(raw, dialect)
    # The order of the three checks is that of the structural reasons: the first one that applies is the record's.
    too_long = np.flatnonzero(block.lines.ends - block.lines.starts > dialect.max_record_bytes)
    for line in too_long.tolist():
        if not block.is_comment(line):
            block.reasons[line] = (TOO_LONG, too_long_reason(dialect))
    passed = too_long if block.comments is None else np.union1d(too_long, np.flatnonzero(block.comments))
    doubtful = block.doubtful[~np.isin(block.doubtful, passed)]
    joined = join_lines(
        doubtful, _scanner_of(block, dialect, fields), dialect=dialect, fields=fields, final=final
    )
    block.reasons.update({line: (QUOTE, reason) for line, reason in joined.faults.items()})
    _judge_decoding(block, joined, dialect, offset)
    return _assemble(block, joined, dialect, fields=fields, first_line=first_line, offset=offset)


def too_long_reason(dialect: Dialect) -> str:
    """Return the reason of a record that is over the size limit."""
    return f"the record is over {dialect.max_record_bytes:,} bytes long"


@dataclass(slots=True)
class _Lines:
    """The lines of a block in its own bytes and as text, and by line the reason why it is malformed.

    `plain` is the text as UTF-8, and `text` the same with the bytes of `marks`; `doubtful` lines need a scan of their
    quotes. `comments` are the lines that begin as a comment does, None without comments.
    """

    raw: bytes
    lines: Lines
    plain: bytes
    plain_lines: Lines
    text: bytes
    text_lines: Lines
    marks: Marks
    doubtful: Offsets
    bad: dict[int, tuple[int, int]]
    comments: Flags | None
    reasons: dict[int, tuple[int, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, raw: bytes, dialect: Dialect) -> _Lines:
        lines = find_lines(raw)
        decoded = decode_block(raw, lines, dialect)
        plain = decoded.data
        plain_lines = lines if plain is raw else find_lines(plain)
        marked = (rewrite_block if dialect.is_rewritten else mark_block)(plain, dialect)
        text_lines = plain_lines if marked.text is plain else find_lines(marked.text)
        if not len(text_lines) == len(plain_lines) == len(lines):
            raise AssertionError("decoding changed the number of lines")
        doubtful = doubtful_lines(marked.text, text_lines, marked.marks)
        if dialect.is_rewritten:
            # The bytes of an undecodable line may be those that represent others.
            further = np.array(sorted(decoded.bad), dtype=np.int64)
            doubtful = np.unique(np.concatenate((doubtful, marked.open_lines, further)))
        # In the stream's own bytes, of which a comment may hold any: it is never malformed.
        start = comment_bytes(dialect.comment, dialect.encoding)
        comments = None if start is None else lines_that_begin(raw, lines, start)
        return cls(
            raw,
            lines,
            plain,
            plain_lines,
            marked.text,
            text_lines,
            marked.marks,
            doubtful,
            decoded.bad,
            comments,
        )

    def is_comment(self, line: int) -> bool:
        return self.comments is not None and bool(self.comments[line])


def _judge_decoding(block: _Lines, joined: Joined, dialect: Dialect, offset: int) -> None:
    for line, (byte, at) in block.bad.items():
        opener = int(joined.owner[line])
        # A line within a joined record belongs to a value, whatever it begins with.
        if block.is_comment(opener):
            continue
        place = f"at byte {offset + int(block.lines.starts[line]) + at:,} of the source"
        if not is_ascii_superset(dialect.encoding):
            place = f"at byte {at:,} of the line as UTF-8"
        sentence = f"byte 0x{byte:02X} {place} cannot be decoded as {dialect.encoding}"
        block.reasons.setdefault(opener, (ENCODING, sentence))


def _scanner_of(block: _Lines, dialect: Dialect, fields: int) -> LineScanner:
    """Return the scanner of doubtful lines: of the text as it was where the block was rewritten."""

    def has_backslashes(line: int) -> bool:
        start, end = int(block.text_lines.starts[line]), int(block.text_lines.ends[line])
        return closes_with_backslashes(block.text, start, end, block.marks, fields=fields)

    if dialect.is_rewritten:
        return LineScanner(
            block.plain_lines,
            lambda start, limit: scan_exactly(block.plain, start, limit, dialect),
            has_backslashes,
        )
    return LineScanner(
        block.text_lines,
        lambda start, limit: scan_record(block.text, start, limit, block.marks),
        has_backslashes,
    )


def _malformed_records(
    openers: Offsets, reasons: dict[int, tuple[int, str]], kept: int
) -> tuple[MalformedRecord, ...]:
    return tuple(
        MalformedRecord(record=int(np.searchsorted(openers, line)), status=status, reason=reason)
        for line, (status, reason) in sorted(reasons.items())
        if line < kept
    )


def _assemble(
    block: _Lines, joined: Joined, dialect: Dialect, *, fields: int, first_line: int, offset: int
) -> Frame:
    lines, kept = block.lines, joined.kept
    # In a delimited source of one column an empty line is a record with an empty value, elsewhere it is a blank line.
    opens = joined.owner[:kept] == np.arange(kept)
    blank = opens & (lines.ends[:kept] == lines.starts[:kept]) & (fields > 1 or dialect.skip_blank_lines)
    comment = None if block.comments is None else block.comments[:kept] & opens
    openers = np.flatnonzero(opens & ~(blank if comment is None else blank | comment))
    closers = openers + joined.counts[openers] - 1
    # Mostly every line is a record: then slices of the arrays do, without a copy.
    from_, to = (slice(None),) * 2 if len(openers) == len(lines) else (openers, closers)
    text = _RecordText(block.text, block.marks, block.text_lines.starts[from_], block.text_lines.stops[to])
    text = _with_scanned(text, openers, joined, dialect)
    return Frame(
        raw=block.raw,
        offset=offset,
        codec=stream_encoding(dialect.encoding),
        text=text.data,
        marks=text.marks,
        starts=lines.starts[from_],
        stops=lines.stops[to],
        text_starts=text.starts,
        text_stops=text.stops,
        lines=openers + first_line,
        line_counts=joined.counts[openers],
        malformed=_malformed_records(openers, block.reasons, kept),
        blank_lines=int(blank.sum()),
        blank_bytes=_bytes_of(lines, blank),
        consumed=int(lines.stops[kept - 1]) if kept else 0,
        joined=bool((joined.counts[openers] > 1).any()),
        comments=_totals(lines, comment),
    )


def _totals(lines: Lines, chosen: Flags | None) -> LineTotals:
    return LineTotals() if chosen is None else LineTotals(int(chosen.sum()), _bytes_of(lines, chosen))


def _bytes_of(lines: Lines, chosen: NDArray[np.bool_]) -> int:
    """Return the bytes of the chosen ones of the first lines, shape (first lines,)."""
    count = len(chosen)
    return int((lines.stops[:count] - lines.starts[:count])[chosen].sum())


@dataclass(frozen=True, slots=True)
class _RecordText:
    """The text of a block, and where each record starts and stops in it."""

    data: bytes
    marks: Marks
    starts: Offsets
    stops: Offsets


def _with_scanned(text: _RecordText, openers: Offsets, joined: Joined, dialect: Dialect) -> _RecordText:
    """Return the text with the records that were scanned exactly behind it, as they were read."""
    if not joined.values:
        return text
    starts, stops, marks = text.starts.copy(), text.stops.copy(), text.marks
    parts, size = [text.data], len(text.data)
    for line, values in joined.values.items():
        part, marks = write_record(values, dialect, marks, quoted_end=line in joined.quoted_ends)
        record = int(np.searchsorted(openers, line))
        starts[record], stops[record] = size, size + len(part)
        parts.append(part)
        size += len(part)
    return _RecordText(b"".join(parts), marks, starts, stops)
