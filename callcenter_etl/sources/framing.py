"""Frame a block of bytes into records: offsets, line numbers and malformed records."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callcenter_etl.sources.block_text import Marks, mark_block, write_record
from callcenter_etl.sources.dialect import Dialect
from callcenter_etl.sources.encodings import bad_byte, is_ascii_superset
from callcenter_etl.sources.joining import Joined, LineScanner, join_lines
from callcenter_etl.sources.lines import Lines, find_lines
from callcenter_etl.sources.quotes import closes_with_backslashes, doubtful_lines, scan_record
from callcenter_etl.sources.record_scanner import scan_exactly
from callcenter_etl.sources.rewriting import rewrite_block

Offsets = NDArray[np.int64]

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

    def __len__(self) -> int:
        return len(self.starts)


@dataclass(frozen=True, slots=True)
class _Text:
    """A block as UTF-8, and by line the first undecodable byte: (byte, offset in the line)."""

    data: bytes
    bad: dict[int, tuple[int, int]]


def frame_block(
    raw: bytes, *, dialect: Dialect, fields: int, first_line: int, offset: int, final: bool
) -> Frame:
    """Return the records of a block of complete lines (its last one may lack a line end when `final`).

    `fields` is the expected number of fields of a record, `first_line` the number of the block's first line and
    `offset` the byte of the source at which the block starts.
    """
    lines = find_lines(raw)
    decoded = _decode(raw, lines, dialect)
    block = _block_of(decoded, raw, lines, dialect)
    # The order of the three checks is that of the structural reasons: the first one that applies is the record's.
    too_long = np.flatnonzero(lines.ends - lines.starts > dialect.max_record_bytes)
    faults = {int(line): (TOO_LONG, too_long_reason(dialect)) for line in too_long}
    joined = join_lines(
        block.doubtful[~np.isin(block.doubtful, too_long)],
        _scanner_of(block, dialect, fields),
        dialect=dialect,
        fields=fields,
        final=final,
    )
    faults |= {line: (QUOTE, reason) for line, reason in joined.faults.items()}
    for line, (byte, at) in decoded.bad.items():
        opener = int(joined.owner[line])
        place = f"at byte {offset + int(lines.starts[line]) + at:,} of the source"
        if not is_ascii_superset(dialect.encoding):
            place = f"at byte {at:,} of the line as UTF-8"
        faults.setdefault(
            opener, (ENCODING, f"byte 0x{byte:02X} {place} cannot be decoded as {dialect.encoding}")
        )
    return _assemble(
        raw=raw,
        block=block,
        lines=lines,
        joined=joined,
        faults=faults,
        dialect=dialect,
        one_column=fields == 1,
        first_line=first_line,
        offset=offset,
    )


def too_long_reason(dialect: Dialect) -> str:
    """Return the reason of a record that is over the size limit."""
    return f"the record is over {dialect.max_record_bytes:,} bytes long"


@dataclass(frozen=True, slots=True)
class _BlockText:
    """Text of a block in two forms: `plain` as UTF-8, and `text` with the bytes of `marks`; and the doubtful lines."""

    plain: bytes
    plain_lines: Lines
    text: bytes
    text_lines: Lines
    marks: Marks
    doubtful: Offsets


def _block_of(decoded: _Text, raw: bytes, lines: Lines, dialect: Dialect) -> _BlockText:
    plain_lines = lines if decoded.data is raw else find_lines(decoded.data)
    if not dialect.is_rewritten:
        text, marks = mark_block(decoded.data, dialect)
        open_lines = np.empty(0, dtype=np.int64)
    else:
        rewritten = rewrite_block(decoded.data, dialect)
        text, marks = rewritten.text, rewritten.marks
        # The bytes of an undecodable line may be those that represent others.
        open_lines = np.union1d(rewritten.open_lines, np.array(sorted(decoded.bad), dtype=np.int64))
    text_lines = plain_lines if text is decoded.data else find_lines(text)
    if not len(text_lines) == len(plain_lines) == len(lines):
        raise AssertionError("decoding changed the number of lines")
    doubtful = doubtful_lines(text, text_lines, marks)
    if len(open_lines):
        doubtful = np.union1d(doubtful, open_lines)
    return _BlockText(decoded.data, plain_lines, text, text_lines, marks, doubtful)


def _scanner_of(block: _BlockText, dialect: Dialect, fields: int) -> LineScanner:
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


def _decode(raw: bytes, lines: Lines, dialect: Dialect) -> _Text:
    if raw.isascii() and is_ascii_superset(dialect.encoding):
        return _Text(raw, {})
    # A stream in an encoding that is not a superset of ASCII was transcoded before it came here, so it is UTF-8.
    direct = is_ascii_superset(dialect.encoding)
    utf8 = not direct or dialect.encoding.lower().replace("_", "-") in ("utf-8", "utf8")
    try:
        decoded = raw.decode("utf-8" if utf8 else dialect.encoding)
    except UnicodeDecodeError:
        return _Text(raw, _bad_lines(raw, lines, dialect)) if utf8 else _decode_lines(raw, lines, dialect)
    return _Text(raw if utf8 else decoded.encode("utf-8"), {})


def _bad_lines(raw: bytes, lines: Lines, dialect: Dialect) -> dict[int, tuple[int, int]]:
    """Return the undecodable byte of each line that is not UTF-8; decoding continues after each of these lines."""
    bad: dict[int, tuple[int, int]] = {}
    view = memoryview(raw)
    position = 0
    while position < len(raw):
        try:
            codecs.utf_8_decode(view[position:], "strict", True)  # noqa: FBT003  the codec takes it by position
            break
        except UnicodeDecodeError as error:
            line = int(np.searchsorted(lines.stops, position + error.start, side="right"))
        start, stop = int(lines.starts[line]), int(lines.stops[line])
        found = bad_byte(raw[start:stop], dialect.encoding)
        if found is not None:
            bad[line] = found
        position = stop
    return bad


def _decode_lines(raw: bytes, lines: Lines, dialect: Dialect) -> _Text:
    """Return the text decoded line by line, so that an undecodable byte makes its own line malformed and no other."""
    bad: dict[int, tuple[int, int]] = {}
    parts: list[bytes] = []
    spans = zip(lines.starts.tolist(), lines.ends.tolist(), lines.stops.tolist(), strict=True)
    for line, (start, end, stop) in enumerate(spans):
        piece = raw[start:end]
        found = None if piece.isascii() else bad_byte(piece, dialect.encoding)
        if found is not None:
            bad[line] = found
        # Without the line end: a truncated multi-byte character would consume it.
        parts.append(piece.decode(dialect.encoding, "replace").encode("utf-8") + raw[end:stop])
    return _Text(b"".join(parts), bad)


def _malformed_records(
    openers: Offsets, faults: dict[int, tuple[int, str]], kept: int
) -> tuple[MalformedRecord, ...]:
    return tuple(
        MalformedRecord(record=int(np.searchsorted(openers, line)), status=status, reason=reason)
        for line, (status, reason) in sorted(faults.items())
        if line < kept
    )


def _assemble(
    *,
    raw: bytes,
    block: _BlockText,
    lines: Lines,
    joined: Joined,
    faults: dict[int, tuple[int, str]],
    dialect: Dialect,
    one_column: bool,
    first_line: int,
    offset: int,
) -> Frame:
    # In a source of one column an empty line is a record with an empty value, elsewhere it is a blank line.
    kept = joined.kept
    opens = joined.owner[:kept] == np.arange(kept)
    blank = np.zeros(kept, dtype=bool) if one_column else opens & (lines.ends[:kept] == lines.starts[:kept])
    openers = np.flatnonzero(opens & ~blank)
    closers = openers + joined.counts[openers] - 1
    # Mostly every line is a record: then slices of the arrays do, without a copy.
    from_, to = (slice(None),) * 2 if len(openers) == len(lines) else (openers, closers)
    text = _RecordText(block.text, block.marks, block.text_lines.starts[from_], block.text_lines.stops[to])
    text = _with_scanned(text, openers, joined, dialect)
    return Frame(
        raw=raw,
        offset=offset,
        codec=dialect.encoding if is_ascii_superset(dialect.encoding) else "utf-8",
        text=text.data,
        marks=text.marks,
        starts=lines.starts[from_],
        stops=lines.stops[to],
        text_starts=text.starts,
        text_stops=text.stops,
        lines=openers + first_line,
        line_counts=joined.counts[openers],
        malformed=_malformed_records(openers, faults, kept),
        blank_lines=int(blank.sum()),
        blank_bytes=int((lines.stops[:kept] - lines.starts[:kept])[blank].sum()),
        consumed=int(lines.stops[kept - 1]) if kept else 0,
        joined=bool((joined.counts[openers] > 1).any()),
    )


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
        part, marks = write_record(values, dialect, marks)
        record = int(np.searchsorted(openers, line))
        starts[record], stops[record] = size, size + len(part)
        parts.append(part)
        size += len(part)
    return _RecordText(b"".join(parts), marks, starts, stops)
