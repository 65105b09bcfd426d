r"""Finds escapes in double quotes that probably mean a backslash and a letter, such as `"\N"` or `"\bx"`.

YAML silently reads `"\N"` as U+0085 and `"\b"` as a backspace; a NULL marker or a word boundary is lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_MEANINGS = {
    "N": "the line break U+0085",
    "_": "the no-break space U+00A0",
    "L": "the line separator U+2028",
    "P": "the paragraph separator U+2029",
    "b": "a backspace, U+0008",
    "a": "a bell, U+0007",
    "e": "an escape character, U+001B",
    "v": "a vertical tab, U+000B",
    "f": "a form feed, U+000C",
    "0": "a NUL, U+0000",
}
_LAYOUT = {"n": "a line feed", "r": "a carriage return", "t": "a tab"}
# In a pattern these mean the same character, whether YAML or RE2 reads them.
_IN_PATTERNS = {letter: text for letter, text in _MEANINGS.items() if letter not in "avf0"}
_IN_PATHS = _MEANINGS | _LAYOUT
_BY_KEY: Mapping[str, Mapping[str, str]] = {
    "pattern": _IN_PATTERNS,
    # Each must be one character, so an escape cannot mean anything else; a tab is often written "\t".
    "delimiter": {},
    "quote": {},
    # Prose for readers, in which a line feed or a tab is intended.
    "description": {},
    "owner": {},
    **dict.fromkeys(("source", "output", "publish_to", "staging", "file", "directory", "uri"), _IN_PATHS),
}


def suspicious_escape(raw: str, key: str) -> tuple[int, str] | None:
    """Return the offset of the first suspicious escape in a scalar's text between double quotes, and its meaning.

    `key` is the nearest key of the contract above the scalar. None if no escape is suspicious.
    """
    meanings = _BY_KEY.get(key, _MEANINGS)
    for match in _ESCAPE.finditer(raw):
        if match[1] in meanings:
            return match.start(), meanings[match[1]]
    return None


def advice(escape: str, meaning: str, *, json: bool) -> str:
    """Return the warning about an escape, with the spelling that keeps the backslash (`json` has no single quotes)."""
    remedy = f"write \\{escape}" if json else "use single quotes"
    return f"in double quotes {escape} is {meaning} (to keep the backslash {remedy})"
