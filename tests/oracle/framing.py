"""Lines to records: alone, or joined where a value runs over line ends."""

from __future__ import annotations

from dataclasses import dataclass

from tests.oracle.lines import Line, loosely, text_of
from tests.oracle.splitter import Dialect, Parsed, Splitter, parse

MAX_JOINED_LINES = 1_000
MAX_JOINED_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Record:
    """One record: `fields` is None exactly where `malformed` names a structural rule."""

    line: int
    raw: bytes
    fields: list[str] | None
    malformed: str | None
    line_count: int
    is_short: bool = False


@dataclass(frozen=True, slots=True)
class Framed:
    """What the lines after the header are."""

    records: list[Record]
    blank: list[Line]
    comments: list[Line]


def is_comment(line: Line, dialect: Dialect) -> bool:
    return dialect.comment is not None and loosely(line.content, dialect.encoding).startswith(dialect.comment)


def frame(lines: list[Line], dialect: Dialect, width: int) -> Framed:
    """Return records, blank lines and comments of the lines after the header and before the footer."""
    framed = Framed([], [], [])
    place = 0
    while place < len(lines):
        if lines[place].content == b"" and width != 1:
            framed.blank.append(lines[place])
            place += 1
        elif is_comment(lines[place], dialect):
            framed.comments.append(lines[place])
            place += 1
        else:
            framed.records.append(record_at(lines, place, dialect, width))
            place += framed.records[-1].line_count
    return framed


def record_at(lines: list[Line], place: int, dialect: Dialect, width: int) -> Record:
    """Return the record that starts on this line: the line alone, or joined with those after it."""
    line = lines[place]
    if len(line.content) > dialect.max_bytes:
        return Record(line.number, line.raw, None, "record.too_long", 1)
    text = loosely(line.content, dialect.encoding)
    parsed = parse(text, dialect)
    if not parsed.is_open:
        return judged(line, 1, parsed, dialect, width)
    # A lenient contract without an escape still does not join a line that is whole where a backslash escapes.
    may_join = dialect.is_strict or dialect.escape is not None or not is_escaped(text, dialect, width)
    if dialect.is_multiline and may_join:
        joined = join(lines, place, dialect, width)
        if joined is not None:
            return joined
    return Record(line.number, line.raw, None, "record.quote", 1)


def is_escaped(text: str, dialect: Dialect, width: int) -> bool:
    """Return whether one line is a whole record where a backslash takes the meaning from the quote after it."""
    fields, place = 0, 0
    while True:
        if text[place : place + 1] == dialect.quote:
            place += 1
            while (
                text[place : place + 1] != dialect.quote
                or text[place : place + 2] == (dialect.quote or "") * 2
            ):
                if place >= len(text):
                    return False
                place += 2 if text[place] in ("\\", dialect.quote) else 1
            place += 1
        else:
            while place < len(text) and not text.startswith(dialect.delimiter, place):
                place += 1
        fields += 1
        if place >= len(text):
            return place == len(text) and fields == width and "\\" in text
        if not text.startswith(dialect.delimiter, place):
            return False
        place += len(dialect.delimiter)


def join(lines: list[Line], place: int, dialect: Dialect, width: int) -> Record | None:
    """Join lines up to the first one that ends no value within; None unless that makes one sound record."""
    content = lines[place].content
    splitter = Splitter(dialect)
    splitter.feed(loosely(content, dialect.encoding))
    last = place
    while splitter.is_open:
        last += 1
        if last >= len(lines) or last - place + 1 > MAX_JOINED_LINES:
            return None
        ending = lines[last - 1].ending
        content += ending + lines[last].content
        if len(content) > MAX_JOINED_BYTES:
            return None
        splitter.feed_line_end(ending.decode("ascii"))
        # A quote character never joins with one of the next line, so each line can be read for itself.
        splitter.feed(loosely(lines[last].content, dialect.encoding))
    parsed = splitter.finish()
    if not parsed.fits(width, dialect) or (dialect.is_strict and parsed.has_tail):
        return None
    joined = Line(lines[place].number, content, lines[last].ending)
    return judged(joined, last - place + 1, parsed, dialect, width)


def judged(text: Line, line_count: int, parsed: Parsed, dialect: Dialect, width: int) -> Record:
    """Return the record without an open quote, with its structural rule or its fields."""
    malformed: str | None = None
    missing = width - len(parsed.fields)
    is_short = missing > 0 and dialect.may_be_short and line_count == 1
    if dialect.is_strict and parsed.has_tail:
        malformed = "record.quote"
    elif text_of(text.content, dialect.encoding) is None:
        malformed = "record.encoding"
    elif not parsed.fits(width, dialect) and not is_short:
        malformed = "record.fields"
    if malformed is not None:
        return Record(text.number, text.raw, None, malformed, line_count)
    fields = (parsed.fields + [""] * missing)[:width]
    return Record(text.number, text.raw, fields, None, line_count, is_short)
