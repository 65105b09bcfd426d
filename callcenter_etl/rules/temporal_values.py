"""Parses dates, times and durations of whole columns to int64 microseconds, null for other texts."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.contract.datetime_formats import (
    DAYS,
    FIRST_YEAR_OF_1900,
    MAX_DURATION_HOURS,
    MONTHS,
    CompiledFormat,
    Piece,
    compile_format,
)
from callcenter_etl.rules.masks import Mask, as_mask, valid_mask
from callcenter_etl.rules.temporal_groups import SECOND, Ints, regex_parts, to_ints
from callcenter_etl.rules.text_bytes import NINE, ZERO, Bytes, columns_of_bytes, lengths_of

DAY = 86_400 * SECOND
MONTHS_A_YEAR = 12
# Each layout is a pass over the values; beyond this number one regular expression reads them.
MAX_LAYOUTS = 64
# Leading zeros are outside of `hours`, so that its length shows whether the number can fit.
_DURATION = r"\A0*(?P<hours>[0-9]*[0-9]):(?P<minute>[0-5][0-9]):(?P<second>[0-5][0-9])$"
_LOWER_CASE = 0x20
_BYTE_DIGITS = 2  # decimal digits that fit in a byte
_LIMITS = {
    "month": (1, 12), "day": (1, 31), "hour": (0, 23), "hour12": (1, 12), "minute": (0, 59), "second": (0, 59),
}  # fmt: skip


def parse_temporal(text: pa.StringArray, *, kind: str, formats: tuple[str, ...]) -> pa.Int64Array:
    """Return the values of a text array without nulls, each by the first format that accepts it.

    Microseconds since midnight (time) or since 1970-01-01 in UTC (date, datetime), null where no format accepts the
    value, of the same shape. Raises FormatFault if a format is wrong.
    """
    found = np.zeros(len(text), dtype=np.int64)
    valid = np.zeros(len(text), dtype=bool)
    for each in (compile_format(fmt, kind) for fmt in formats):
        # The first format that accepts a value decides its meaning.
        rest = np.flatnonzero(~valid)
        if not len(rest):
            break
        if len(rest) == len(text):
            found, valid = _parse(text, each)
        else:
            found[rest], valid[rest] = _parse(text.take(pa.array(rest)), each)
    return pa.array(found) if valid.all() else pa.array(found, mask=~valid)


def parse_durations(text: pa.StringArray) -> pa.Int64Array:
    """Return H:MM:SS in microseconds, null for other texts; more than 2,500,000,000 hours count as that many."""
    groups = pc.extract_regex(text, pattern=_DURATION)
    valid = valid_mask(groups)
    hours = groups.field("hours")
    long = as_mask(pc.greater(pc.binary_length(hours), 10))
    count = to_ints(pc.if_else(pa.array(~long), hours, "0"))
    count = np.where(long, MAX_DURATION_HOURS, np.minimum(count, MAX_DURATION_HOURS))
    seconds = count * 3600 + to_ints(groups.field("minute")) * 60 + to_ints(groups.field("second"))
    return pa.array(np.where(valid, seconds, 0) * SECOND, mask=~valid)


def _parse(text: pa.StringArray, fmt: CompiledFormat) -> tuple[Ints, Mask]:
    layouts = _layouts(fmt)
    if len(layouts) == 1:
        return _parse_one_layout(text, fmt, layouts[0])
    if layouts:
        return _values(*_layout_parts(text, fmt), fmt.kind)
    encoded = text.dictionary_encode()  # distinct values first, since the regex is slow
    values, valid = _values(*regex_parts(encoded.dictionary, fmt), fmt.kind)
    places = encoded.indices.to_numpy()
    return values[places], valid[places]


def _parse_one_layout(
    text: pa.StringArray, fmt: CompiledFormat, layout: tuple[int, ...]
) -> tuple[Ints, Mask]:
    """Return the values with the layout's length, and the mask of valid ones; no other length is valid."""
    width = sum(layout)
    fits = lengths_of(text) == width
    if fits.all():
        return _values(*_cut(columns_of_bytes(text, width), fmt, layout), fmt.kind)
    found, valid = np.zeros(len(text), dtype=np.int64), np.zeros(len(text), dtype=bool)
    if fits.any():
        columns = columns_of_bytes(text.filter(pa.array(fits)), width)
        found[fits], valid[fits] = _values(*_cut(columns, fmt, layout), fmt.kind)
    return found, valid


def _values(parts: dict[str, Ints], valid: Mask, kind: str) -> tuple[Ints, Mask]:
    if kind == "time":
        values = _clock(parts)
    else:
        days, valid = _days(parts, valid)
        # Days are int32, in which microseconds would overflow.
        values = days * np.int64(DAY)
        if kind == "datetime":
            values = values + _clock(parts)
    return values if valid.all() else np.where(valid, values, 0), valid


@lru_cache(maxsize=1024)
def _layouts(fmt: CompiledFormat) -> tuple[tuple[int, ...], ...]:
    """Return every combination of widths (bytes) of a format's pieces, in the order that the regex prefers.

    Empty if there are too many, or if a piece of variable width is not digits (names of months, offsets).
    """
    options = [
        (piece.width,) if piece.width is not None else _VARYING.get(piece.text, ()) for piece in fmt.pieces
    ]
    number = int(np.prod([len(each) for each in options]))
    return tuple(product(*options)) if number <= MAX_LAYOUTS else ()


_VARYING = dict.fromkeys(("%-m", "%-d", "%-H", "%-I", "%-M", "%-S"), (1, 2)) | {"%f": (6, 5, 4, 3, 2, 1)}


def _layout_parts(text: pa.StringArray, fmt: CompiledFormat) -> tuple[dict[str, Ints], Mask]:
    """Return the parts of values cut by position, in each layout those of its length, and the mask of valid ones."""
    lengths = lengths_of(text)
    valid = np.zeros(len(text), dtype=bool)
    parts = {piece.field: np.zeros(len(text), dtype=np.int64) for piece in fmt.pieces if piece.field}
    for layout in _layouts(fmt):
        # A value may fit several layouts of its length; the first counts, as in the regular expression.
        rows = (lengths == sum(layout)) & ~valid
        if rows.all():
            parts, valid = _cut(columns_of_bytes(text, sum(layout)), fmt, layout)
        elif rows.any():
            numbers, good = _cut(columns_of_bytes(text.filter(pa.array(rows)), sum(layout)), fmt, layout)
            accepted = np.flatnonzero(rows)[good]
            valid[accepted] = True
            for field, number in numbers.items():
                parts[field][accepted] = number[good]
    return parts, valid


def _cut(data: Bytes, fmt: CompiledFormat, layout: tuple[int, ...]) -> tuple[dict[str, Ints], Mask]:
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
    scale = np.int64(10 ** (6 - len(columns)))
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


def _clock(parts: dict[str, Ints]) -> Ints:
    # 12 AM is hour 0, 12 PM is hour 12.
    hour = parts["hour"] if "hour" in parts else parts["hour12"] % 12 + 12 * parts["half"]
    none = np.int32(0)
    seconds = hour * 3600 + parts.get("minute", none) * 60 + parts.get("second", none)
    microseconds: Ints = seconds * np.int64(SECOND)
    if "fraction" in parts:
        microseconds = microseconds + parts["fraction"]
    return microseconds - parts["offset"] if "offset" in parts else microseconds


@lru_cache(maxsize=1)
def _month_starts() -> Ints:
    """Return the days from 1970-01-01 to the first of each month from January of the year 0 to January of 10000."""
    months = np.arange("0000-01", "10000-02", dtype="datetime64[M]")
    return months.astype("datetime64[D]").astype(np.int32)


def _days(parts: dict[str, Ints], valid: Mask) -> tuple[Ints, Mask]:
    """Return days since 1970-01-01, and the mask of real dates."""
    if "year" in parts:
        year = parts["year"]
    else:
        year = parts["short_year"] + np.where(parts["short_year"] >= FIRST_YEAR_OF_1900, 1900, 2000)
    month = parts["month"] if "month" in parts else parts["month_name"]
    day = parts["day"]
    real = valid & (year >= 1) & (month >= 1) & (month <= MONTHS_A_YEAR) & (day >= 1)
    starts = _month_starts()
    place = year * MONTHS_A_YEAR + month - 1
    # An impossible month would point outside of the table.
    if not real.all():
        place = np.where(real, place, 0)
    first = starts[place]
    days = first + day - 1
    # The first of the next month bounds the day; for December 9999 the table has January 10000.
    real &= days < starts[place + 1]
    if "weekday" in parts:
        # 1970-01-01 was a Thursday, which is 3 if Monday is 0.
        real &= parts["weekday"] == (days + 3) % 7
    return days, real
