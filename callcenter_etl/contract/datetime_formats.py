"""Compiles the strptime formats of contracts to regular expressions, and parses single values by them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from callcenter_etl.contract.epoch_formats import EPOCH_UNITS, EPOCH_WORDS, parse_epoch
from callcenter_etl.contract.foreign_formats import to_strptime
from callcenter_etl.contract.quoting import quoted
from callcenter_etl.contract.timezones import utc_from_local

DEFAULT_FORMATS: dict[str, tuple[str, ...]] = {
    "date": ("%Y-%m-%d",),
    "time": ("%H:%M:%S",),
    "datetime": ("%Y-%m-%d %H:%M:%S",),
}
MICROSECONDS_A_SECOND = 1_000_000

MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FIRST_SHORT_YEAR = 1969  # %y without two_digit_years: 69 to 99 are 19xx, 00 to 68 are 20xx
FRACTION_DIGITS = 9  # of %f; values are compared in microseconds


class FormatFault(ValueError):  # noqa: N818  fault is the product's word
    """The error of a format that cannot be used; its text lists everything that is wrong."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A directive (`field` names its part) or literal text (`field` is empty).

    `width` is in bytes, None where it varies.
    """

    field: str
    regex: str
    width: int | None
    text: str


@dataclass(frozen=True, slots=True)
class CompiledFormat:
    """A format's pieces, and a regular expression with one named group for each field.

    RE2 and Python's `re` both accept the expression. `re` must use `fullmatch`, since its `$` also matches before a
    line feed at the end.
    """

    format: str
    kind: str
    pieces: tuple[Piece, ...]
    regex: str


def _any_case(word: str) -> str:
    # Letter by letter, because RE2's (?i:) takes the long s and the Kelvin sign for s and k.
    return "".join(f"[{letter.upper()}{letter}]" for letter in word)


def _names(words: tuple[str, ...], length: int | None) -> str:
    return "|".join(_any_case(word[:length]) for word in words)


_UNPADDED_59 = "[0-9]|[1-5][0-9]"
_DIRECTIVES: dict[str, tuple[str, str, int | None]] = {
    "%Y": ("year", "[0-9]{4}", 4),
    "%y": ("short_year", "[0-9]{2}", 2),
    "%m": ("month", "0[1-9]|1[0-2]", 2),
    "%-m": ("month", "[1-9]|1[0-2]", None),
    "%d": ("day", "0[1-9]|[12][0-9]|3[01]", 2),
    "%-d": ("day", "[1-9]|[12][0-9]|3[01]", None),
    "%H": ("hour", "[01][0-9]|2[0-3]", 2),
    "%-H": ("hour", "[0-9]|1[0-9]|2[0-3]", None),
    "%I": ("hour12", "0[1-9]|1[0-2]", 2),
    "%-I": ("hour12", "[1-9]|1[0-2]", None),
    "%M": ("minute", "[0-5][0-9]", 2),
    "%-M": ("minute", _UNPADDED_59, None),
    "%S": ("second", "[0-5][0-9]", 2),
    "%-S": ("second", _UNPADDED_59, None),
    "%f": ("fraction", f"[0-9]{{1,{FRACTION_DIGITS}}}", None),
    "%p": ("half", "[AaPp][Mm]", 2),
    "%b": ("month_name", _names(MONTHS, 3), 3),
    "%B": ("month_name", _names(MONTHS, None), None),
    "%a": ("weekday", _names(DAYS, 3), 3),
    "%A": ("weekday", _names(DAYS, None), None),
    "%z": ("offset", "Z|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?", None),
}
_YEARS, _MONTH_FIELDS, _HOURS = {"year", "short_year"}, {"month", "month_name"}, {"hour", "hour12"}
_DATE_FIELDS = {"year", "short_year", "month", "month_name", "day", "weekday"}
_TIME_FIELDS = {"hour", "hour12", "minute", "second", "fraction", "half", "offset"}
_LETTER = re.compile(r"[A-Za-z]")
_TOKEN = re.compile(r"%-?.|%$|[^%]+", re.DOTALL)
_HUMAN = {
    "%Y": "YYYY", "%y": "YY", "%m": "MM", "%-m": "M", "%d": "DD", "%-d": "D", "%H": "HH", "%-H": "H",
    "%I": "hh", "%-I": "h", "%M": "MM", "%-M": "M", "%S": "SS", "%-S": "S", "%f": "ffffff", "%p": "AM/PM",
    "%b": "Mon", "%B": "Month", "%a": "Day", "%A": "Weekday", "%z": "+HHMM", "%%": "%",
}  # fmt: skip


@lru_cache(maxsize=1024)
def compile_format(fmt: str, kind: str) -> CompiledFormat:
    """Compile a format of a date, time or datetime. Raises FormatFault with everything that is wrong with it."""
    if fmt in EPOCH_UNITS:
        return _epoch_format(fmt, kind)
    tokens = _TOKEN.findall(fmt)
    # First: "yyyy-MM-dd" has no directive at all, and a list of missing directives would hide the real cause.
    advice = _foreign_fault(fmt, kind)
    if advice is not None:
        raise FormatFault(advice)
    faults = _directive_faults(fmt, tokens) or _field_faults(fmt, kind, tokens)
    if faults:
        raise FormatFault("; ".join(faults))
    pieces = tuple(_piece(each) for each in tokens)
    regex = r"\A" + "".join(piece.regex for piece in pieces) + "$"
    return CompiledFormat(format=fmt, kind=kind, pieces=pieces, regex=regex)


def _epoch_format(fmt: str, kind: str) -> CompiledFormat:
    if kind != "datetime":
        raise FormatFault(f"format {quoted(fmt)} is an instant, not a {kind} (declare type datetime)")
    piece = Piece(field="epoch", regex="(?P<epoch>-?[0-9]+)", width=None, text=fmt)
    return CompiledFormat(format=fmt, kind=kind, pieces=(piece,), regex=rf"\A{piece.regex}$")


def _piece(part: str) -> Piece:
    if part in _DIRECTIVES:
        field, regex, width = _DIRECTIVES[part]
        return Piece(field=field, regex=f"(?P<{field}>{regex})", width=width, text=part)
    text = "%" if part == "%%" else part
    return Piece(field="", regex=re.escape(text), width=len(text.encode()), text=text)


def _foreign_fault(fmt: str, kind: str) -> str | None:
    """Return the fault of a format in the notation of Java, Excel or SQL, None for any other format."""
    meant = to_strptime(fmt) if _LETTER.search(fmt) else None
    if meant is None:
        return None
    tokens = _TOKEN.findall(meant)
    kinds = [each for each in (kind, "datetime", "date", "time") if not _field_faults(meant, each, tokens)]
    if not kinds:
        return None
    declared = "" if kinds[0] == kind else f", with type: {kinds[0]}"
    return f"format {quoted(fmt)} has no strptime directives (write it as {meant!r}{declared})"


def _directive_faults(fmt: str, parts: list[str]) -> list[str]:
    known = (*_DIRECTIVES, "%%")
    unknown = dict.fromkeys(part for part in parts if part.startswith("%") and part not in known)
    return [
        f"unknown directive {quoted(part)} in format {quoted(fmt)} (allowed: {' '.join(known)})"
        for part in unknown
    ]


def _field_faults(fmt: str, kind: str, parts: list[str]) -> list[str]:
    fields = [_DIRECTIVES[part][0] for part in parts if part in _DIRECTIVES]
    found = set(fields)
    has_date = all(found & each for each in ({"day"}, _YEARS, _MONTH_FIELDS))
    dated, timed = kind in ("date", "datetime"), kind in ("time", "datetime")
    rules = (
        *(
            (fields.count(each) > 1, f"says the {each.replace('_', ' ')} twice")
            for each in dict.fromkeys(fields)
        ),
        *(
            (each <= found, "says one part of the date or time in two ways")
            for each in (_YEARS, _MONTH_FIELDS, _HOURS)
        ),
        (dated and not has_date, f"makes no {kind}: it needs a year, a month and a day"),
        (timed and not found & _HOURS, f"makes no {kind}: it needs an hour (%H, or %I with %p)"),
        (kind == "time" and bool(found & _DATE_FIELDS), "has parts of a date (declare type datetime)"),
        (kind == "date" and bool(found & _TIME_FIELDS), "has parts of a time (declare type datetime)"),
        (("hour12" in found) != ("half" in found), "needs %I and %p together"),
    )
    return [f"format {quoted(fmt)} {sentence}" for broken, sentence in rules if broken]


def has_directive(formats: Iterable[str], directive: str) -> bool:
    """Return whether one of the formats has a directive, such as `%z`; `%%z` has none."""
    return any(directive in _TOKEN.findall(each) for each in formats)


@lru_cache(maxsize=1024)
def _python_regex(fmt: str, kind: str) -> re.Pattern[str]:
    return re.compile(compile_format(fmt, kind).regex, re.ASCII)


def parse_value(
    kind: str,
    value: str,
    formats: tuple[str, ...],
    *,
    first_short_year: int = FIRST_SHORT_YEAR,
    timezone: str | None = None,
) -> int | None:
    """Parse one value by the first format that accepts it.

    `%y` is a year of the hundred from `first_short_year` on, and a value without an offset is a local time of
    `timezone`. Returns microseconds since midnight (time) or since 1970-01-01 in UTC (date, datetime), None when no format
    accepts the value. Digits beyond microseconds are cut. The UTC offset of a time is subtracted without wrapping at midnight, so the result may be
    negative or longer than a day. Raises FormatFault when a format is wrong.
    """
    for fmt in formats:
        match = _python_regex(fmt, kind).fullmatch(value)
        if match is not None:
            unit = EPOCH_UNITS.get(fmt)
            if unit is not None:
                found = parse_epoch(value, unit)
            else:
                found = _value_of(match.groupdict(), kind, first_short_year, timezone)
            if found is not None:
                return found
    return None


def _value_of(
    groups: dict[str, str | None], kind: str, first_short_year: int, timezone: str | None
) -> int | None:
    part = {name: text for name, text in groups.items() if text is not None}
    # Plain arithmetic instead of strptime, which accepts unpadded numbers and depends on the locale.
    hour = int(part.get("hour", "0"))
    if "hour12" in part:
        hour = int(part["hour12"]) % 12 + (12 if part["half"].lower() == "pm" else 0)
    micro = int(part.get("fraction", "0").ljust(6, "0")[:6])
    clock = (hour * 3600 + int(part.get("minute", "0")) * 60 + int(part.get("second", "0"))) * 10**6 + micro
    clock -= _offset_microseconds(part.get("offset", "Z"))
    if kind == "time":
        return clock
    if "year" in part:
        year = int(part["year"])
    else:
        year = first_short_year + (int(part["short_year"]) - first_short_year) % 100
    month = int(part["month"]) if "month" in part else _index(MONTHS, part["month_name"]) + 1
    try:
        # The expression accepts 02-30; only the calendar knows the days of a month.
        date = datetime(year, month, int(part["day"]), tzinfo=UTC)
    except ValueError:
        return None
    if "weekday" in part and _index(DAYS, part["weekday"]) != date.weekday():
        return None
    value = (date - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) + clock
    return value if timezone is None or "offset" in part else utc_from_local(value, timezone)


def _index(words: tuple[str, ...], name: str) -> int:
    return next(index for index, word in enumerate(words) if word[:3] == name[:3].lower())


def _offset_microseconds(text: str) -> int:
    if text == "Z":
        return 0
    sign = -1 if text[0] == "-" else 1
    minutes = int(text[3:].lstrip(":") or "0")  # Postgres writes whole hours alone: +00, -05
    return sign * (int(text[1:3]) * 3600 + minutes * 60) * MICROSECONDS_A_SECOND


_ISO: dict[str, tuple[str, ...]] = {
    "date": ("%Y-%m-%d",),
    "time": ("%H:%M:%S", "%H:%M:%S.%f", "%H:%M"),
}
_ISO["datetime"] = tuple(
    f"%Y-%m-%d{between}{time}{zone}" for between in " T" for time in _ISO["time"] for zone in ("", "%z")
)


def parse_iso(kind: str, value: str, timezone: str | None = None) -> int | None:
    """Return a date, time or datetime in ISO form as `parse_value` does; a date alone is a datetime at midnight."""
    found = parse_value(kind, value, _ISO[kind], timezone=timezone)
    if found is not None or kind != "datetime":
        return found
    midnight = parse_value("date", value, _ISO["date"])
    return midnight if midnight is None or timezone is None else utc_from_local(midnight, timezone)


def describe_format(fmt: str) -> str:
    """Return a format in the notation of messages: `%H:%M:%S` is `HH:MM:SS`."""
    return EPOCH_WORDS.get(fmt) or "".join(_HUMAN.get(token, token) for token in _TOKEN.findall(fmt))
