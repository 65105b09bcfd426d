"""Compiles the formats of durations, such as `M:SS`, to regular expressions, and parses single values by them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from callcenter_etl.contract.datetime_formats import FRACTION_DIGITS, MICROSECONDS_A_SECOND, FormatFault
from callcenter_etl.contract.quoting import quoted

DEFAULT_DURATIONS = ("H:MM:SS",)
LITERAL_DURATIONS = ("H:MM:SS", "H:MM:SS.f")  # of bounds and expressions, whatever the column's formats are
MAX_DURATION_HOURS = 2_500_000_000  # int64 microseconds hold no more
UNIT_SECONDS = {"day": 86_400, "hour": 3600, "minute": 60, "second": 1}
FRACTION = "fraction"
# The largest unit first: a format has a run of them without a gap.
_ORDER = (*UNIT_SECONDS, FRACTION)
_OPEN = {"D": "day", "H": "hour", "M": "minute", "S": "second"}
_BOUNDED = {
    "HH": ("hour", "[01][0-9]|2[0-3]"),
    "MM": ("minute", "[0-5][0-9]"),
    "SS": ("second", "[0-5][0-9]"),
    "f": (FRACTION, f"[0-9]{{1,{FRACTION_DIGITS}}}"),
}
_TOKEN = re.compile(r"D+|H+|M+|S+|f+|[^DHMSf]+", re.DOTALL)
_STRPTIME = re.compile(r"%-?[A-Za-z%]")
_FROM_STRPTIME = {"d": "D", "H": "HH", "M": "MM", "S": "SS", "f": "f"}
_ALLOWED = "D, H, M or S first, then HH, MM, SS and f"


@dataclass(frozen=True, slots=True)
class DurationFormat:
    """A format's tokens (units and separators), its units in their order, and regular expressions with a group a unit.

    `first` is the unit without a bound, None where the first unit has two digits. `column_regex` is for RE2: leading
    zeros of that unit are outside of its group, so that the length of the group shows whether the number can fit.
    """

    tokens: tuple[str, ...]
    units: tuple[str, ...]
    first: str | None
    regex: re.Pattern[str]
    column_regex: str


@lru_cache(maxsize=1024)
def compile_duration(fmt: str) -> DurationFormat:
    """Compile a format of a duration. Raises FormatFault with what is wrong with it."""
    tokens = tuple(_TOKEN.findall(fmt))
    fault = _fault(fmt, tokens)
    if fault is not None:
        raise FormatFault(f"format {quoted(fmt)} {fault}")
    units = tuple(unit_of(each) for each in tokens if is_unit(each))
    first = _OPEN.get(next(each for each in tokens if is_unit(each)))
    return DurationFormat(
        tokens=tokens,
        units=units,
        first=first,
        regex=re.compile("".join(_regex(each, "{}[0-9]+") for each in tokens), re.ASCII | re.DOTALL),
        column_regex=rf"\A{''.join(_regex(each, '0*{}[0-9]*[0-9]') for each in tokens)}$",
    )


def has_fraction(formats: tuple[str, ...]) -> bool:
    """Return whether one of the formats has digits of a fraction of a second."""
    return any(FRACTION in compile_duration(each).units for each in formats)


def open_limit(unit: str) -> int:
    """Return the greatest number of an unbounded unit; more of them count as that many."""
    return -(-MAX_DURATION_HOURS * 3600 // UNIT_SECONDS[unit])


def parse_duration(value: str, formats: tuple[str, ...] = DEFAULT_DURATIONS) -> int | None:
    """Return a duration in microseconds by the first format that accepts it, None for other text.

    More than 2,500,000,000 hours count as that many. Digits beyond microseconds are cut.
    """
    for fmt in formats:
        compiled = compile_duration(fmt)
        match = compiled.regex.fullmatch(value)
        if match is not None:
            return _microseconds(compiled, match.groupdict())
    return None


def _microseconds(compiled: DurationFormat, parts: dict[str, str]) -> int:
    micro = int(parts.pop(FRACTION, "").ljust(6, "0")[:6])
    seconds = sum(_count(compiled, unit, text) * UNIT_SECONDS[unit] for unit, text in parts.items())
    return seconds * MICROSECONDS_A_SECOND + micro


def _count(compiled: DurationFormat, unit: str, text: str) -> int:
    if unit != compiled.first:
        return int(text)
    digits, limit = text.lstrip("0") or "0", open_limit(unit)
    # By length first: Python refuses to make an integer of thousands of digits.
    return min(int(digits), limit) if len(digits) <= len(str(limit)) else limit


def is_unit(token: str) -> bool:
    """Return whether a token of a format is a unit, and not a separator."""
    return token in _OPEN or token in _BOUNDED


def unit_of(token: str) -> str:
    """Return the unit of a token, such as `minute` for `M` and `MM`."""
    return _OPEN[token] if token in _OPEN else _BOUNDED[token][0]


def _regex(token: str, open_form: str) -> str:
    if token in _OPEN:
        before, _, digits = open_form.partition("{}")
        return f"{before}(?P<{_OPEN[token]}>{digits})"
    if token in _BOUNDED:
        unit, digits = _BOUNDED[token]
        return f"(?P<{unit}>{digits})"
    return re.escape(token)


def _fault(fmt: str, tokens: tuple[str, ...]) -> str | None:
    """Return what is wrong with a format, None where it can be compiled."""
    if "%" in fmt:
        return f"has strptime directives, and durations have units{_advice(_from_strptime(fmt))}"
    units = [each for each in tokens if each[0] in "DHMSf"]
    if not units:
        return f"has no unit{_advice(fmt.upper())}"
    return _unit_fault(units) or _separator_fault(tokens)


def _unit_fault(units: list[str]) -> str | None:
    unknown = next((each for each in units if not is_unit(each)), None)
    if unknown is not None:
        return f"has an unknown unit {unknown!r} (allowed: {_ALLOWED})"
    late = next((each for each in units[1:] if each in _OPEN), None)
    if late is not None:
        return f"has {late} behind the first unit (write it as {late * 2})"
    places = [_ORDER.index(unit_of(each)) for each in units]
    if places != list(range(places[0], places[0] + len(places))):
        return "has units out of their order, or leaves one out (D, H, M, S and f follow each other)"
    return None


def _separator_fault(tokens: tuple[str, ...]) -> str | None:
    before_fraction = tokens[: tokens.index("f")] if "f" in tokens else tokens
    if "f" in tokens and (len(before_fraction) < 2 or is_unit(before_fraction[-1])):
        return "has f without seconds and a separator before it (such as S.f)"
    if any(character.isdigit() for each in tokens if not is_unit(each) for character in each):
        return "has a digit in a separator"
    return None


def _from_strptime(fmt: str) -> str:
    found = _STRPTIME.sub(lambda match: _FROM_STRPTIME.get(match[0][-1], match[0]), fmt)
    return re.sub(r"^([^DHMSf]*)([HMS])\2", r"\1\2", found)


def _advice(meant: str) -> str:
    tokens = tuple(_TOKEN.findall(meant))
    sound = "%" not in meant and any(map(is_unit, tokens)) and _fault(meant, tokens) is None
    return f" (write it as {meant!r})" if sound else " (such as H:MM:SS)"
