"""Translates date formats of Java, Excel, SQL and moment.js to strptime, for suggestions in messages."""

from __future__ import annotations

import re
from collections.abc import Callable

MAX_CHARACTERS = 60  # a longer text is not a format of dates
_TOKEN = re.compile(
    r"(?P<word>HH24|HH12|MONTH|MON|MI|AM/PM|FF[0-9]?)|'(?P<quoted>(?:[^']|'')*)'|(?P<run>([A-Za-z])\4*)|(?P<text>[^A-Za-z']+)",
)
_WORDS = {"HH24": "%H", "HH12": "%I", "MONTH": "%B", "MON": "%b", "MI": "%M", "AM/PM": "%p"}
_Token = tuple[str, str]  # kind (word, run, text) and text


def to_strptime(fmt: str) -> str | None:
    """Return the strptime format that `fmt` probably means, None if a part of it has no strptime directive."""
    tokens = _tokens(fmt)
    if tokens is None:
        return None
    letters = [text for kind, text in tokens if kind != "text"]
    found: list[str] = []
    place = 0
    for kind, text in tokens:
        if kind == "text":
            found.append(text.replace("%", "%%"))
            continue
        directive = _directive(text, letters, place)
        if directive is None:
            return None
        found.append(directive)
        place += 1
    return "".join(found)


def _tokens(fmt: str) -> list[_Token] | None:
    if "%" in fmt or len(fmt) > MAX_CHARACTERS:
        return None
    found: list[_Token] = []
    end = 0
    for match in _TOKEN.finditer(fmt):
        # A gap: a character that no token begins with, such as an unclosed quote.
        if match.start() != end:
            return None
        end = match.end()
        kind = "text" if match["quoted"] is not None or match["text"] or match[0] == "T" else "letters"
        found.append((kind, match[0] if match["quoted"] is None else match["quoted"].replace("''", "'")))
    return found if end == len(fmt) else None


def _directive(text: str, letters: list[str], place: int) -> str | None:
    if text in _WORDS:
        return _WORDS[text]
    if text.startswith("FF"):
        return "%f"
    read = _LETTERS.get(text[0].lower())
    return None if read is None else read(text, letters, place)


def _by_length(*directives: str | None) -> Callable[[str, list[str], int], str | None]:
    return lambda text, letters, place: directives[len(text) - 1] if len(text) <= len(directives) else None


def _hour(text: str, letters: list[str], place: int) -> str | None:
    # Excel has h for both clocks: the twelve-hour one is the one with AM/PM.
    half = any(each in ("a", "A", "AM/PM") for each in letters)
    return _by_length(*(("%-I", "%I") if half and text[0] == "h" else ("%-H", "%H")))(text, letters, place)


def _month_or_minute(text: str, letters: list[str], place: int) -> str | None:
    if _is_minute(text, letters, place):
        return _by_length("%-M", "%M")(text, letters, place)
    return _by_length("%-m", "%m", "%b", "%B")(text, letters, place)


def _is_minute(text: str, letters: list[str], place: int) -> bool:
    cases = {each[0] for each in letters if each[0] in "mM"}
    if len(cases) == 2:  # Java and moment.js: M is the month, m the minute
        return text[0] == "m"
    before = letters[place - 1] if place else ""
    after = letters[place + 1] if place + 1 < len(letters) else ""
    return before[:1].lower() == "h" or after[:1].lower() == "s"


def _second_or_fraction(text: str, letters: list[str], place: int) -> str | None:
    follows = place > 0 and letters[place - 1][0].lower() == "s"
    if follows or len(text) > 2:
        return "%f"
    return _by_length("%-S", "%S")(text, letters, place)


_LETTERS: dict[str, Callable[[str, list[str], int], str | None]] = {
    "y": _by_length(None, "%y", None, "%Y"),
    "u": _by_length(None, "%y", None, "%Y"),
    "m": _month_or_minute,
    "l": _by_length("%-m", "%m", "%b", "%B"),
    "d": _by_length("%-d", "%d", "%a", "%A"),
    "e": _by_length("%a", "%a", "%a", "%A"),
    "h": _hour,
    "k": _by_length("%-H", "%H"),
    "s": _second_or_fraction,
    "a": _by_length("%p"),
    "x": _by_length("%z", "%z", "%z"),
    "z": _by_length("%z", "%z", "%z"),
}
