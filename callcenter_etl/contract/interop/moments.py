"""Formats of dates and times between strptime and the letters of Java's DateTimeFormatter."""

from __future__ import annotations

import re

_LETTERS = {
    "%Y": "yyyy", "%y": "yy", "%m": "MM", "%-m": "M", "%d": "dd", "%-d": "d", "%H": "HH", "%-H": "H",
    "%I": "hh", "%-I": "h", "%M": "mm", "%-M": "m", "%S": "ss", "%-S": "s", "%f": "SSSSSS", "%p": "a",
    "%b": "MMM", "%B": "MMMM", "%a": "EEE", "%A": "EEEE", "%z": "XXX",
}  # fmt: skip
_DIRECTIVES = {letters: directive for directive, letters in _LETTERS.items()} | {
    "uuuu": "%Y", "YYYY": "%Y", "uu": "%y", "YY": "%y", "DD": "%d", "E": "%a", "EE": "%a",
    **{"S" * count: "%f" for count in range(1, 7)},
    **{zone * count: "%z" for zone in "XxZ" for count in range(1, 4)},
}  # fmt: skip
_STRPTIME = re.compile(r"%-?.|[^%]+", re.DOTALL)
_JAVA = re.compile(r"'(?P<quoted>(?:[^']|'')*)'|(?P<letters>([A-Za-z])\3*)|(?P<text>[^A-Za-z']+)", re.DOTALL)
_RESERVED = re.compile(r"[A-Za-z'\[\]{}#]")
_DATE = frozenset("yuMdDEYL")
_TIME = frozenset("HhmsSaXxZkK")


def to_java(strptime: str) -> str | None:
    """Give a strptime format in Java's letters, None where it has a directive that Java does not know."""
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


def from_java(java: str) -> str | None:
    """Give a format in Java's letters as strptime's, None where it has letters that strptime does not know."""
    parts: list[str] = []
    end = 0
    for match in _JAVA.finditer(java):
        if match.start() != end:
            return None
        end = match.end()
        if match["letters"] is not None:
            directive = _DIRECTIVES.get(match["letters"])
            if directive is None:
                return None
            parts.append(directive)
            continue
        text = match["text"] if match["quoted"] is None else match["quoted"].replace("''", "'") or "'"
        if match["text"] is not None and re.search(r"[\[\]{}#]", text):
            return None  # optional and padded parts
        parts.append(text.replace("%", "%%"))
    return "".join(parts) if end == len(java) else None


def kind_of_java(java: str) -> str:
    """Tell what a format in Java's letters makes: a date, a time or a datetime."""
    letters = {match["letters"][0] for match in _JAVA.finditer(java) if match["letters"]}
    if not letters & _DATE and letters & _TIME:
        return "time"
    return "datetime" if letters & _TIME else "date"
