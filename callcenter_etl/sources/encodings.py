"""Text encodings: which ones can be framed as bytes, and how the others are turned into UTF-8."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from functools import lru_cache

# A byte that does not decode travels as a lone low surrogate, which UTF-8 cannot hold: the record stays
# recognisable as undecodable after the stream became UTF-8.
MARK_BASE, MARK_LAST = 0xDC00, 0xDCFF
_MARK_ALL, _MARK_TO_CONTROL = "callcenter_etl_mark", "callcenter_etl_mark_to_control"
_UTF8_BOM = codecs.BOM_UTF8
_FIRST_PRINTABLE = 0x20
# Sequences of ASCII bytes that switch the character set in ISO 2022, with a character behind them. Each byte alone
# is ASCII there, and an unknown escape sequence passes as text, so that nothing less shows such an encoding.
_SHIFTS = (b"\x1b$B0l", b"\x1b$)C\x0e0l", b"~{0l~}", b"+AOk-")
_ESCAPE = b"\x1b"
# The longest escape sequence that the codecs of ISO 2022 look ahead for, and some room.
_ESCAPE_BYTES = 32


@lru_cache
def is_ascii_superset(encoding: str) -> bool:
    """Return whether line ends, quotes and delimiters can be found in the bytes of this encoding.

    False also for an encoding in which ASCII bytes mean other characters after a shift (ISO 2022, HZ, UTF-7).
    """
    plain = bytes(range(128))
    try:
        same = all(data.decode(encoding) == data.decode("ascii") for data in (plain, *_SHIFTS))
        return same and "\n".encode(encoding) == b"\n"
    except UnicodeError:
        return False


@lru_cache
def is_stateful(encoding: str) -> bool:
    """Return whether the same bytes mean other characters after a shift."""
    for shift in _SHIFTS:
        try:
            if shift.decode(encoding) != shift.decode("ascii") and b"a".decode(encoding) == "a":
                return True
        except UnicodeError:
            continue
    return False


@lru_cache
def bytes_per_ascii(encoding: str) -> int:
    """Return how many bytes an ASCII character takes: four in UTF-32."""
    encoder = codecs.getincrementalencoder(encoding)()
    encoder.encode("a")  # a byte order mark comes with the first character
    return len(encoder.encode("a"))


@lru_cache
def bom_of(encoding: str) -> bytes:
    """Return the byte order mark with which the framed stream of this encoding may begin, b"" where it has none."""
    if not is_ascii_superset(encoding):
        return _UTF8_BOM  # the stream is UTF-8 by then
    try:
        return "\ufeff".encode(encoding)
    except UnicodeError:
        return b""


class NoByteOrderMarkError(ValueError):
    """A stream whose encoding asks for a byte order mark starts without one."""


def transcoded(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Yield a stream of an encoding that is not a superset of ASCII as UTF-8, undecodable bytes marked.

    Raises NoByteOrderMarkError with the first block where the encoding cannot do without one.
    """
    handler = _MARK_TO_CONTROL if "\n".encode(encoding) == b"\n" else _MARK_ALL
    decoder = codecs.getincrementaldecoder(encoding)(errors=handler)
    for block in _whole_escapes(blocks):
        try:
            text = decoder.decode(block)
        except UnicodeError as error:  # bytes that do not decode are marked, so that this is all that is left
            raise NoByteOrderMarkError(str(error)) from error
        yield text.encode("utf-8", "surrogatepass")
    yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")


def _whole_escapes(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the same bytes, cut so that no escape sequence of ISO 2022 is cut in two.

    The incremental decoders keep eight bytes of an unfinished sequence and raise where there are more.
    """
    kept = b""
    for block in blocks:
        data = kept + block
        cut = data.find(_ESCAPE, max(0, len(data) - _ESCAPE_BYTES))
        cut = cut if cut >= 0 else len(data)
        kept = data[cut:]
        yield data[:cut]
    yield kept


def show(data: bytes, encoding: str) -> str:
    r"""Decode for people: every byte that does not decode becomes `\xNN`."""
    if is_ascii_superset(encoding):
        return data.decode(encoding, "backslashreplace")
    return _show_marks(data.decode("utf-8", "surrogatepass"))


def _show_marks(text: str) -> str:
    """Spell marks as the bytes that they stand for, and other halves of pairs, which UTF-7 lets pass, as escapes."""
    shown = "".join(f"\\x{ord(c) - MARK_BASE:02x}" if MARK_BASE <= ord(c) <= MARK_LAST else c for c in text)
    return shown.encode("utf-8", "backslashreplace").decode()


def bad_byte(line: bytes, encoding: str) -> tuple[int, int] | None:
    """Give the first undecodable byte of a line and its offset in it, or None where the line decodes."""
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
    """Mark the bytes before the next control character only.

    A codec of pairs names both bytes where the second one is a line end or an escape: that record alone is to be
    lost, so that its line end and the shift that follows are read again.
    """
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
    r"""Decodes a stream for people, piece by piece: every byte that does not decode becomes `\xNN`."""

    def __init__(self, encoding: str) -> None:
        self._direct = is_ascii_superset(encoding)
        make = codecs.getincrementaldecoder(encoding if self._direct else "utf-8")
        self._decoder = make(errors="backslashreplace" if self._direct else "surrogatepass")

    def show(self, data: bytes, *, final: bool) -> str:
        """Decode the next piece."""
        text = self._decoder.decode(data, final=final)
        return text if self._direct else _show_marks(text)
