"""A slow, obvious reader of delimited text, one character at a time, after the page on the design of dialects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LINE = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Style:
    delimiter: str = ","
    quote: str | None = '"'
    escape: str | None = None
    double_quote: bool | None = None
    skip_initial_space: bool = False
    trailing_delimiter: bool = False
    short_records: str = "malformed"
    quoting: str = "strict"
    multiline: bool = False
    empty_values: tuple[str, ...] = ("",)
    comment: str | None = None

    @property
    def doubles(self) -> bool:
        return self.escape is None if self.double_quote is None else self.double_quote


@dataclass(frozen=True)
class Read:
    """A record: its first line, its number of lines, its values or the structural rule that it breaks."""

    line: int
    lines: int
    values: tuple[str, ...] | None
    rule: str = ""
    short: bool = False


@dataclass
class _Scan:
    values: list[str]
    stop: int
    open: bool = False
    tail: bool = False
    trailing: bool = False


def read(text: str, style: Style, fields: int) -> Iterator[Read]:
    starts, ends = _lines(text)
    at = 0
    while at < len(starts):
        if fields > 1 and starts[at] == ends[at]:
            at += 1
            continue
        scan, count = _scan(text, starts[at], ends[at], style), 1
        broken = scan.open
        if scan.open and style.multiline:
            longer = _scan(text, starts[at], ends[-1], style)
            if not longer.open and _sound(longer, style) and _whole(longer, style, fields):
                scan, broken = longer, False
                count = sum(starts[at] <= start <= longer.stop for start in starts)
        if broken or not _sound(scan, style):
            yield Read(at + 1, 1, None, "record.quote")
        elif _whole(scan, style, fields):
            yield Read(at + 1, count, tuple(scan.values[:fields]))
        elif len(scan.values) < fields and style.short_records == "empty":
            missing = fields - len(scan.values)
            yield Read(at + 1, 1, (*scan.values, *[""] * missing), short=True)
        else:
            yield Read(at + 1, 1, None, "record.fields")
        at += count


def _lines(text: str) -> tuple[list[int], list[int]]:
    starts, ends, position = [], [], 0
    for match in LINE.finditer(text):
        starts.append(position)
        ends.append(match.start())
        position = match.end()
    if position < len(text):
        starts.append(position)
        ends.append(len(text))
    return starts, ends


def _sound(scan: _Scan, style: Style) -> bool:
    return style.quoting == "lenient" or not scan.tail


def _whole(scan: _Scan, style: Style, fields: int) -> bool:
    found = len(scan.values)
    return found == fields or (style.trailing_delimiter and scan.trailing and found == fields + 1)


def _scan(text: str, at: int, end: int, style: Style) -> _Scan:
    values: list[str] = []
    tail = False
    text = text[:end]
    while True:
        while values and style.skip_initial_space and text.startswith(" ", at):
            at += 1
        start, value, closed, quoted = at, _verbatim(text, at, style), True, False
        if value is not None:
            at += len(value)
        else:
            value = ""
            quoted = style.quote is not None and text.startswith(style.quote, at)
            if quoted:
                value, at, closed = _quoted(text, at + 1, style)
            if closed:
                behind = at
                more, at, closed = _unquoted(text, at, style)
                value += more
                tail |= quoted and at > behind
        values.append(value)
        if not closed:
            return _Scan(values, end, open=True, tail=tail)
        if not text.startswith(style.delimiter, at):
            return _Scan(values, at, tail=tail, trailing=len(values) > 1 and at == start)
        at += len(style.delimiter)


def _unquoted(text: str, at: int, style: Style) -> tuple[str, int, bool]:
    value = ""
    while at < len(text) and text[at] not in "\r\n" and not text.startswith(style.delimiter, at):
        if text[at] == style.escape:
            taken = _pair(text, at)
            if not taken:
                return value, at, False
            value += taken
            at += 1 + len(taken)
        else:
            value += text[at]
            at += 1
    return value, at, True


def _quoted(text: str, at: int, style: Style) -> tuple[str, int, bool]:
    value, quote = "", style.quote or ""
    while at < len(text):
        if text[at] == style.escape:
            taken = _pair(text, at)
            if not taken:
                return value, at, False
            value += taken
            at += 1 + len(taken)
        elif text.startswith(quote * 2, at) and style.doubles:
            value += quote
            at += 2
        elif text[at] == quote:
            return value, at + 1, True
        else:
            value += text[at]
            at += 1
    return value, at, False


def _pair(text: str, at: int) -> str:
    """Return the text of which an escape takes the meaning, "" where the escape is the last character."""
    return "\r\n" if text.startswith("\r\n", at + 1) else text[at + 1 : at + 2]


def _verbatim(text: str, at: int, style: Style) -> str | None:
    for value in style.empty_values:
        if not value or (style.quote is not None and value.startswith(style.quote)):
            continue
        if style.delimiter in value or LINE.search(value) or not text.startswith(value, at):
            continue
        rest = text[at + len(value) :]
        if not rest or rest[0] in "\r\n" or rest.startswith(style.delimiter):
            escapes = len(value) - len(value.rstrip(style.escape)) if style.escape else 0
            if escapes % 2 == 0:
                return value
    return None
