"""Frame a block of bytes into records: offsets, line numbers and malformed records."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from callcenter_etl.sources.block_text import decode_block
from callcenter_etl.sources.dialect import Dialect, Marks, mark_block
from callcenter_etl.sources.encodings import is_ascii_superset
from callcenter_etl.sources.lines import Lines, find_lines, lines_that_begin
from callcenter_etl.sources.quotes import Scan, closes_with_backslashes, doubtful_lines, scan_record
from callcenter_etl.sources.surrounding_lines import LineTotals, comment_bytes

Offsets = NDArray[np.int64]
Flags = NDArray[np.bool_]

SOUND, TOO_LONG, QUOTE, ENCODING, FIELDS = range(5)
STRUCTURAL_RULES = {
    TOO_LONG: "record.too_long",
    QUOTE: "record.quote",
    ENCODING: "record.encoding",
    FIELDS: "record.fields",
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

    `offset` is the byte of the source at which `raw` starts. `starts`, `stops` are offsets into `raw`; `text_starts`, `text_stops` into `text`, which is the block as UTF-8 with
    the bytes of `marks`. `lines` are 1-based, `line_counts` the physical lines of each record. `consumed` bytes of the
    block were framed; the rest belongs to a record that continues. All arrays have the shape (records,).
    """

    raw: bytes
    offset: int
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
    `offset` the byte of the source at which the block starts. Raises SourceError as `mark_block` does.
    """
    block = _Lines.of(raw, dialect)
    # The order of the three checks is that of the structural reasons: the first one that applies is the record's.
    too_long = np.flatnonzero(block.lines.ends - block.lines.starts > dialect.max_record_bytes)
    for line in too_long.tolist():
        if not block.is_comment(line):
            block.reasons[line] = (TOO_LONG, too_long_reason(dialect))
    kept = _judge_quotes(block, dialect=dialect, fields=fields, final=final)
    _judge_decoding(block, dialect, offset)
    return _assemble(block, kept, fields=fields, first_line=first_line, offset=offset)


def too_long_reason(dialect: Dialect) -> str:
    """Return the reason of a record that is over the size limit."""
    return f"the record is over {dialect.max_record_bytes:,} bytes long"


@dataclass(slots=True)
class _Lines:
    """The lines of a block in its own bytes and as text, and by line the reason why it is malformed.

    For each line `owner` is the line that opens its record, and `counts` the number of lines of that record, shape
    (lines,) both; `comments` are the lines that begin as a comment does, None without comments.
    """

    raw: bytes
    lines: Lines
    text: bytes
    text_lines: Lines
    marks: Marks
    bad: dict[int, tuple[int, int]]
    comments: Flags | None
    owner: Offsets
    counts: Offsets
    reasons: dict[int, tuple[int, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, raw: bytes, dialect: Dialect) -> _Lines:
        lines = find_lines(raw)
        decoded = decode_block(raw, lines, dialect)
        text, marks = mark_block(decoded.data, dialect)
        text_lines = lines if text is raw else find_lines(text)
        if len(text_lines) != len(lines):
            raise AssertionError("decoding changed the number of lines")
        # In the stream's own bytes, of which a comment may hold any: it is never malformed.
        start = comment_bytes(dialect.comment, dialect.encoding)
        comments = None if start is None else lines_that_begin(raw, lines, start)
        owner, counts = np.arange(len(lines)), np.ones(len(lines), dtype=np.int64)
        return cls(raw, lines, text, text_lines, marks, decoded.bad, comments, owner, counts)

    def is_comment(self, line: int) -> bool:
        return self.comments is not None and bool(self.comments[line])


def _judge_decoding(block: _Lines, dialect: Dialect, offset: int) -> None:
    for line, (byte, at) in block.bad.items():
        opener = int(block.owner[line])
        # A line within a joined record belongs to a value, whatever it begins with.
        if block.is_comment(opener):
            continue
        place = f"at byte {offset + int(block.lines.starts[line]) + at:,} of the source"
        if not is_ascii_superset(dialect.encoding):
            place = f"at byte {at:,} of the line as UTF-8"
        sentence = f"byte 0x{byte:02X} {place} cannot be decoded as {dialect.encoding}"
        block.reasons.setdefault(opener, (ENCODING, sentence))


_OPEN = "a quote is still open at the end of the line (if values may hold line breaks, declare source.multiline: true)"
_BACKSLASH = (
    "a quote inside a value is escaped with a backslash, which this reading does not know "
    "(ask the sender to double quotes inside values)"
)


def _judge_quotes(block: _Lines, *, dialect: Dialect, fields: int, final: bool) -> int:
    """Scan every doubtful line, and return the number of lines framed; the rest waits for more of the source."""
    text, lines, marks, reasons = block.text, block.text_lines, block.marks, block.reasons
    resume = 0
    for line in doubtful_lines(text, lines, marks).tolist():
        if line < resume or line in reasons or block.is_comment(line):
            continue
        start, end = int(lines.starts[line]), int(lines.ends[line])
        may_join, reason = _judge_line(text, start, end, marks, dialect=dialect, fields=fields)
        if reason is not None:
            reasons[line] = (QUOTE, reason)
        if not may_join:
            continue
        last = min(line + dialect.max_joined_lines, len(lines)) - 1
        limit = int(min(lines.ends[last], start + dialect.max_joined_bytes))
        scan = scan_record(text, start, limit, marks)
        most = dialect.max_joined_lines
        within_block = last == len(lines) - 1 and limit == int(lines.ends[last]) and len(lines) - line < most
        if scan.open and within_block and not final:  # its closing quote may be in the next block
            return int(line)
        if _joins(scan, fields, dialect):
            count = int(np.searchsorted(lines.starts, scan.stop, side="right")) - line
            block.owner[line : line + count] = line
            block.counts[line] = count
            resume = line + count
        else:
            reasons[line] = (QUOTE, "a quote is opened that no following line closes so as to make a record")
    return len(lines)


def _judge_line(
    text: bytes, start: int, end: int, marks: Marks, *, dialect: Dialect, fields: int
) -> tuple[bool, str | None]:
    """Return whether the next lines may belong to this line's record, and the reason if this line alone is malformed."""
    scan = scan_record(text, start, end, marks)
    if not scan.open:
        tail = scan.text_after_quote and not dialect.lenient
        return False, "there is text after a closing quote" if tail else None
    if not dialect.multiline:
        return False, _OPEN
    # Lenient quoting accepts any text after a closing quote, so a line with quotes escaped by backslashes would be
    # joined with its neighbours.
    if dialect.lenient and closes_with_backslashes(text, start, end, marks, fields=fields):
        return False, _BACKSLASH
    return True, None


def _joins(scan: Scan, fields: int, dialect: Dialect) -> bool:
    sound = dialect.lenient or not scan.text_after_quote
    return not scan.open and sound and scan.fields == fields


def _malformed_records(
    openers: Offsets, reasons: dict[int, tuple[int, str]], kept: int
) -> tuple[MalformedRecord, ...]:
    return tuple(
        MalformedRecord(record=int(np.searchsorted(openers, line)), status=status, reason=reason)
        for line, (status, reason) in sorted(reasons.items())
        if line < kept
    )


def _assemble(block: _Lines, kept: int, *, fields: int, first_line: int, offset: int) -> Frame:
    lines, text_lines, counts = block.lines, block.text_lines, block.counts
    # In a source of one column an empty line is a record with an empty value, elsewhere it is a blank line.
    opens = block.owner[:kept] == np.arange(kept)
    blank = (lines.ends[:kept] == lines.starts[:kept]) & opens if fields > 1 else np.zeros(kept, dtype=bool)
    comment = None if block.comments is None else block.comments[:kept] & opens
    openers = np.flatnonzero(opens & ~(blank if comment is None else blank | comment))
    closers = openers + counts[openers] - 1
    # Mostly every line is a record: then slices of the arrays do, without a copy.
    whole = len(openers) == len(lines)
    from_, to = (slice(None), slice(None)) if whole else (openers, closers)
    return Frame(
        raw=block.raw,
        offset=offset,
        text=block.text,
        marks=block.marks,
        starts=lines.starts[from_],
        stops=lines.stops[to],
        text_starts=text_lines.starts[from_],
        text_stops=text_lines.stops[to],
        lines=openers + first_line,
        line_counts=counts[openers],
        malformed=_malformed_records(openers, block.reasons, kept),
        blank_lines=int(blank.sum()),
        blank_bytes=_bytes_of(lines, blank),
        consumed=int(lines.stops[kept - 1]) if kept else 0,
        joined=bool((counts[openers] > 1).any()),
        comments=LineTotals()
        if comment is None
        else LineTotals(int(comment.sum()), _bytes_of(lines, comment)),
    )


def _bytes_of(lines: Lines, chosen: NDArray[np.bool_]) -> int:
    """Return the bytes of the chosen ones of the first lines, shape (first lines,)."""
    count = len(chosen)
    return int((lines.stops[:count] - lines.starts[:count])[chosen].sum())
