"""Converts patterns between formats that search, or match from the start, and contracts, which match the whole."""

from __future__ import annotations

import re

_OPENING = re.compile(r"\[\^?\]?")  # a closing bracket in first position is a literal
# With the s flag, since a value may contain line breaks.
ANYTHING = "(?s:.*)"


def anchored(pattern: str) -> str:
    """Return the pattern with anchors, for a format that searches."""
    # Without the group an alternative of the pattern would have one of the anchors only.
    return f"^(?:{pattern})$"


def whole(pattern: str, *, from_start: bool = False) -> str:
    """Return the full-match pattern that is equivalent to a searching one, or to one that matches `from_start`."""
    # The form of `anchored`, unless the group closes earlier, as in ^(?:a)|(?:b)$.
    if pattern.startswith("^(?:") and pattern.endswith(")$") and _closes_at(pattern, 1) == len(pattern) - 2:
        return pattern[4:-2]
    if _has_alternatives(pattern):  # in ^a|b$ each anchor belongs to one alternative only
        return f"(?:{pattern}){ANYTHING}" if from_start else f"{ANYTHING}(?:{pattern}){ANYTHING}"
    starts = from_start or pattern.startswith(("^", r"\A"))
    body = re.sub(r"\A(?:\^|\\A)", "", pattern)
    inner, ends = _without_end(body)
    if starts and ends:
        return inner
    return f"{'' if starts else ANYTHING}(?:{inner}){'' if ends else ANYTHING}"


def _without_end(pattern: str) -> tuple[str, bool]:
    """Return a pattern without its anchor at the end, and whether there was one."""
    for anchor in (r"\Z", r"\z", "$"):
        body = pattern.removesuffix(anchor)
        # After an odd number of backslashes the anchor is a literal.
        escaped = (len(body) - len(body.rstrip("\\"))) % 2 == 1
        if body != pattern and not escaped:
            return body, True
    return pattern, False


def _steps(pattern: str) -> list[tuple[int, str]]:
    """Return offset and character of each part of a pattern that is neither escaped nor in a character class."""
    found: list[tuple[int, str]] = []
    place, in_class = 0, False
    while place < len(pattern):
        letter = pattern[place]
        if letter == "\\":
            place += 2
            continue
        if in_class:
            in_class = letter != "]"
        elif letter == "[":
            in_class = True
            place += len(_OPENING.findall(pattern, place)[0])
            continue
        else:
            found.append((place, letter))
        place += 1
    return found


def _has_alternatives(pattern: str) -> bool:
    depth = 0
    for _, letter in _steps(pattern):
        depth += (letter == "(") - (letter == ")")
        if letter == "|" and depth == 0:
            return True
    return False


def _closes_at(pattern: str, opening: int) -> int | None:
    """Return the offset at which the group closes that opens at an offset."""
    depth = 0
    for place, letter in _steps(pattern):
        if place < opening:
            continue
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return place
    return None
