"""Reads the bytes of the samples once: number of lines, first bytes, and encoding."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import chardet

from callcenter_etl.errors import SampleError, UsageError
from callcenter_etl.sources.lines import LineCounter
from callcenter_etl.tools.infer.sample_chunks import OnBytes, open_sample, plain_document, reported_blocks

HEAD_BYTES = 2**18
TAIL_BYTES = (
    2**16
)  # a multiple of four, so that it begins with a whole character of UTF-16 where the size is one
MAX_EVIDENCE_LINES = 20_000  # lines with non-ASCII bytes; more would not improve the guess
MAX_EVIDENCE_BYTES = 2**18
MAX_WRONG = 0.1  # the share of non-ASCII lines that may be invalid in a UTF-8 file
SURE_ENOUGH = 0.05  # chardet's confidence is low for short texts with few accents even if its guess is right
WINDOWS = "cp1252"
CANDIDATES = (
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp932", "gb18030", "big5", "cp949",
)  # fmt: skip
# UTF-32 before UTF-16: its little-endian mark begins with that of UTF-16.
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_ESCAPED = re.compile(rb"""\\["'\\,;|\t\r\n]""")
_BEYOND_ASCII = re.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*")


@dataclass(slots=True)
class Survey:
    """The properties of one sample's bytes; `lines` is exact, except in UTF-16 and UTF-32."""

    uri: str
    head: bytearray = field(default_factory=bytearray)
    tail: bytearray = field(default_factory=bytearray)
    size: int = 0
    lines: int = 0
    marked: bool = False
    quotes: bool = False
    escapes: bool = False
    beyond_ascii: list[bytes] = field(default_factory=list)
    no_utf8: int = 0

    @property
    def mark(self) -> str | None:
        """The encoding according to a byte order mark, or to the zero bytes of UTF-16; None without these."""
        if self.marked:
            return "utf-8"
        for mark, encoding in _BOMS[1:]:
            if self.head.startswith(mark):
                return encoding
        start = bytes(self.head[:4096])
        # In UTF-16, one of the two bytes of an ASCII character is zero.
        if len(start) >= 4 and start.count(0) * 4 >= len(start):
            return "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"
        return None

    @property
    def whole(self) -> bool:
        """Whether the head has all bytes."""
        return len(self.head) == self.size

    def take(self, block: bytes) -> None:
        """Add the next block of whole lines."""
        if not self.head:
            self.marked = block.startswith(_BOMS[0][0])
            block = block.removeprefix(_BOMS[0][0])
        self.head += block[: HEAD_BYTES - len(self.head)]
        self.size += len(block)
        self.tail = (self.tail + block[-TAIL_BYTES:])[-TAIL_BYTES:]
        self.escapes = self.escapes or _ESCAPED.search(block) is not None
        self.quotes = self.quotes or b'"' in block or b"'" in block
        if block.isascii() or len(self.beyond_ascii) >= MAX_EVIDENCE_LINES:
            return
        for match in _BEYOND_ASCII.finditer(block):
            self.beyond_ascii.append(match[0])
            self.no_utf8 += not _is(match[0], "utf-8")
            if len(self.beyond_ascii) >= MAX_EVIDENCE_LINES:
                break


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding and the evidence for it."""

    name: str
    evidence: str


def survey(uri: str, *, on_bytes: OnBytes) -> Survey:
    """Return the survey of a sample. Raises SampleError if it is not delimited text, SourceError if unreadable."""
    found = Survey(uri)
    counter = LineCounter()
    document = plain_document([{"name": "line"}], {"encoding": "latin-1", "header": "none", "quote": None})
    # Latin-1 reads all bytes as they are; that they are of another encoding is what the survey is to find.
    with open_sample(uri, document, max_records=None, ignored=("header.encoding",)) as (source, _):
        for block in reported_blocks(source, on_bytes):
            counter.feed(bytes(block.data))
            found.take(bytes(block.data))
    found.lines = counter.lines
    if not bytes(found.head).strip(b"\r\n"):
        raise SampleError(f"{source.uri}: the sample has nothing but blank lines")
    return found


def encoding_of(surveys: Sequence[Survey]) -> Encoding:
    """Return the common encoding of all samples. Raises UsageError if they have different ones."""
    marks = {each.mark: each.uri for each in surveys}
    wide = {mark: uri for mark, uri in marks.items() if mark not in (None, "utf-8")}
    if wide and len(marks) > 1:
        (one, uri), (other, second) = list(marks.items())[:2]
        raise UsageError(
            f"{uri} is {one or 'no UTF-16'} and {second} is {other or 'no UTF-16'}: samples of one contract have one encoding"
        )
    if wide:
        name = next(iter(wide)) or ""
        return Encoding(name, "a byte order mark says so" if name in ("utf-16", "utf-32") else "zeros say so")
    lines = [line for each in surveys for line in each.beyond_ascii]
    wrong = sum(each.no_utf8 for each in surveys)
    marked = "; a byte order mark is dropped" if "utf-8" in marks else ""
    if not lines:
        return Encoding("utf-8", f"all bytes are ASCII{marked}")
    if wrong <= MAX_WRONG * len(lines) or marked:
        return Encoding("utf-8", f"UTF-8 in {_of(len(lines) - wrong, len(lines))} beyond ASCII{marked}")
    return _legacy(lines)


def _legacy(lines: list[bytes]) -> Encoding:
    """Return chardet's guess for the non-ASCII lines, or the most frequent encoding if chardet is not sure."""
    text = b"\n".join(lines)[:MAX_EVIDENCE_BYTES]
    guess = chardet.detect(text, include_encodings=CANDIDATES, compat_names=False)
    name, sure = guess["encoding"] or WINDOWS, guess["confidence"] >= SURE_ENOUGH
    order = dict.fromkeys((name, WINDOWS, "latin-1") if sure else (WINDOWS, name, "latin-1"))
    decoded = {each: sum(_is(line, each) for line in lines) for each in order}
    # latin-1 decodes every line, but `max` takes the first of equals, and latin-1 is last.
    best = max(order, key=lambda each: decoded[each])
    doubt = (
        "" if sure and best == name else "; check a value with accents: other encodings would decode them too"
    )
    return Encoding(best, f"decodes {_of(decoded[best], len(lines))} beyond ASCII that are no UTF-8{doubt}")


def _of(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,} {'line' if whole == 1 else 'lines'}"


def _is(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
