"""Text encodings: which can be framed as bytes, and the transcoding of all others to UTF-8."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from functools import lru_cache

from callcenter_etl.sources.utf7 import Utf7Decoder

# A byte that does not decode becomes a lone low surrogate, which is not valid UTF-8: so the record is still found to
# be undecodable after the stream was transcoded.
MARK_BASE, MARK_LAST = 0xDC00, 0xDCFF
_MARK_ALL, _MARK_TO_CONTROL = "callcenter_etl_mark", "callcenter_etl_mark_to_control"
_UTF8_BOM = codecs.BOM_UTF8
_FIRST_PRINTABLE = 0x20
# Sequences of ASCII bytes that switch the character set in ISO 2022, each followed by a character. Each byte alone is
# ASCII there, and an unknown escape sequence decodes as text, so only such a sequence shows that an encoding has shifts.
_SHIFTS = (b"\x1b$B0l", b"\x1b$)C\x0e0l", b"~{0l~}", b"+AOk-")
_ESCAPE = b"\x1b"
# More than the longest escape sequence that the codecs of ISO 2022 know.
_ESCAPE_BYTES = 32


@lru_cache
def is_ascii_superset(encoding: str) -> bool:
    """Return whether line ends, quotes and delimiters can be found in the bytes of this encoding.

    It is False for an encoding in which ASCII bytes mean other characters after a shift too (ISO 2022, HZ, UTF-7).
    """
    plain = bytes(range(128))
    try:
        same = all(data.decode(encoding) == data.decode("ascii") for data in (plain, *_SHIFTS))
        return same and "\n".encode(encoding) == b"\n"
    except UnicodeError:
        return False


# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8"),
)
_DETECT_BYTES = 4096
_MIN_NUL_SHARE, _MAX_NUL_SHARE = 0.7, 0.05


class EncodingMismatchError(ValueError):
    """The bytes of a stream are not in the declared encoding; `detected` is the one they are in, None if unknown."""

    def __init__(self, detected: str | None) -> None:
        super().__init__(detected)
        self.detected = detected


def detected_encoding(head: bytes) -> str | None:
    """Return the Unicode encoding that the first bytes of a text indicate, None where they indicate none.

    A byte order mark indicates it, or the pattern of NUL bytes: UTF-16 and UTF-32 write one or three of them before or
    after each ASCII character. Text without NUL that decodes as UTF-8 is UTF-8.
    """
    head = head[:_DETECT_BYTES]
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if b"\0" not in head:
        return "utf-8" if b"\n" in head and _decodes_as_utf_8(head) else None
    nul = [_nul_share(head[start::4]) for start in range(4)]
    sides = {
        "utf-32-le": (nul[1:], nul[:1]),
        "utf-32-be": (nul[:3], nul[3:]),
        "utf-16-le": (nul[1::2], nul[::2]),
        "utf-16-be": (nul[::2], nul[1::2]),
    }
    for encoding, (filled, empty) in sides.items():
        if len(head) >= 8 and min(filled) >= _MIN_NUL_SHARE and max(empty) <= _MAX_NUL_SHARE:
            return encoding
    return None


def encoding_mismatch(declared: str, detected: str | None) -> str:
    """Return what the bytes show instead of the declared encoding, and what to declare."""
    if detected is None:
        return (
            f"the source does not start with the byte order mark of {declared} "
            f"(declare {declared}-le or {declared}-be, or the encoding that the sender uses)"
        )
    return (
        f"the source is not {declared}: its bytes are {detected.upper()} "
        f"(declare source.encoding: {detected}, or ask the sender for {declared})"
    )


def is_utf_16_or_32(head: bytes, detected: str) -> bool:
    """Check whether the first bytes are lines of text in the encoding that they show, and so of no superset of ASCII.

    A NUL is text like any other character, and the letters of a mark are letters in other encodings: no less is proof.
    """
    if not detected.startswith(("utf-16", "utf-32")):
        return False
    try:
        text = codecs.getincrementaldecoder(detected)().decode(head[:_DETECT_BYTES])
    except UnicodeError:
        return False
    return "\n" in text and "\0" not in text


def _nul_share(data: bytes) -> float:
    return data.count(0) / max(len(data), 1)


def _decodes_as_utf_8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # a character cut at the end is no error
    except UnicodeDecodeError:
        return False
    return True


@lru_cache
def is_stateful(encoding: str) -> bool:
    """Return whether the encoding has shifts, after which the same bytes mean other characters."""
    for shift in _SHIFTS:
        try:
            if shift.decode(encoding) != shift.decode("ascii") and b"a".decode(encoding) == "a":
                return True
        except UnicodeError:
            continue
    return False


@lru_cache
def bytes_per_ascii(encoding: str) -> int:
    """Return the number of bytes of an ASCII character, four in UTF-32."""
    encoder = codecs.getincrementalencoder(encoding)()
    encoder.encode("a")  # a byte order mark comes with the first character
    return len(encoder.encode("a"))


@lru_cache
def bom_of(encoding: str) -> bytes:
    """Return the byte order mark with which the framed stream of an encoding may begin, b"" where it has none."""
    if not is_ascii_superset(encoding):
        return _UTF8_BOM  # the stream is UTF-8 by then
    try:
        return "\ufeff".encode(encoding)
    except UnicodeError:
        return b""


def transcoded(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Yield a stream in an encoding that is not a superset of ASCII as UTF-8, undecodable bytes as lone surrogates.

    Raises EncodingMismatchError with the first block where UTF-16 or UTF-32 is declared and the bytes are in another
    encoding, or lack the byte order mark that the declared one requires.
    """
    handler = _MARK_TO_CONTROL if "\n".encode(encoding) == b"\n" else _MARK_ALL
    decoder = _decoder_of(encoding, handler)
    detected: str | None = None
    for number, block in enumerate(_whole_escapes(blocks)):
        if number == 0:
            detected = detected_encoding(block)
            if not _may_be(encoding, detected):
                raise EncodingMismatchError(detected)
        try:
            text = decoder.decode(block)
        except UnicodeError as error:
            # The error handler replaces every byte that does not decode, so only a missing byte order mark raises.
            raise EncodingMismatchError(detected) from error
        yield text.encode("utf-8", "surrogatepass")
    yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")


def _decoder_of(encoding: str, handler: str) -> Utf7Decoder | codecs.IncrementalDecoder:
    """Return an incremental decoder; all of Python's but that of UTF-7 keep a few bytes only."""
    if codecs.lookup(encoding).name == "utf-7":
        return Utf7Decoder(handler)
    return codecs.getincrementaldecoder(encoding)(errors=handler)


def _may_be(declared: str, detected: str | None) -> bool:
    if detected is None or not declared.startswith(("utf-16", "utf-32")):
        return True
    # utf-16 and utf-16-le agree: the first relies on the byte order mark, the second names the byte order.
    return declared.startswith(detected) or detected.startswith(declared)


def _whole_escapes(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in blocks that do not end within an escape sequence of ISO 2022."""
    # The incremental decoders keep eight bytes of an unfinished sequence, and raise where there are more.
    kept = b""
    for block in blocks:
        data = kept + block
        cut = data.find(_ESCAPE, max(0, len(data) - _ESCAPE_BYTES))
        cut = cut if cut >= 0 else len(data)
        kept = data[cut:]
        yield data[:cut]
    yield kept


def show(data: bytes, encoding: str) -> str:
    r"""Return bytes as text for people: every byte that does not decode becomes `\xNN`."""
    if is_ascii_superset(encoding):
        return data.decode(encoding, "backslashreplace")
    return _show_marks(data.decode("utf-8", "surrogatepass"))


def _show_marks(text: str) -> str:
    r"""Return text with `\xNN` for each undecodable byte, and escapes for other lone surrogates, which UTF-7 allows."""
    shown = "".join(f"\\x{ord(c) - MARK_BASE:02x}" if MARK_BASE <= ord(c) <= MARK_LAST else c for c in text)
    return shown.encode("utf-8", "backslashreplace").decode()


def bad_byte(line: bytes, encoding: str) -> tuple[int, int] | None:
    """Return the first undecodable byte of a line and its offset in the line, None where the line decodes."""
    direct = is_ascii_superset(encoding)
    try:
        line.decode(encoding if direct else "utf-8")
    except UnicodeDecodeError as error:
        if direct:
            return line[error.start], error.start
        mark = line[error.start : error.start + 3].decode("utf-8", "surrogatepass")
        marked = MARK_BASE <= ord(mark) <= MARK_LAST
        return ord(mark) - MARK_BASE if marked else line[error.start], error.start
    return None


def _mark_all(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return _marks(error.object[error.start : error.end]), error.end


def _mark_to_control(error: UnicodeError) -> tuple[str, int]:
    """Mark the undecodable bytes before the next control character only."""
    # A double-byte codec reports both bytes where the second one is a line end or an escape. That byte is decoded
    # again, so that the error costs this record alone, and not the line end or the shift that the next one needs.
    if not isinstance(error, UnicodeDecodeError):
        raise error
    stop = error.start + 1
    while stop < error.end and error.object[stop] >= _FIRST_PRINTABLE:
        stop += 1
    return _marks(error.object[error.start : stop]), stop


def _marks(data: bytes) -> str:
    return "".join(chr(MARK_BASE + byte) for byte in data)


codecs.register_error(_MARK_ALL, _mark_all)
codecs.register_error(_MARK_TO_CONTROL, _mark_to_control)


class ShowStream:
    r"""Decoder of a stream for people, piece by piece: every byte that does not decode becomes `\xNN`."""

    def __init__(self, encoding: str) -> None:
        self._direct = is_ascii_superset(encoding)
        make = codecs.getincrementaldecoder(encoding if self._direct else "utf-8")
        self._decoder = make(errors="backslashreplace" if self._direct else "surrogatepass")

    def show(self, data: bytes, *, final: bool) -> str:
        """Return the text of the next piece; `final` for the last one."""
        text = self._decoder.decode(data, final=final)
        return text if self._direct else _show_marks(text)
