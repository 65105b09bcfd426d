"""Reads the parts of dates and times by their position in a value, a column of bytes at a time."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from callcenter_etl.contract.datetime_formats import DAYS, FRACTION_DIGITS, MONTHS, CompiledFormat, Piece
from callcenter_etl.rules.masks import Mask
from callcenter_etl.rules.temporal_groups import Ints
from callcenter_etl.rules.text_bytes import NINE, ZERO, Bytes, columns_of_bytes, lengths_of

# Each layout is a pass over the values; beyond this number one regular expression reads them.
MAX_LAYOUTS = 80
_LOWER_CASE = 0x20
_BYTE_DIGITS = 2  # decimal digits that fit in a byte
_LIMITS = {
    "month": (1, 12), "day": (1, 31), "hour": (0, 23), "hour12": (1, 12), "minute": (0, 59), "second": (0, 59),
}  # fmt: skip


@lru_cache(maxsize=1024)
def layouts(fmt: CompiledFormat) -> tuple[tuple[int, ...], ...]:
    """Return every combination of widths (bytes) of a format's pieces, in the order that the regex prefers.

    Empty if there are too many, or if a piece of variable width is not digits (names of months, offsets).
    """
    options = [
        (piece.width,) if piece.width is not None else _VARYING.get(piece.text, ()) for piece in fmt.pieces
    ]
    number = int(np.prod([len(each) for each in options]))
    return tuple(product(*options)) if number <= MAX_LAYOUTS else ()


_VARYING = dict.fromkeys(("%-m", "%-d", "%-H", "%-I", "%-M", "%-S"), (1, 2)) | {
    "%f": tuple(range(FRACTION_DIGITS, 0, -1))
}


def layout_parts(text: pa.StringArray, fmt: CompiledFormat) -> tuple[dict[str, Ints], Mask]:
    """Return the parts of values cut by position, in each layout those of its length, and the mask of valid ones."""
    lengths = lengths_of(text)
    valid = np.zeros(len(text), dtype=bool)
    parts = {piece.field: np.zeros(len(text), dtype=np.int64) for piece in fmt.pieces if piece.field}
    for layout in layouts(fmt):
        # A value may fit several layouts of its length; the first counts, as in the regular expression.
        rows = (lengths == sum(layout)) & ~valid
        if rows.all():
            parts, valid = cut_parts(columns_of_bytes(text, sum(layout)), fmt, layout)
        elif rows.any():
            numbers, good = cut_parts(columns_of_bytes(text.filter(pa.array(rows)), sum(layout)), fmt, layout)
            accepted = np.flatnonzero(rows)[good]
            valid[accepted] = True
            for field, number in numbers.items():
                parts[field][accepted] = number[good]
    return parts, valid


def cut_parts(data: Bytes, fmt: CompiledFormat, layout: tuple[int, ...]) -> tuple[dict[str, Ints], Mask]:
    """Return the parts of values in one layout, given as bytes of shape (width, values), and the mask of valid ones."""
    parts: dict[str, Ints] = {}
    good = np.ones(data.shape[1], dtype=bool)
    position = 0
    for piece, width in zip(fmt.pieces, layout, strict=True):
        columns = data[position : position + width]
        position += width
        if piece.field:
            parts[piece.field] = _BYTE_READERS.get(piece.field, _digits)(columns, piece, good)
        else:
            for column, byte in zip(columns, piece.text.encode(), strict=True):
                good &= column == byte
    return parts, good


def _digits(columns: Bytes, piece: Piece, good: Mask) -> Ints:
    """Return the numbers in these byte columns, and clear `good` where the directive does not allow them."""
    number: NDArray[np.integer[Any]] = np.zeros(
        len(good), dtype=np.uint8 if len(columns) <= _BYTE_DIGITS else np.int32
    )
    for column in columns:
        digit = column - ZERO  # unsigned: characters below "0" wrap around to large numbers
        good &= digit <= NINE
        number = number * number.dtype.type(10) + digit
    least, most = _LIMITS.get(piece.field, (0, None))
    # An unpadded directive accepts 9 and 10, but not 09.
    if piece.text.startswith("%-") and len(columns) > 1:
        least = 10
    if least:
        good &= number >= least
    if most is not None:
        good &= number <= most
    return number.astype(np.int32)


def _fraction_digits(columns: Bytes, piece: Piece, good: Mask) -> Ints:
    scale = np.int64(10 ** (FRACTION_DIGITS - len(columns)))
    return np.asarray(_digits(columns, piece, good) * scale, dtype=np.int64)


def _half_letters(columns: Bytes, _: Piece, good: Mask) -> Ints:
    # This bit turns ASCII capitals into small letters, and no other byte into a letter.
    letters = columns | np.uint8(_LOWER_CASE)
    afternoon: Mask = letters[0] == ord("p")
    good &= (afternoon | (letters[0] == ord("a"))) & (letters[1] == ord("m"))
    return afternoon.astype(np.int64)


def _name_letters(words: tuple[str, ...], first: int) -> Callable[[Bytes, Piece, Mask], Ints]:
    codes = np.array([int.from_bytes(word[:3].encode(), "big") for word in words])
    order = np.argsort(codes)

    def read(columns: Bytes, _: Piece, good: Mask) -> Ints:
        letters = (columns | np.uint8(_LOWER_CASE)).astype(np.int64)
        code = letters[0] << 16 | letters[1] << 8 | letters[2]
        place = order[np.searchsorted(codes, code, sorter=order).clip(max=len(codes) - 1)]
        good &= codes[place] == code
        return np.asarray(place + first, dtype=np.int64)

    return read


_BYTE_READERS: dict[str, Callable[[Bytes, Piece, Mask], Ints]] = {
    "fraction": _fraction_digits,
    "half": _half_letters,
    "month_name": _name_letters(MONTHS, 1),
    "weekday": _name_letters(DAYS, 0),
}
