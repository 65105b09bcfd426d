"""Bytes to records, one character at a time, as section 4 of the specification says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

BOM = "\ufeff"
# Encodings in which the meaning of a byte depends on a shift before it (RFC 1468, RFC 1843, RFC 2152).
SHIFTED = ("iso2022", "hz", "utf-7")
MAX_JOINED_LINES = 1_000
MAX_JOINED_BYTES = 1 << 20
MAX_RECORD_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Line:
    """One physical line: its content without the terminator, and the terminator."""

    number: int
    content: bytes
    ending: bytes

    @property
    def raw(self) -> bytes:
        return self.content + self.ending


@dataclass(frozen=True, slots=True)
class Record:
    """One record: `fields` is None exactly where `malformed` names a structural rule."""

    line: int
    raw: bytes
    fields: list[str] | None
    malformed: str | None
    line_count: int


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a text means: its fields, whether a quote is open at its end, text after a closing quote."""

    fields: list[str]
    is_open: bool
    has_tail: bool


@dataclass(frozen=True, slots=True)
class Dialect:
    """How to read: the parts of `source` that framing needs; `encoding` is an ASCII superset."""

    delimiter: str
    quote: str | None
    encoding: str
    is_strict: bool
    is_multiline: bool
    max_bytes: int


@dataclass(frozen=True, slots=True)
class ReadResult:
    """A source as records. `positions` maps a declared column to its place in `fields`.

    Where the encoding is no superset of ASCII all bytes here are UTF-8.
    """

    header: bytes
    records: list[Record]
    blank_lines: int
    lines: int
    positions: dict[str, int]
    width: int


REJECT_COLUMNS = {"reject_line", "reject_rules", "reject_reasons", "reject_raw"}


class RefusedError(Exception):
    """The header is not the contract's: the oracle has no opinion about the records."""


def read_source(data: bytes, contract: dict[str, Any], *, max_bytes: int = MAX_RECORD_BYTES) -> ReadResult:
    """Frame `data` into records; raises RefusedError where the header does not keep the contract."""
    source: dict[str, Any] = contract.get("source", {})
    data, encoding = to_ascii_superset(data, source.get("encoding", "utf-8"))
    dialect = Dialect(
        delimiter=source.get("delimiter", ","),
        quote=source.get("quote", '"'),
        encoding=encoding,
        is_strict=source.get("quoting", "strict") == "strict",
        is_multiline=bool(source.get("multiline", False)),
        max_bytes=max_bytes,
    )
    mark = BOM.encode(encoding, errors="ignore")
    bom = mark if data.startswith(mark) else b""
    lines = split_lines(data[len(bom) :])
    names: list[str] | None = None
    header = bom
    body = lines
    if source.get("header", "exact") != "none":
        if not lines:
            raise RefusedError("there is no header line")
        names = parse(lines[0].content.decode(encoding), dialect).fields
        header = bom + lines[0].raw
        body = lines[1:]
    positions = place_columns(names, contract["columns"], source)
    width = len(contract["columns"]) if names is None else len(names)
    records, blank_lines = frame(body, dialect, width)
    return ReadResult(header, records, blank_lines, len(lines), positions, width)


def to_ascii_superset(data: bytes, encoding: str) -> tuple[bytes, str]:
    """Return the data as they are, or as UTF-8 where a line end is not one ASCII byte in their encoding.

    In a shifted encoding ASCII bytes are halves of other characters, so it is decoded first too.
    """
    if "\n,".encode(encoding) == b"\n," and not encoding.startswith(SHIFTED):
        return data, encoding
    return data.decode(encoding).encode(), "utf-8"


def split_lines(data: bytes) -> list[Line]:
    """Split at LF, CRLF and lone CR; what follows the last line end is a line unless it is nothing."""
    lines: list[Line] = []
    start = 0
    place = 0
    while place < len(data):
        ending = b""
        if data[place : place + 2] == b"\r\n":
            ending = b"\r\n"
        elif data[place : place + 1] in (b"\n", b"\r"):
            ending = data[place : place + 1]
        if ending == b"":
            place += 1
            continue
        lines.append(Line(len(lines) + 1, data[start:place], ending))
        place += len(ending)
        start = place
    if start < len(data):
        lines.append(Line(len(lines) + 1, data[start:], b""))
    return lines


def parse(text: str, dialect: Dialect) -> Parsed:
    """Read one record's text (no line end after it) into fields; structure faults are told, not raised."""
    fields: list[str] = []
    value = ""
    state = "start"
    has_tail = False
    place = 0
    while place < len(text):
        char = text[place]
        place += 1
        if state == "quoted":
            if char != dialect.quote:
                value += char
            elif text[place : place + 1] == dialect.quote:
                value += char
                place += 1
            else:
                state = "closed"
        elif char == dialect.delimiter:
            fields.append(value)
            value = ""
            state = "start"
        elif state == "start" and char == dialect.quote:
            state = "quoted"
        else:
            has_tail = has_tail or state == "closed"
            value += char
            state = "plain"
    fields.append(value)
    return Parsed(fields, state == "quoted", has_tail)


def frame(lines: list[Line], dialect: Dialect, width: int) -> tuple[list[Record], int]:
    """Give the records of the lines after the header, and how many lines were blank."""
    records: list[Record] = []
    blank_lines = 0
    place = 0
    while place < len(lines):
        if lines[place].content == b"" and width != 1:
            blank_lines += 1
            place += 1
            continue
        record = record_at(lines, place, dialect, width)
        records.append(record)
        place += record.line_count
    return records, blank_lines


def record_at(lines: list[Line], place: int, dialect: Dialect, width: int) -> Record:
    """Give the record that starts on this line: the line alone, or joined with those after it."""
    line = lines[place]
    if len(line.content) > dialect.max_bytes:
        return Record(line.number, line.raw, None, "record.too_long", 1)
    parsed = parse(loosely(line.content, dialect), dialect)
    if not parsed.is_open:
        return judged(line, 1, parsed, dialect, width)
    if dialect.is_multiline and (
        dialect.is_strict or not is_escaped(loosely(line.content, dialect), dialect, width)
    ):
        joined = join(lines, place, dialect, width)
        if joined is not None:
            return joined
    return Record(line.number, line.raw, None, "record.quote", 1)


def is_escaped(text: str, dialect: Dialect, width: int) -> bool:
    """Say whether one line is a whole record where a backslash takes the meaning from the quote after it."""
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
            while place < len(text) and text[place] != dialect.delimiter:
                place += 1
        fields += 1
        if place >= len(text):
            return place == len(text) and fields == width and "\\" in text
        if text[place] != dialect.delimiter:
            return False
        place += 1


def join(lines: list[Line], place: int, dialect: Dialect, width: int) -> Record | None:
    """Join lines up to the first one that ends outside quotes; None unless that makes one sound record."""
    content = lines[place].content
    last = place
    is_open = True
    while is_open:
        last += 1
        if last >= len(lines) or last - place + 1 > MAX_JOINED_LINES:
            return None
        content += lines[last - 1].ending + lines[last].content
        if len(content) > MAX_JOINED_BYTES:
            return None
        # A quote character never joins with one of the next line, so each line can be scanned for itself,
        # as if its first character stood behind an opening quote.
        is_open = parse((dialect.quote or "") + loosely(lines[last].content, dialect), dialect).is_open
    parsed = parse(loosely(content, dialect), dialect)
    if parsed.is_open or len(parsed.fields) != width or (dialect.is_strict and parsed.has_tail):
        return None
    joined = Line(lines[place].number, content, lines[last].ending)
    return judged(joined, last - place + 1, parsed, dialect, width)


def judged(text: Line, line_count: int, parsed: Parsed, dialect: Dialect, width: int) -> Record:
    """Give the record whose quotes are all closed, with its structural rule or its fields."""
    malformed: str | None = None
    if dialect.is_strict and parsed.has_tail:
        malformed = "record.quote"
    elif not decodes(text.content, dialect.encoding):
        malformed = "record.encoding"
    elif len(parsed.fields) != width:
        malformed = "record.fields"
    fields = parsed.fields if malformed is None else None
    return Record(text.number, text.raw, fields, malformed, line_count)


def loosely(content: bytes, dialect: Dialect) -> str:
    """Decode so that undecodable bytes become some ordinary character: the structure is still judged."""
    return content.decode(dialect.encoding, errors="surrogateescape")


def decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def place_columns(
    names: list[str] | None, columns: list[dict[str, Any]], source: dict[str, Any]
) -> dict[str, int]:
    """Say where each declared column stands; raises RefusedError where the header is not sound."""
    if names is None:
        return {column["name"]: place for place, column in enumerate(columns)}
    if REJECT_COLUMNS & set(names):
        raise RefusedError("exceptions.csv would have two columns of one name")
    fold = str.lower if source.get("header_case") == "ignore" else str
    header = [fold(name) for name in names]
    wanted = [[fold(name) for name in (column["name"], *column.get("aliases", []))] for column in columns]
    mode = source.get("header", "exact")
    if mode != "by_name" and len(header) != len(columns):
        raise RefusedError("another number of columns")
    if mode == "exact":
        found: list[int | None] = [
            place if header[place] in spellings else None for place, spellings in enumerate(wanted)
        ]
    else:
        found = [sole(header, spellings) for spellings in wanted]
    if None in found:
        raise RefusedError("a column is missing, twice there or in another place")
    return {column["name"]: place for column, place in zip(columns, found, strict=True) if place is not None}


def sole(header: list[str], spellings: list[str]) -> int | None:
    """Give the one place where one of these spellings stands, or None."""
    places = [place for place, name in enumerate(header) if name in spellings]
    return places[0] if len(places) == 1 else None
