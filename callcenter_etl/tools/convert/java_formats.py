"""Converts date and time formats between strptime and Java's DateTimeFormatter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product

from callcenter_etl.contract.epoch_formats import EPOCH_UNITS

_LETTERS = {
    "%Y": "yyyy", "%y": "yy", "%m": "MM", "%-m": "M", "%d": "dd", "%-d": "d", "%H": "HH", "%-H": "H",
    "%I": "hh", "%-I": "h", "%M": "mm", "%-M": "m", "%S": "ss", "%-S": "s", "%f": "SSSSSS", "%p": "a",
    "%b": "MMM", "%B": "MMMM", "%a": "EEE", "%A": "EEEE", "%z": "XXX",
}  # fmt: skip
# In Java a single letter reads both 5 and 05; a directive of a contract reads only one of the two forms.
_EITHER = {letter: (f"%-{code}", f"%{code}") for letter, code in zip("dMHhms", "dmHIMS", strict=True)}
_DIRECTIVES: dict[str, tuple[str, ...]] = {
    **{letters: (directive,) for directive, letters in _LETTERS.items()},
    **_EITHER,
    # The standard's own examples use YYYY-MM-DD, although in Java these are a week-based year and a day of the year.
    "uuuu": ("%Y",), "YYYY": ("%Y",), "uu": ("%y",), "YY": ("%y",), "DD": ("%d",),
    "L": _EITHER["M"], "LL": ("%m",), "LLL": ("%b",), "LLLL": ("%B",),
    **dict.fromkeys(("E", "EE", "eee", "ccc"), ("%a",)), "eeee": ("%A",), "cccc": ("%A",),
    **{"S" * count: ("%f",) for count in range(1, 7)},
    **{zone * count: ("%z",) for zone in "XxZ" for count in range(1, 4)},
    **dict.fromkeys(("XXXXX", "xxxxx", "ZZZZZ"), ("%z",)),
}  # fmt: skip
_NO_COUNTERPART = {
    **dict.fromkeys("yu", "a year of any length"), "Y": "a week-based year", "G": "an era",
    **dict.fromkeys("Qq", "a quarter"), **dict.fromkeys("wW", "a week"), "D": "a day of the year",
    "M": "a month by one letter", "L": "a month by one letter", "E": "a weekday by one letter",
    **dict.fromkeys("ec", "a weekday by the number of a locale"), "F": "a week of the month",
    "a": "a half of the day in other words", "B": "a period of the day", "k": "an hour from 1 to 24",
    "K": "an hour from 0 to 11", "S": "a fraction of more than 6 digits",
    **dict.fromkeys("AnNg", "a count of milliseconds, nanoseconds or days"),
    **dict.fromkeys("VvzO", "a time zone by name"), **dict.fromkeys("XxZ", "an offset with seconds or by name"),
    "p": "a padding",
}  # fmt: skip
_STRPTIME = re.compile(r"%-?.|[^%]+", re.DOTALL)
_JAVA = re.compile(
    r"'(?P<quoted>(?:[^']|'')*)'|(?P<letters>([A-Za-z])\3*)|(?P<section>[\[\]])|(?P<text>[^A-Za-z'\[\]{}#]+)",
    re.DOTALL,
)
_RESERVED = re.compile(r"[A-Za-z'\[\]{}#]")
_DATE = frozenset("yuMdDEYLec")
_TIME = frozenset("HhmsSaXxZkK")
MAX_FORMATS = 64


class NoCounterpartError(Exception):
    """The error of a format without an equivalent in a contract; its text is the reason."""


def to_java(formats: Sequence[str]) -> str | None:
    """Return Java's format for the formats of a column, None if there is no single equivalent."""
    if any(each in EPOCH_UNITS for each in formats):  # words, and no letters of a format
        return None
    for strptime in formats:
        java = _letters_of(strptime)
        # A single format may become wider in Java, for an export rejects nothing that the contract accepts.
        if java is not None and (len(formats) == 1 or set(from_java(java)) == set(formats)):
            return java
    return None


def _letters_of(strptime: str) -> str | None:
    parts: list[str] = []
    for token in _STRPTIME.findall(strptime):
        if token.startswith("%") and token != "%%":
            if token not in _LETTERS:
                return None
            parts.append(_LETTERS[token])
        else:
            parts.append(_quoted("%" if token == "%%" else token))
    return "".join(parts)


def _quoted(text: str) -> str:
    if _RESERVED.search(text) is None:
        return text
    return "'" + text.replace("'", "''") + "'"


def from_java(java: str) -> tuple[str, ...]:
    """Return the strptime formats that together accept the same texts as a format of Java.

    Optional sections and letters for one or two digits result in several formats. Raises NoCounterpartError.
    """
    open_sections: list[list[str]] = [[""]]
    end = 0
    for match in _JAVA.finditer(java):
        if match.start() != end:
            break
        end = match.end()
        if match["section"] == "[":
            open_sections.append([""])
        elif match["section"] == "]":
            _close(open_sections)
        else:
            open_sections[-1] = _joined(open_sections[-1], _read(match))
    if end != len(java):
        raise NoCounterpartError(f"{java[end]!r} is no letter or literal of it")
    while len(open_sections) > 1:  # Java closes open sections at the end of the format
        _close(open_sections)
    return tuple(dict.fromkeys(open_sections[0]))


def _close(open_sections: list[list[str]]) -> None:
    inner = open_sections.pop()
    if not open_sections:
        raise NoCounterpartError("']' closes no section")
    open_sections[-1] = _joined(open_sections[-1], (*inner, ""))


def _joined(before: Sequence[str], after: Sequence[str]) -> list[str]:
    # Each optional section doubles the number of formats, so that a short text could fill the memory.
    if len(before) * len(after) > MAX_FORMATS:
        raise NoCounterpartError(f"it takes more than {MAX_FORMATS} forms")
    return [first + second for first, second in product(before, after)]


def _read(match: re.Match[str]) -> tuple[str, ...]:
    letters = match["letters"]
    if letters is None:
        # Two quotes outside a quoted text are one quote: then the match is empty.
        text = match["text"] if match["quoted"] is None else match["quoted"].replace("''", "'") or "'"
        return (text.replace("%", "%%"),)
    if letters == "T":  # a reserved letter in Java, but the standard's own formats use it without quotes
        return ("T",)
    if letters not in _DIRECTIVES:
        what = _NO_COUNTERPART.get(letters[0], "no letter of DateTimeFormatter (a literal is put in quotes)")
        raise NoCounterpartError(f"{letters!r} is {what}")
    return _DIRECTIVES[letters]


def kind_of_java(java: str) -> str:
    """Return the type of a format of Java: date, time or datetime."""
    letters = {match["letters"][0] for match in _JAVA.finditer(java) if match["letters"]}
    if not letters & _DATE and letters & _TIME:
        return "time"
    return "datetime" if letters & _TIME else "date"


def from_python(strptime: str) -> tuple[str, ...]:
    """Return the formats that together accept what Python's strptime accepts: days, months, hours without a zero too.

    Minutes and seconds without a zero are left out: they are rare, and each would double the number of formats. Of
    adjacent directives both keep two digits, because otherwise their border would be ambiguous.
    """
    tokens = _STRPTIME.findall(strptime)
    parts: list[tuple[str, ...]] = []
    for place, token in enumerate(tokens):
        around = (*tokens[max(0, place - 1) : place], *tokens[place + 1 : place + 2])
        apart = not any(each.startswith("%") and each != "%%" for each in around)
        loose = token in ("%d", "%m", "%H", "%I") and apart
        parts.append((token, f"%-{token[1]}") if loose else (token,))
    return tuple("".join(each) for each in product(*parts))


def to_python(formats: Sequence[str]) -> str | None:
    """Return one strptime format of Python for all formats of a column, None if there is none."""
    # %f of Python reads six digits at most, that of a contract nine.
    if any("%f" in each or each in EPOCH_UNITS for each in formats):
        return None
    for strptime in formats:
        if "%-" not in strptime and (len(formats) == 1 or set(from_python(strptime)) == set(formats)):
            return strptime
    return None
