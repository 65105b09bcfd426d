"""Quotes text of a contract for messages: escapes invisible characters and shortens long text."""

from __future__ import annotations

from collections.abc import Callable

MAX_QUOTED = 120  # characters: enough to find a value in the contract
_AROUND = 60  # characters of an expression that are shown on either side of a fault


def quoted(text: str) -> str:
    """Return `text` in quotes; a long text is cut, and its total length added."""
    return _cut(text, repr)


def as_written(text: str) -> str:
    r"""Return a pattern or an expression in quotes, its backslashes single as in the contract.

    `repr` doubles backslashes, so that a reader who copies the message gets another pattern. Invisible characters
    stay escaped: RE2 reads `\t` and a tab alike.
    """
    return _cut(text, _single)


def excerpt(text: str, offset: int) -> str:
    """Return an expression in quotes; of a long expression the part around `offset`, with `…` at each cut."""
    if len(text) <= MAX_QUOTED:
        return _single(text)
    start, end = max(0, offset - _AROUND), offset + _AROUND
    before, after = "…" if start else "", "…" if end < len(text) else ""
    return f"{_single(before + text[start:end] + after)} ({len(text):,} characters)"


def _cut(text: str, write: Callable[[str], str]) -> str:
    if len(text) <= MAX_QUOTED:
        return write(text)
    return f"{write(text[:MAX_QUOTED] + '…')} ({len(text):,} characters)"


def _single(text: str) -> str:
    return repr(text).replace("\\\\", "\\")


def shortened(text: str) -> str:
    """Return `text` without quotes; a long text is cut, and its total length added."""
    return _cut(text, str)
