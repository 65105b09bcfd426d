"""Patterns (RE2) for lines around the records: the text that stays, with numbers and values left open."""

from __future__ import annotations

import re
from collections.abc import Sequence

from callcenter_etl.tools.infer.given_names import GIVEN_NAMES
from callcenter_etl.tools.infer.likenesses import looks_unmistakable

ANY = ".*"
_LABELLED = re.compile(r"""(?P<label>["']?\s*[^\W\d_][^:=]{0,60}[:=][ \t]*)(?P<value>.*)""")
_DIGITS = re.compile(r"[0-9]+")


def literal(text: str) -> str:
    """Return a pattern that matches a text alone."""
    # `re.escape` would escape `-`, `#` and blanks too, which RE2 does not need.
    return re.sub(r"([\\.^$*+?{}()\[\]|])", r"\\\1", text)


def line_pattern(line: str) -> str:
    """Return a pattern for a line: a value after a label (`Period: …`) is open, and so are digits in other text."""
    # A title may hold the name of the person who made the report.
    words = re.findall(r"[^\W\d_]+", line.lower())
    if looks_unmistakable([line.strip()]) is not None or not GIVEN_NAMES.isdisjoint(words):
        return ANY
    labelled = _LABELLED.fullmatch(line)
    if labelled is not None and labelled["value"]:
        return open_digits(labelled["label"]) + ANY
    return open_digits(line)


def open_digits(text: str) -> str:
    """Return a pattern for a text in which digits may be others."""
    return _DIGITS.sub("[0-9]+", literal(text))


def common_pattern(lines: Sequence[str]) -> str:
    """Return one pattern for the same line of several samples."""
    patterns = {line_pattern(line) for line in lines}
    if len(patterns) == 1:
        return patterns.pop()
    # Cut at a word, so that no part of a number or name that happens to be common is fixed.
    start = re.sub(r"[\w.]+\Z", "", _common_start(lines))
    return open_digits(start) + ANY


def _common_start(lines: Sequence[str]) -> str:
    same = [len(set(each)) == 1 for each in zip(*lines, strict=False)]
    return lines[0][: same.index(False) if False in same else len(same)]


def stable(patterns: Sequence[str]) -> str | list[str] | None:
    """Return the value of a `match` key for patterns of lines, None if none of them says anything."""
    if all(pattern == ANY for pattern in patterns):
        return None
    return patterns[0] if len(patterns) == 1 else list(patterns)
