"""Text encodings: which ones can be framed as bytes, and how the others are turned into UTF-8."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from functools import lru_cache

BOMS = {"utf-8": codecs.BOM_UTF8}
# A byte that does not decode travels as a lone low surrogate, which UTF-8 cannot hold: the record stays
# recognisable as undecodable after the stream became UTF-8.
MARK_BASE, MARK_LAST = 0xDC00, 0xDCFF
_HANDLER = "callcenter_etl_mark"
_BEYOND_ASCII = "éñüЖΩאاกあア漢中한"


@lru_cache
def is_ascii_superset(encoding: str) -> bool:
    """Return whether a byte below 128 is an ASCII character wherever it occurs in a text of this encoding.

    Only then can line ends be found in the bytes, and only then does a line decode by itself.
    """
    plain = bytes(range(128))
    try:
        if plain.decode(encoding) != plain.decode("ascii") or "\n".encode(encoding) != b"\n":
            return False
    except UnicodeError:
        return False
    return not any(_is_all_ascii(character, encoding) for character in _BEYOND_ASCII)


def _is_all_ascii(character: str, encoding: str) -> bool:
    # ISO-2022, HZ and UTF-7 write other characters in bytes below 128 after an escape sequence: a state that outlives
    # the line, and in which `|` or `"` is half of a character.
    try:
        return character.encode(encoding).isascii()
    except UnicodeError:
        return False


class NoByteOrderMarkError(ValueError):
    """A stream whose encoding asks for a byte order mark starts without one."""


def transcoded(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Turn a stream of an encoding that is no superset of ASCII into UTF-8, undecodable bytes marked.

    Raises NoByteOrderMarkError with the first block where the encoding cannot do without one.
    """
    decoder = codecs.getincrementaldecoder(encoding)(errors=_HANDLER)
    for block in blocks:
        try:
            text = decoder.decode(block)
        except UnicodeError as error:  # bytes that do not decode are marked, so that this is all that is left
            raise NoByteOrderMarkError(str(error)) from error
        yield text.encode("utf-8", "surrogatepass")
    yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")


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


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(MARK_BASE + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(_HANDLER, _mark)


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
