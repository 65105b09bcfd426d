"""Text of a block of lines as UTF-8, and the lines that do not decode."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

import numpy as np

from callcenter_etl.sources.dialect import Dialect
from callcenter_etl.sources.encodings import bad_byte, is_ascii_superset
from callcenter_etl.sources.lines import Lines


@dataclass(frozen=True, slots=True)
class BlockText:
    """A block as UTF-8, and by line the first undecodable byte: (byte, offset in the line)."""

    data: bytes
    bad: dict[int, tuple[int, int]]


def decode_block(raw: bytes, lines: Lines, dialect: Dialect) -> BlockText:
    """Return the text of a block; an undecodable byte is a fault of its line alone."""
    if raw.isascii() and is_ascii_superset(dialect.encoding):
        return BlockText(raw, {})
    # A stream in an encoding that is not a superset of ASCII was transcoded before it came here, so it is UTF-8.
    direct = is_ascii_superset(dialect.encoding)
    utf8 = not direct or dialect.encoding.lower().replace("_", "-") in ("utf-8", "utf8")
    try:
        decoded = raw.decode("utf-8" if utf8 else dialect.encoding)
    except UnicodeDecodeError:
        return BlockText(raw, _bad_lines(raw, lines, dialect)) if utf8 else _decode_lines(raw, lines, dialect)
    return BlockText(raw if utf8 else decoded.encode("utf-8"), {})


def _bad_lines(raw: bytes, lines: Lines, dialect: Dialect) -> dict[int, tuple[int, int]]:
    """Return the undecodable byte of each line that is not UTF-8; decoding continues after each of these lines."""
    bad: dict[int, tuple[int, int]] = {}
    view = memoryview(raw)
    position = 0
    while position < len(raw):
        try:
            codecs.utf_8_decode(view[position:], "strict", True)  # noqa: FBT003  the codec takes it by position
            break
        except UnicodeDecodeError as error:
            line = int(np.searchsorted(lines.stops, position + error.start, side="right"))
        start, stop = int(lines.starts[line]), int(lines.stops[line])
        found = bad_byte(raw[start:stop], dialect.encoding)
        if found is not None:
            bad[line] = found
        position = stop
    return bad


def _decode_lines(raw: bytes, lines: Lines, dialect: Dialect) -> BlockText:
    """Return the text decoded line by line, so that an undecodable byte makes its own line malformed and no other."""
    bad: dict[int, tuple[int, int]] = {}
    parts: list[bytes] = []
    spans = zip(lines.starts.tolist(), lines.ends.tolist(), lines.stops.tolist(), strict=True)
    for line, (start, end, stop) in enumerate(spans):
        piece = raw[start:end]
        found = None if piece.isascii() else bad_byte(piece, dialect.encoding)
        if found is not None:
            bad[line] = found
        # Without the line end: a truncated multi-byte character would consume it.
        parts.append(piece.decode(dialect.encoding, "replace").encode("utf-8") + raw[end:stop])
    return BlockText(b"".join(parts), bad)
