"""Candidate formats of dates and times, in order of preference."""

from __future__ import annotations

from itertools import product

import pyarrow as pa
import pyarrow.compute as pc

from callcenter_etl.rules.masks import valid_mask
from callcenter_etl.rules.temporal_values import parse_temporal

_NUMERIC = ("{d}/{m}/{y}", "{m}/{d}/{y}", "{d}-{m}-{y}", "{m}-{d}-{y}", "{d}.{m}.{y}")
_NAMED = (
    "{d}-%b-{y}",
    "{d} %b {y}",
    "%b {d}, {y}",
    "{d} %B {y}",
    "%B {d}, {y}",
    "%a, {d} %b {y}",
    "{d}/%b/{y}",
)
_PADDED = (("%d", "%m"), ("%-d", "%-m"))
_CLOCKS = ("%H:%M:%S", "%-H:%M:%S", "%H:%M", "%-H:%M", "%H:%M:%S.%f", "%-H:%M:%S.%f")
_HALVES = tuple(
    f"{hour}{rest}{space}%p" for rest in (":%M:%S", ":%M") for space in (" ", "") for hour in ("%I", "%-I")
)

DATES = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%Y-%-m-%-d",
    "%Y/%-m/%-d",
    *(
        form.format(d=day, m=month, y=year)
        for year in ("%Y", "%y")
        for day, month in _PADDED
        for form in (*_NUMERIC, *_NAMED)
    ),
)
TIMES = (*_CLOCKS, *_HALVES)
_ZONED = tuple(f"{clock}{zone}" for zone in ("%z", " %z") for clock in _CLOCKS)

_DATE_LIKE = r"\A[0-9A-Za-z][0-9A-Za-z ,./-]{4,28}[0-9]\z"
_TIME_LIKE = r"\A[0-9]{1,2}:[0-9]{2}[0-9:.]*(?: ?[AaPp][Mm])?\z"
_DATETIME_LIKE = r"\A(?P<date>[^:]*?[0-9]{2})(?P<between>T|,? )(?P<time>[0-9]{1,2}:[0-9]{2}.*)\z"
_COMPACT = "%Y%m%d%H%M%S"


def discover(values: pa.StringArray, kind: str) -> list[str]:
    """Return the formats of a date, time or datetime that at least one value has, in order of preference."""
    return _DISCOVERERS[kind](values)


def orientation(fmt: str) -> str | None:
    """Return "day" or "month", whichever comes first in a format; None if the format is not ambiguous."""
    plain = fmt.replace("%-", "%")
    # After a year at the start, the month comes first in every candidate.
    if "%m" not in plain or "%d" not in plain or plain.startswith("%Y"):
        return None
    return "day" if plain.index("%d") < plain.index("%m") else "month"


def _dates(values: pa.StringArray) -> list[str]:
    return _fitting(values.filter(pc.match_substring_regex(values, pattern=_DATE_LIKE)), "date", DATES)


def _times(values: pa.StringArray) -> list[str]:
    return _fitting(values.filter(pc.match_substring_regex(values, pattern=_TIME_LIKE)), "time", TIMES)


def _datetimes(values: pa.StringArray) -> list[str]:
    groups = pc.extract_regex(values, pattern=_DATETIME_LIKE)
    # Date and time are searched apart: all pairs of formats would be thousands of candidates.
    parts = groups.filter(pa.array(valid_mask(groups)))
    if not len(parts):
        compact = values.filter(pc.match_substring_regex(values, pattern=r"\A[0-9]{14}\z"))
        return _fitting(compact, "datetime", (_COMPACT,))
    dates = _fitting(parts.field("date"), "date", DATES)
    times = _fitting(parts.field("time"), "time", (*TIMES, *_ZONED))
    between = pc.unique(parts.field("between")).to_pylist()
    return ["".join(each) for each in product(dates, sorted(between), times)]


def _fitting(values: pa.StringArray, kind: str, formats: tuple[str, ...]) -> list[str]:
    # Samples repeat dates, and every candidate format parses all values.
    values = pc.unique(values)
    if not len(values):
        return []
    return [fmt for fmt in formats if valid_mask(parse_temporal(values, kind=kind, formats=(fmt,))).any()]


_DISCOVERERS = {"date": _dates, "time": _times, "datetime": _datetimes}
