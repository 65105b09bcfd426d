"""Scan one record exactly as its dialect is declared: the reading of headers, and of lines that are in doubt."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from callcenter_etl.sources.dialect import Dialect
from callcenter_etl.sources.lines import CR, LF


@dataclass(frozen=True, slots=True)
class Scan:
    """Result of a scan of a record; `stop` is the offset of the end of its last line's content.

    `open`: a quote is open at `stop`, or an escape is the last character (`escape_at_end`), so that the record may
    continue on the next line. `trailing`: the text ends with a delimiter, behind which there is nothing. `values` are
    the fields as UTF-8, None where the scan only counts them.
    """

    fields: int
    stop: int
    open: bool
    text_after_quote: bool
    trailing: bool = False
    escape_at_end: bool = False
    values: tuple[bytes, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Field:
    """A field: its value, the offset behind it, and the faults as in `Scan`."""

    value: bytes
    stop: int
    open: bool = False
    escape_at_end: bool = False
    text_after_quote: bool = False


@dataclass(frozen=True, slots=True)
class _Syntax:
    """The marks of a dialect as UTF-8, and the patterns of values inside and outside quotes."""

    delimiter: bytes
    quote: bytes
    escape: bytes
    spaces: re.Pattern[bytes]
    inside: re.Pattern[bytes]
    outside: re.Pattern[bytes]
    doubled: re.Pattern[bytes]
    escaped: re.Pattern[bytes]
    verbatim: tuple[bytes, ...]


@lru_cache
def _syntax_of(dialect: Dialect) -> _Syntax:
    delimiter, quote, escape = (
        (mark or "").encode("utf-8") for mark in (dialect.delimiter, dialect.quote, dialect.escape)
    )
    # The further bytes of a character of UTF-8 are never a mark, so that an escape may be read with the first alone.
    pair = re.escape(escape) + rb"(\r\n|[\s\S])" if escape else rb"(?!)()"
    twice = re.escape(quote) * 2 if quote and dialect.double_quote else rb"(?!)"
    # Possessive quantifiers: without backtracking a scan takes time in proportion to the record's length.
    inside = rb"(?:" + _none_of(quote, escape) + rb"|" + pair + rb"|" + twice + rb")*+"
    outside = rb"(?:" + _none_of(delimiter, escape, b"\r", b"\n") + rb"|" + pair + rb")*+"
    return _Syntax(
        delimiter=delimiter,
        quote=quote,
        escape=escape,
        spaces=re.compile(rb" *+"),
        inside=re.compile(inside),
        outside=re.compile(outside),
        doubled=re.compile(pair + rb"|" + twice),
        escaped=re.compile(pair),
        verbatim=tuple(value.encode("utf-8") for value in dialect.verbatim),
    )


def _none_of(*marks: bytes) -> bytes:
    """Return the pattern of text without any of the marks, of which some may be empty."""
    single = b"".join(re.escape(mark) for mark in marks if len(mark) == 1)
    longer = rb"|".join(re.escape(mark) for mark in marks if len(mark) > 1)
    other = rb"[^" + single + rb"]" if single else rb"[\s\S]"
    return rb"(?:(?!" + longer + rb")" + other + rb")++" if longer else other + rb"++"


def scan_exactly(text: bytes, start: int, limit: int, dialect: Dialect) -> Scan:
    """Scan one record of UTF-8 from `start` up to `limit` at most, across line ends that belong to values.

    Where the record does not end before `limit`, the result has `open` and `stop` is `limit`.
    """
    syntax = _syntax_of(dialect)
    values: list[bytes] = []
    position, after_quote = start, False
    while True:
        if values and dialect.skip_initial_space:
            position = _end(syntax.spaces, text, position, limit)
        field = _scan_field(text, position, limit, syntax)
        values.append(field.value)
        after_quote |= field.text_after_quote
        if field.open or not text.startswith(syntax.delimiter, field.stop, limit):
            return Scan(
                fields=len(values),
                stop=field.stop,
                open=field.open,
                text_after_quote=after_quote,
                trailing=len(values) > 1 and field.stop == position,
                escape_at_end=field.escape_at_end,
                values=tuple(values),
            )
        position = field.stop + len(syntax.delimiter)


def _scan_field(text: bytes, start: int, limit: int, syntax: _Syntax) -> _Field:
    for value in syntax.verbatim:
        stop = start + len(value)
        if text.startswith(value, start, limit) and _ends_at(text, stop, limit, syntax):
            return _Field(value, stop)
    value, position = b"", start
    quoted = bool(syntax.quote) and text.startswith(syntax.quote, start, limit)
    if quoted:
        start += len(syntax.quote)
        position = _end(syntax.inside, text, start, limit)
        value = syntax.doubled.sub(_meant(syntax), text[start:position])
        if not text.startswith(syntax.quote, position, limit):
            return _Field(value, limit, open=True, escape_at_end=position < limit)
        position += len(syntax.quote)
    stop = _end(syntax.outside, text, position, limit)
    value += syntax.escaped.sub(rb"\1", text[position:stop])
    if syntax.escape and text.startswith(syntax.escape, stop, limit):
        return _Field(value, limit, open=True, escape_at_end=True, text_after_quote=quoted)
    return _Field(value, stop, text_after_quote=quoted and stop > position)


def _meant(syntax: _Syntax) -> Callable[[re.Match[bytes]], bytes]:
    # A pair is an escape with the character after it, else a doubled quote.
    return lambda pair: syntax.quote if pair[1] is None else pair[1]


def _end(pattern: re.Pattern[bytes], text: bytes, start: int, limit: int) -> int:
    match = pattern.match(text, start, limit)
    return start if match is None else match.end()


def _ends_at(text: bytes, stop: int, limit: int, syntax: _Syntax) -> bool:
    """Return whether a field that stops here is complete."""
    return stop >= limit or text[stop] in (LF, CR) or text.startswith(syntax.delimiter, stop, limit)


def split_fields(line: str, dialect: Dialect) -> list[str]:
    """Return the fields of one record of text, with lenient quoting."""
    return _texts(_scan_line(line, dialect))


def split_header(line: str, dialect: Dialect) -> list[str]:
    """Return the names of a header line, which may end in a delimiter where records may."""
    scan = _scan_line(line, dialect)
    names = _texts(scan)
    return names[:-1] if scan.trailing and dialect.trailing_delimiter else names


def _scan_line(line: str, dialect: Dialect) -> Scan:
    text = line.encode("utf-8", "surrogatepass")
    return scan_exactly(text, 0, len(text), dialect)


def _texts(scan: Scan) -> list[str]:
    return [value.decode("utf-8", "surrogatepass") for value in scan.values or ()]
