"""Formats text for terminals: escaped control characters, counts with nouns, sizes with units."""

from __future__ import annotations

_UNITS = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def printable(text: str) -> str:
    """Return text with control characters escaped; lone surrogates too, so that the result can be encoded."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 line`, `1,204 lines`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def amount(count: float) -> str:
    """Return a number of bytes with one decimal and its unit: `121.6 MB`."""
    # By the rounded size: 999,950 bytes are 1.0 MB, not 1,000.0 kB.
    size, unit = next(((size, unit) for size, unit in _UNITS if round(count / size, 1) >= 1), (1.0, ""))
    return f"{count / size:,.1f} {unit}" if unit else counted(round(count), "byte")
