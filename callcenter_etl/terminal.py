"""Formats text for people: what a terminal would obey is escaped, a noun agrees with its number."""

from __future__ import annotations

_UNITS = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def printable(text: str) -> str:
    """Escape what a terminal would obey rather than show; lone surrogates too, so that the result encodes."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 line`, `1,204 lines`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def amount(count: float) -> str:
    """Return a number of bytes with one decimal and its unit: `121.6 MB`."""
    # 999,950 bytes are 1.0 MB: rounded, they have no place among the kB.
    size, unit = next(((size, unit) for size, unit in _UNITS if round(count / size, 1) >= 1), (1.0, ""))
    return f"{count / size:,.1f} {unit}" if unit else counted(round(count), "byte")
