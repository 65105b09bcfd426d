"""Dates, times and durations of whole columns: text to int64 microseconds, null where a value is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.contract.formats import (
    DAYS,
    MAX_DURATION_HOURS,
    MONTHS,
    CompiledFormat,
    compile_format,
)

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
_Scalar = TypeVar("_Scalar", bound=np.generic)

SECOND = 1_000_000
DAY = 86_400 * SECOND
_DURATION = r"\A0*(?P<hours>[0-9]*[0-9]):(?P<minute>[0-5][0-9]):(?P<second>[0-5][0-9])\z"
_ZERO = ord("0")
_CLOCK_LIMITS = {"hour": 23, "minute": 59, "second": 59}


def parse_temporal(text: pa.StringArray, *, kind: str, formats: tuple[str, ...]) -> pa.Int64Array:
    """Read a text array without nulls by the first format that accepts each value.

    Gives microseconds since midnight (time) or since 1970-01-01 in UTC (date, datetime), null where no format
    accepts the value, of the same shape.
    """
    found = np.zeros(len(text), dtype=np.int64)
    valid = np.zeros(len(text), dtype=bool)
    for each in formats:
        rest = np.flatnonzero(~valid)
        if not len(rest):
            break
        part = text if len(rest) == len(text) else text.take(pa.array(rest))
        values, accepted = _parse(part, compile_format(each, kind))
        found[rest] = values
        valid[rest] = accepted
    return pa.array(found, mask=~valid)


def parse_durations(text: pa.StringArray) -> pa.Int64Array:
    """Read H:MM:SS as microseconds, null where a value is none; hours count as 2,500,000,000 at most."""
    groups = pc.extract_regex(text, pattern=_DURATION)
    valid = _mask(pc.is_valid(groups))
    hours = groups.field("hours")
    long = _mask(pc.fill_null(pc.greater(pc.binary_length(hours), 10), False))  # noqa: FBT003  Arrow's value
    count = _ints(pc.if_else(pa.array(~long), hours, "0"))
    count = np.where(long, MAX_DURATION_HOURS, np.minimum(count, MAX_DURATION_HOURS))
    seconds = count * 3600 + _ints(groups.field("minute")) * 60 + _ints(groups.field("second"))
    return pa.array(np.where(valid, seconds, 0) * SECOND, mask=~valid)


def _parse(text: pa.StringArray, fmt: CompiledFormat) -> tuple[Ints, Mask]:
    fixed = all(
        piece.width is not None and piece.field not in ("month_name", "weekday", "half")
        for piece in fmt.pieces
    )
    parts, valid = (_fixed_parts if fixed else _regex_parts)(text, fmt)
    values = _clock(parts, len(text))
    if fmt.kind != "time":
        days, real = _days(parts)
        valid &= real
        values = values + days * DAY
    return np.where(valid, values, 0), valid


def _fixed_parts(text: pa.StringArray, fmt: CompiledFormat) -> tuple[dict[str, Ints], Mask]:
    """Cut values of a fixed width by position; the others are not valid."""
    width = sum(piece.width or 0 for piece in fmt.pieces)
    offsets = np.frombuffer(text.buffers()[1], dtype=np.int32)[text.offset : text.offset + len(text) + 1]
    valid = np.diff(offsets) == width
    at = offsets[:-1][valid].astype(np.int64)
    data = np.frombuffer(text.buffers()[2], dtype=np.uint8) if len(at) else np.empty(0, dtype=np.uint8)
    parts: dict[str, Ints] = {}
    good = np.ones(len(at), dtype=bool)
    position = 0
    for piece in fmt.pieces:
        columns = [data[at + position + step] for step in range(piece.width or 0)]
        position += piece.width or 0
        if not piece.field:
            for column, byte in zip(columns, piece.text.encode("utf-8"), strict=True):
                good &= column == byte
            continue
        number = np.zeros(len(at), dtype=np.int64)
        for column in columns:
            good &= (column >= _ZERO) & (column <= _ZERO + 9)
            number = number * 10 + (column.astype(np.int64) - _ZERO)
        parts[piece.field] = number
    for field, most in _CLOCK_LIMITS.items():
        if field in parts:
            good &= parts[field] <= most
    if "hour12" in parts:
        good &= (parts["hour12"] >= 1) & (parts["hour12"] <= 12)
    return {field: _spread(number, valid) for field, number in parts.items()}, _spread(good, valid)


def _spread(values: NDArray[_Scalar], where: Mask) -> NDArray[_Scalar]:
    full = np.zeros(len(where), dtype=values.dtype)
    full[where] = values
    return full


def _regex_parts(text: pa.StringArray, fmt: CompiledFormat) -> tuple[dict[str, Ints], Mask]:
    groups = pc.extract_regex(text, pattern=fmt.regex)
    valid = _mask(pc.is_valid(groups))
    return {
        piece.field: _READERS.get(piece.field, _ints)(groups.field(piece.field))
        for piece in fmt.pieces
        if piece.field
    }, valid


def _clock(parts: dict[str, Ints], length: int) -> Ints:
    zero = np.zeros(length, dtype=np.int64)
    hour = parts.get("hour", zero)
    if "hour12" in parts:
        hour = parts["hour12"] % 12 + 12 * parts["half"]
    seconds = hour * 3600 + parts.get("minute", zero) * 60 + parts.get("second", zero)
    return seconds * SECOND + parts.get("fraction", zero) - parts.get("offset", zero)


def _days(parts: dict[str, Ints]) -> tuple[Ints, Mask]:
    """Give days since 1970-01-01 and whether the date is real (days from civil, Howard Hinnant's algorithm)."""
    if "year" in parts:
        year = parts["year"]
    else:
        year = parts["short_year"] + np.where(parts["short_year"] >= 69, 1900, 2000)
    month = parts["month"] if "month" in parts else parts["month_name"]
    day = parts["day"]
    real = (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    lengths = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    real &= day <= lengths[np.clip(month, 0, 12)] + (leap & (month == 2))
    shifted = year - (month <= 2)
    era = shifted // 400
    of_era = shifted - era * 400
    of_year = (153 * (month + np.where(month > 2, -3, 9)) + 2) // 5 + day - 1
    days = era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468
    if "weekday" in parts:
        real &= parts["weekday"] == (days + 3) % 7
    return days.astype(np.int64), real


def _ints(text: pa.StringArray) -> Ints:
    filled = pc.if_else(pc.equal(pc.fill_null(text, ""), ""), "0", text)
    return np.asarray(pc.cast(filled, pa.int64()).to_numpy(zero_copy_only=False), dtype=np.int64)


def _fraction(text: pa.StringArray) -> Ints:
    return _ints(pc.utf8_rpad(pc.fill_null(text, ""), 6, padding="0"))


def _half(text: pa.StringArray) -> Ints:
    return _mask(pc.fill_null(pc.equal(pc.ascii_lower(text), "pm"), False)).astype(np.int64)  # noqa: FBT003


def _name_index(words: list[str], first: int) -> Callable[[pa.StringArray], Ints]:
    value_set = pa.array([word[:3] for word in words])

    def read(text: pa.StringArray) -> Ints:
        start = pc.utf8_slice_codeunits(pc.ascii_lower(text), start=0, stop=3)
        found = pc.fill_null(pc.index_in(start, value_set=value_set), -9)
        return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int64) + first

    return read


def _offset(text: pa.StringArray) -> Ints:
    text = pc.fill_null(text, "Z")
    zulu = pc.equal(pc.ascii_lower(text), "z")
    text = pc.if_else(zulu, "+0000", text)
    hours = _ints(pc.utf8_slice_codeunits(text, start=1, stop=3))
    minutes = _ints(pc.utf8_slice_codeunits(text, start=-2))
    sign = np.where(_mask(pc.starts_with(text, "-")), -1, 1)
    return np.asarray(sign * (hours * 3600 + minutes * 60) * SECOND, dtype=np.int64)


def _mask(values: pa.BooleanArray) -> Mask:
    return np.array(values.to_numpy(zero_copy_only=False), dtype=bool)


_READERS = {
    "fraction": _fraction,
    "half": _half,
    "month_name": _name_index(MONTHS, 1),
    "weekday": _name_index(DAYS, 0),
    "offset": _offset,
}
