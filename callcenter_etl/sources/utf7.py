"""Decodes UTF-7 at constant memory, also where a run of base64 has no end."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

# A `+` opens a run, in which `+` is a character like any other.
_RUN = re.compile(rb"\+[A-Za-z0-9+/]*")
# 8 characters of base64 are three code units of UTF-16: a run cut after a multiple of them is two sound runs.
MAX_RUN_BYTES = 2**16
_FIRST_HIGH, _FIRST_LOW, _LAST_LOW = 0xD800, 0xDC00, 0xDFFF
_FIRST_ASTRAL = 0x10000


class Utf7Decoder:
    """An incremental decoder like Python's own, which keeps an open run whole and decodes it again with every block.

    A run over the limit is decoded as several. It is always cut at the same places, however the bytes come, so that the
    size of blocks changes nothing.
    """

    def __init__(self, errors: str) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-7")(errors)
        self._high = ""  # half of a pair that a cut has parted

    def decode(self, data: bytes, final: bool = False) -> str:  # noqa: FBT001, FBT002  as in the standard library
        """Return the text of the next bytes."""
        kept, _ = self._decoder.getstate()
        self._decoder.reset()
        pieces = [*_cut_runs(kept + data)]
        texts = [self._joined(self._decoder.decode(piece), cut=True) for piece in pieces[:-1]]
        return "".join((*texts, self._joined(self._decoder.decode(pieces[-1], final), cut=False)))

    def _joined(self, text: str, *, cut: bool) -> str:
        """Return a text with the half of a pair that came before it, and without one that a cut leaves at its end."""
        if self._high and text:
            text, self._high = _paired(self._high, text), ""
        if cut and _FIRST_HIGH <= ord(text[-1]) < _FIRST_LOW:
            text, self._high = text[:-1], text[-1]
        return text


def _cut_runs(data: bytes) -> Iterator[bytes]:
    """Yield bytes that decode to the same text one by one, each run in them within the limit; the last may go on."""
    start, opening = 0, b""
    for run in _RUN.finditer(data):
        stop = run.start() + 1 + MAX_RUN_BYTES
        while stop < run.end():  # at least one character stays: `+-` would be a plus sign
            yield opening + data[start:stop] + b"-"
            start, opening = stop, b"+"
            stop += MAX_RUN_BYTES
    yield opening + data[start:]


def _paired(high: str, text: str) -> str:
    low = ord(text[0])
    if not _FIRST_LOW <= low <= _LAST_LOW:
        return high + text
    code = _FIRST_ASTRAL + ((ord(high) - _FIRST_HIGH) << 10) + (low - _FIRST_LOW)
    return chr(code) + text[1:]
