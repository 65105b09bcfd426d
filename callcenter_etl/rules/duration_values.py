"""Parses durations of whole columns to int64 microseconds, null for other texts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callcenter_etl.contract.datetime_formats import FRACTION_DIGITS
from callcenter_etl.contract.duration_formats import (
    DEFAULT_DURATIONS,
    FRACTION,
    UNIT_SECONDS,
    DurationFormat,
    compile_duration,
    open_limit,
)
from callcenter_etl.rules.masks import Mask, as_mask, valid_mask
from callcenter_etl.rules.temporal_groups import SECOND, Ints, to_ints

NANOSECONDS = 1_000  # in a microsecond


def parse_durations(text: pa.StringArray, formats: tuple[str, ...] = DEFAULT_DURATIONS) -> pa.Int64Array:
    """Return durations in microseconds, each by the first format that accepts it, null for other texts.

    More than 2,500,000,000 hours count as that many. Digits beyond microseconds are cut.
    """
    seconds, nanoseconds, valid = _parse_first(text, formats)
    return pa.array(seconds * SECOND + nanoseconds // NANOSECONDS, mask=~valid)


def cut_durations(text: pa.StringArray, formats: tuple[str, ...]) -> Mask:
    """Return the mask of durations with a fraction that microseconds do not hold, of shape (values,)."""
    _, nanoseconds, valid = _parse_first(text, formats)
    cut: Mask = valid & (nanoseconds % NANOSECONDS != 0)
    return cut


def _parse_first(text: pa.StringArray, formats: tuple[str, ...]) -> tuple[Ints, Ints, Mask]:
    """Return seconds, nanoseconds of a fraction, and the mask of values that a format accepts."""
    seconds, nanoseconds = (np.zeros(len(text), dtype=np.int64) for _ in range(2))
    valid = np.zeros(len(text), dtype=bool)
    for each in map(compile_duration, formats):
        rest = np.flatnonzero(~valid)
        if not len(rest):
            break
        part = text if len(rest) == len(text) else text.take(pa.array(rest))
        groups = pc.extract_regex(part, pattern=each.column_regex)
        accepted = valid_mask(groups)
        valid[rest] = accepted
        seconds[rest] = np.where(accepted, _seconds(groups, each), 0)
        if FRACTION in each.units:
            digits = pc.utf8_rpad(pc.fill_null(groups.field(FRACTION), ""), FRACTION_DIGITS, padding="0")
            nanoseconds[rest] = np.where(accepted, to_ints(digits), 0)
    return seconds, nanoseconds, valid


def _seconds(groups: pa.StructArray, fmt: DurationFormat) -> Ints:
    total: Ints = np.zeros(len(groups), dtype=np.int64)
    for unit in fmt.units:
        if unit == FRACTION:
            continue
        digits = groups.field(unit)
        number = _open_numbers(digits, open_limit(unit)) if unit == fmt.first else to_ints(digits)
        total = total + number * UNIT_SECONDS[unit]
    return total


def _open_numbers(digits: pa.StringArray, limit: int) -> Ints:
    # By length first, since int64 does not hold numbers of any length.
    long = as_mask(pc.greater(pc.binary_length(digits), len(str(limit))))
    numbers = to_ints(pc.if_else(pa.array(~long), digits, "0"))
    return np.where(long, limit, np.minimum(numbers, limit))
