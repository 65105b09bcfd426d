"""Check quoting: a vectorised test that clears most lines, and an exact scan of the others."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from callcenter_etl.sources.block_marks import Marks
from callcenter_etl.sources.lines import CR, LF, Lines, places_of
from callcenter_etl.sources.record_scanner import Scan


def doubtful_lines(text: bytes, lines: Lines, marks: Marks) -> NDArray[np.int64]:
    """Return the indices of the lines that need an exact scan of their quotes, shape (doubtful lines,).

    A line needs none when its quotes come in pairs, every first one of a pair opens a field or directly follows
    another quote (an escaped quote), and every second one ends a field or is followed by a quote.
    """
    if marks.quote is None or marks.quote not in text:
        return np.empty(0, dtype=np.int64)
    data = np.frombuffer(text, dtype=np.uint8)
    at = places_of(data, marks.quote)
    if _all_plain(data, at, lines, marks):
        return np.empty(0, dtype=np.int64)
    # A quote opens or closes by its number within its line, so a stray quote does not affect the next line.
    line = np.searchsorted(lines.stops, at, side="right")
    counts = np.bincount(line, minlength=len(lines))
    firsts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    opening = (np.arange(len(at)) - firsts[line]) % 2 == 0
    before = data[np.maximum(at - 1, 0)]
    after = data[np.minimum(at + 1, len(data) - 1)]
    opens = (at == lines.starts[line]) | (before == marks.delimiter)
    closes = (at + 1 == lines.ends[line]) | (after == marks.delimiter)
    if marks.double_quote:
        opens |= before == marks.quote
        closes |= after == marks.quote
    doubt = np.where(opening, ~opens, ~closes)
    doubtful = np.zeros(len(lines), dtype=bool)
    doubtful[line[doubt]] = True
    doubtful |= counts % 2 == 1
    return np.flatnonzero(doubtful)


def _all_plain(data: NDArray[np.uint8], at: NDArray[np.int64], lines: Lines, marks: Marks) -> bool:
    """Return whether no line needs an exact scan."""
    # Most blocks are well quoted, and this test costs half as much as finding the doubtful lines.
    if len(at) % 2:
        return False
    first, second = at[::2], at[1::2]
    before, after = data[np.maximum(first - 1, 0)], data[np.minimum(second + 1, len(data) - 1)]
    opens = (before == marks.delimiter) | (before == LF) | (before == CR)
    closes = (after == marks.delimiter) | (after == LF) | (after == CR)
    if marks.double_quote:
        opens |= before == marks.quote
        closes |= after == marks.quote
    if not (opens | (first == 0)).all() or not (closes | (second == len(data) - 1)).all():
        return False
    # Each pair is within one line.
    return bool((lines.ends[np.searchsorted(lines.stops, first, side="right")] > second).all())


@lru_cache
def _patterns(
    delimiter: int, quote: int, *, double_quote: bool
) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    d, q = re.escape(bytes([delimiter])), re.escape(bytes([quote]))
    # Possessive quantifiers: without backtracking a scan takes time in proportion to the record's length.
    doubled = rb"|" + q + q if double_quote else rb""
    closing = re.compile(rb"(?:[^" + q + rb"]++" + doubled + rb")*+" + q)
    field_end = re.compile(rb"[^\r\n" + d + rb"]*+")
    return closing, field_end


def scan_record(text: bytes, start: int, limit: int, marks: Marks) -> Scan:
    """Scan one record from `start`, across line ends inside quotes, up to `limit` at most.

    Where a quote is not closed before `limit`, the result has `open` and `stop` is `limit`.
    """
    if marks.quote is None:
        raise TypeError("a scan needs a quote")
    closing, field_end = _patterns(marks.delimiter, marks.quote, double_quote=marks.double_quote)
    position, fields, after_quote = start, 1, False
    while True:
        first = position
        if position < limit and text[position] == marks.quote:
            match = closing.match(text, position + 1, limit)
            if match is None:
                return Scan(fields=fields, stop=limit, open=True, text_after_quote=after_quote)
            position = match.end()
            if position < limit and text[position] not in (marks.delimiter, 10, 13):
                after_quote = True
        match = field_end.match(text, position, limit)
        position = limit if match is None else match.end()
        if position >= limit or text[position] != marks.delimiter:
            trailing = fields > 1 and position == first
            return Scan(fields, position, open=False, text_after_quote=after_quote, trailing=trailing)
        fields += 1
        position += 1


@lru_cache
def _escaped_record(delimiter: int, quote: int, fields: int) -> re.Pattern[bytes]:
    d, q = re.escape(bytes([delimiter])), re.escape(bytes([quote]))
    field = (
        rb"(?:"
        + q
        + rb"(?:[^"
        + q
        + rb"\\]++|\\.|"
        + q
        + q
        + rb")*+"
        + q
        + rb"|(?!"
        + q
        + rb")[^"
        + d
        + rb"]*+)"
    )
    return re.compile(field + rb"(?:" + d + field + rb"){" + str(fields - 1).encode() + rb"}", re.DOTALL)


def closes_with_backslashes(text: bytes, start: int, end: int, marks: Marks, *, fields: int) -> bool:
    r"""Return whether a line is one record of `fields` fields where `\"` escapes a quote."""
    if marks.quote is None or b"\\" not in text[start:end]:
        return False
    return _escaped_record(marks.delimiter, marks.quote, fields).fullmatch(text, start, end) is not None
