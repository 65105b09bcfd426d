"""Rewrite a block without escapes and without spaces after delimiters, for whole blocks at once.

Lines keep their number and their line ends. An escape before a line end stays in the text: it makes its line doubtful,
and doubtful lines are scanned exactly (`record_scanner.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from callcenter_etl.sources.block_marks import (
    COVERED,
    DELIMITER,
    ESCAPE,
    PADDING,
    QUOTE,
    VERBATIM,
    MarkedBlock,
    Marks,
    mark_block,
    mark_quotes,
)
from callcenter_etl.sources.dialect import Dialect
from callcenter_etl.sources.lines import CR, LF, find_lines, places_of

Offsets = NDArray[np.int64]
Bytes = NDArray[np.uint8]
_SPACE = ord(" ")
_MIN_SLICE = 200  # bytes


def rewrite_block(text: bytes, dialect: Dialect) -> MarkedBlock:
    """Return the block as a dialect without escapes and spaces after delimiters, with single-byte marks."""
    if not _needs_rewriting(text, dialect):
        return mark_block(text, dialect)
    text, marks = mark_quotes(text, dialect)
    text, marks = _with_single_escape(text, dialect, marks)
    source = np.frombuffer(text, dtype=np.uint8)
    active = _active_escapes(source, _escape_byte(dialect))
    at_end = np.isin(source[np.minimum(active + 1, len(source) - 1)], (CR, LF)) | (active + 1 == len(source))
    open_lines = _lines_at(text, active[at_end])
    active = active[~at_end]
    block, marks = _without_meaning(source, active + 1, dialect, marks)
    dropped = _padding(block, dialect, marks)
    if dialect.skip_initial_space:
        dropped.append(_initial_spaces(block, dialect, marks))
    verbatim = _verbatim_escapes(source, active, block, dialect, marks)
    if verbatim.any():
        block[active[verbatim]] = VERBATIM
        marks = replace(marks, verbatim=_verbatim_fields(dialect, marks))
    dropped.append(active[~verbatim])
    return MarkedBlock(_without(block, np.concatenate(dropped)), marks, open_lines)


def _without(block: Bytes, dropped: Offsets) -> bytes:
    """Return the block without the bytes at some offsets."""
    if len(dropped) * _MIN_SLICE > len(block):
        keep = np.ones(len(block), dtype=bool)
        keep[dropped] = False
        return block[keep].tobytes()
    # A mask costs the same however few bytes are dropped; slices are cheaper where they are long.
    ends = np.sort(dropped)
    starts = np.concatenate(([0], ends + 1))
    stops = np.concatenate((ends, [len(block)]))
    view = block.data
    return b"".join(view[start:stop] for start, stop in zip(starts.tolist(), stops.tolist(), strict=True))


def _needs_rewriting(text: bytes, dialect: Dialect) -> bool:
    if dialect.escape is not None and dialect.escape.encode("utf-8") in text:
        return True
    return dialect.skip_initial_space and (dialect.delimiter + " ").encode("utf-8") in text


def _with_single_escape(text: bytes, dialect: Dialect, marks: Marks) -> tuple[bytes, Marks]:
    escape = (dialect.escape or "").encode("utf-8")
    if len(escape) < 2:
        return text, marks
    return text.replace(escape, bytes([ESCAPE])), marks.restoring([(ESCAPE, escape)])


def _escape_byte(dialect: Dialect) -> int | None:
    """Return the byte that represents the escape in a block."""
    if dialect.escape is None:
        return None
    return ord(dialect.escape) if dialect.escape.isascii() else ESCAPE


def _lines_at(text: bytes, offsets: Offsets) -> Offsets:
    if not len(offsets):
        return offsets
    return np.unique(np.searchsorted(find_lines(text).stops, offsets, side="right"))


def _active_escapes(source: Bytes, escape: int | None) -> Offsets:
    """Return the offsets of the escapes that are not escaped themselves."""
    if escape is None:
        return np.empty(0, dtype=np.int64)
    at = places_of(source, escape)
    # From left to right in a run of escapes, every second one is escaped. No run crosses a line end.
    number = np.arange(len(at))
    starts = np.ones(len(at), dtype=bool)
    starts[1:] = at[1:] != at[:-1] + 1
    first = np.maximum.accumulate(np.where(starts, number, 0))
    active: Offsets = at[(number - first) % 2 == 0]
    return active


def _without_meaning(source: Bytes, escaped: Offsets, dialect: Dialect, marks: Marks) -> tuple[Bytes, Marks]:
    """Return the block with stand-ins for the escaped marks, and a single byte, padded, for each delimiter."""
    block = source.copy()
    delimiter = dialect.delimiter.encode("utf-8")
    meant = source[escaped]
    stand_ins = [] if marks.quote is None else [(QUOTE, marks.quote, (dialect.quote or "").encode("utf-8"))]
    if len(delimiter) == 1:
        stand_ins.append((DELIMITER, marks.delimiter, delimiter))
    else:
        # While delimiters are looked for, an escaped character is none of theirs.
        block[escaped] = COVERED
        padded = bytes([marks.delimiter, *[PADDING] * (len(delimiter) - 1)])
        block = np.frombuffer(block.tobytes().replace(delimiter, padded), dtype=np.uint8).copy()
        block[escaped] = meant
    for stand_in, mark, wanted in stand_ins:
        hits = escaped[meant == mark]
        if len(hits):
            block[hits] = stand_in
            marks = marks.restoring([(stand_in, wanted)])
    return block, marks


def _padding(block: Bytes, dialect: Dialect, marks: Marks) -> list[Offsets]:
    """Return the offsets of the padding after the bytes that represent delimiters."""
    length = len(dialect.delimiter.encode("utf-8"))
    if length == 1:
        return []
    at = places_of(block, marks.delimiter)
    return [at + further for further in range(1, length)]


def _initial_spaces(block: Bytes, dialect: Dialect, marks: Marks) -> Offsets:
    """Return the offsets of the spaces that follow a delimiter outside quotes."""
    spaces = places_of(block, _SPACE)
    length = len(dialect.delimiter.encode("utf-8"))
    starts = np.ones(len(spaces), dtype=bool)
    starts[1:] = spaces[1:] != spaces[:-1] + 1
    before = spaces[starts] - length
    skipped = (before >= 0) & (block[np.maximum(before, 0)] == marks.delimiter)
    if marks.quote is not None:
        skipped &= _outside_quotes(block, spaces[starts], marks.quote)
    skipped_spaces: Offsets = spaces[skipped[np.cumsum(starts) - 1]]
    return skipped_spaces


def _outside_quotes(block: Bytes, at: Offsets, quote: int) -> NDArray[np.bool_]:
    """Return which offsets have an even number of quotes before them in their line."""
    # In a line where this does not hold, a quote opens or closes no value, and such lines are scanned exactly.
    quotes = places_of(block, quote)
    if not len(quotes):
        return np.ones(len(at), dtype=bool)
    lines = find_lines(block.tobytes())
    line_starts = lines.starts[np.searchsorted(lines.stops, at, side="right")]
    before = np.searchsorted(quotes, at) - np.searchsorted(quotes, line_starts)
    return np.asarray(before % 2 == 0)


def _verbatim_escapes(
    source: Bytes, active: Offsets, block: Bytes, dialect: Dialect, marks: Marks
) -> NDArray[np.bool_]:
    """Return which active escapes are in the text of a verbatim value between two delimiters or line ends."""
    # Such a text may still be a part of a quoted value, which is known when fields are; then it loses its escapes.
    found = np.zeros(len(active), dtype=bool)
    starts_field = _field_boundaries(block, dialect, marks)
    for value in dialect.verbatim:
        text = np.frombuffer(_marked(value, dialect, marks), dtype=np.uint8)
        for offset in _active_escapes(text, _escape_byte(dialect)).tolist():
            starts = active - offset
            fits = (starts >= 0) & (starts + len(text) <= len(source))
            for at, byte in enumerate(text.tolist()):
                fits[fits] = source[starts[fits] + at] == byte
            stops = starts[fits] + len(text)
            ends = np.isin(block[np.minimum(stops, len(block) - 1)], (CR, LF, marks.delimiter))
            fits[fits] = starts_field(starts[fits]) & (ends | (stops == len(block)))
            found |= fits
    return found


def _field_boundaries(block: Bytes, dialect: Dialect, marks: Marks) -> Callable[[Offsets], NDArray[np.bool_]]:
    """Return the test whether a field starts at some offsets, or spaces that belong to none end there."""
    delimiter = marks.delimiter if len(dialect.delimiter.encode("utf-8")) == 1 else PADDING
    before = [CR, LF, delimiter, *([_SPACE] if dialect.skip_initial_space else [])]
    return lambda at: np.asarray((at == 0) | np.isin(block[np.maximum(at - 1, 0)], before))


def _verbatim_fields(dialect: Dialect, marks: Marks) -> tuple[tuple[bytes, bytes], ...]:
    """Return the verbatim values as they are in a rewritten block, with their text."""
    fields = []
    for value in dialect.verbatim:
        source = np.frombuffer(_marked(value, dialect, marks), dtype=np.uint8)
        active = _active_escapes(source, _escape_byte(dialect))
        block, _ = _without_meaning(source, active + 1, dialect, marks)
        block[active] = VERBATIM
        fields.append((block.tobytes(), value.encode("utf-8")))
    return tuple(fields)


def _marked(value: str, dialect: Dialect, marks: Marks) -> bytes:
    """Return a value with the single bytes of a block."""
    text = value.encode("utf-8")
    singles = [(dialect.quote, marks.quote), (dialect.escape, ESCAPE)]
    for mark, byte in singles:
        if mark is not None and byte is not None and not mark.isascii():
            text = text.replace(mark.encode("utf-8"), bytes([byte]))
    return text
