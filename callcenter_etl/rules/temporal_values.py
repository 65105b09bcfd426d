"""Parses dates and times of whole columns to int64 microseconds, null for other texts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callcenter_etl.contract.datetime_formats import FIRST_SHORT_YEAR, CompiledFormat, compile_format
from callcenter_etl.contract.epoch_formats import EPOCH_UNITS
from callcenter_etl.rules.epoch_values import parse_epochs
from callcenter_etl.rules.masks import Mask, as_mask
from callcenter_etl.rules.temporal_groups import SECOND, Ints, regex_parts
from callcenter_etl.rules.temporal_layouts import cut_parts, layout_parts, layouts
from callcenter_etl.rules.text_bytes import columns_of_bytes, lengths_of
from callcenter_etl.rules.timezone_offsets import ZoneOffsets, zone_offsets

DAY = 86_400 * SECOND
MONTHS_A_YEAR = 12
NANOSECONDS = 1_000  # in a microsecond


@dataclass(frozen=True, slots=True)
class _Reading:
    """Parameters that make numbers of the parts of values.

    `%y` is a year of the hundred from `first_short_year` on. Values without an offset are local times of `zone`, of
    UTC where it is None. `remainders` reads the nanoseconds that microseconds do not hold, instead of the values.
    """

    kind: str
    first_short_year: int
    zone: ZoneOffsets | None
    remainders: bool = False


def parse_temporal(
    text: pa.StringArray,
    *,
    kind: str,
    formats: tuple[str, ...],
    first_short_year: int = FIRST_SHORT_YEAR,
    timezone: str | None = None,
) -> pa.Int64Array:
    """Return the values of a text array without nulls, each by the first format that accepts it.

    Microseconds since midnight (time) or since 1970-01-01 in UTC (date, datetime), null where no format accepts the
    value, of the same shape. Values without an offset are local times of `timezone`. Digits beyond microseconds are
    cut. Raises FormatFault if a format is wrong.
    """
    zone = None if timezone is None else zone_offsets(timezone)
    return _parse_first(text, formats, _Reading(kind, first_short_year, zone))


def cut_nanoseconds(
    text: pa.StringArray,
    *,
    kind: str,
    formats: tuple[str, ...],
    first_short_year: int = FIRST_SHORT_YEAR,
    timezone: str | None = None,
) -> Mask:
    """Return the mask of values with a fraction of a second that microseconds do not hold, of shape (values,).

    The arguments are those of `parse_temporal`.
    """
    # Read a second time, since only typed targets ask for it, and only for columns with %f.
    zone = None if timezone is None else zone_offsets(timezone)
    reading = _Reading(kind, first_short_year, zone, remainders=True)
    return as_mask(pc.not_equal(_parse_first(text, formats, reading), 0))


def _parse_first(text: pa.StringArray, formats: tuple[str, ...], reading: _Reading) -> pa.Int64Array:
    found = np.zeros(len(text), dtype=np.int64)
    valid = np.zeros(len(text), dtype=bool)
    for each in (compile_format(fmt, reading.kind) for fmt in formats):
        # The first format that accepts a value decides its meaning.
        rest = np.flatnonzero(~valid)
        if not len(rest):
            break
        if len(rest) == len(text):
            found, valid = _parse(text, each, reading)
        else:
            found[rest], valid[rest] = _parse(text.take(pa.array(rest)), each, reading)
    return pa.array(found) if valid.all() else pa.array(found, mask=~valid)


def _parse(text: pa.StringArray, fmt: CompiledFormat, reading: _Reading) -> tuple[Ints, Mask]:
    unit = EPOCH_UNITS.get(fmt.format)
    if unit is not None:
        values, valid = parse_epochs(text, unit)
        return np.zeros_like(values) if reading.remainders else values, valid
    found = layouts(fmt)
    if len(found) == 1:
        return _parse_one_layout(text, fmt, found[0], reading)
    if found:
        return _values(*layout_parts(text, fmt), reading)
    encoded = text.dictionary_encode()  # distinct values first, since the regex is slow
    values, valid = _values(*regex_parts(encoded.dictionary, fmt), reading)
    places = encoded.indices.to_numpy()
    return values[places], valid[places]


def _parse_one_layout(
    text: pa.StringArray, fmt: CompiledFormat, layout: tuple[int, ...], reading: _Reading
) -> tuple[Ints, Mask]:
    """Return the values with the layout's length, and the mask of valid ones; no other length is valid."""
    width = sum(layout)
    fits = lengths_of(text) == width
    if fits.all():
        return _values(*cut_parts(columns_of_bytes(text, width), fmt, layout), reading)
    found, valid = np.zeros(len(text), dtype=np.int64), np.zeros(len(text), dtype=bool)
    if fits.any():
        columns = columns_of_bytes(text.filter(pa.array(fits)), width)
        found[fits], valid[fits] = _values(*cut_parts(columns, fmt, layout), reading)
    return found, valid


def _values(parts: dict[str, Ints], valid: Mask, reading: _Reading) -> tuple[Ints, Mask]:
    if reading.kind == "time":
        values = _clock(parts)
    else:
        days, valid = _days(parts, valid, reading.first_short_year)
        # Days are int32, in which microseconds would overflow.
        values = days * np.int64(DAY)
        if reading.kind == "datetime":
            values = values + _clock(parts)
        if reading.zone is not None and "offset" not in parts:
            values, valid = reading.zone.to_utc(values, valid)
    if reading.remainders:
        fraction = parts.get("fraction")
        values = np.zeros_like(values) if fraction is None else fraction % np.int64(NANOSECONDS)
    return values if valid.all() else np.where(valid, values, 0), valid


def _clock(parts: dict[str, Ints]) -> Ints:
    # 12 AM is hour 0, 12 PM is hour 12.
    hour = parts["hour"] if "hour" in parts else parts["hour12"] % 12 + 12 * parts["half"]
    none = np.int32(0)
    seconds = hour * 3600 + parts.get("minute", none) * 60 + parts.get("second", none)
    microseconds: Ints = seconds * np.int64(SECOND)
    if "fraction" in parts:
        microseconds = microseconds + parts["fraction"] // NANOSECONDS
    return microseconds - parts["offset"] if "offset" in parts else microseconds


@lru_cache(maxsize=1)
def _month_starts() -> Ints:
    """Return the days from 1970-01-01 to the first of each month from January of the year 0 to January of 10000."""
    months = np.arange("0000-01", "10000-02", dtype="datetime64[M]")
    return months.astype("datetime64[D]").astype(np.int32)


def _days(parts: dict[str, Ints], valid: Mask, first_short_year: int) -> tuple[Ints, Mask]:
    """Return days since 1970-01-01, and the mask of real dates."""
    if "year" in parts:
        year = parts["year"]
    else:
        year = first_short_year + (parts["short_year"] - first_short_year) % 100
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
