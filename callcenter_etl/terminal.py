"""Formats text for people: what a terminal would obey is escaped, a noun agrees with its number."""

from __future__ import annotations


def printable(text: str) -> str:
    """Escape what a terminal would obey rather than show; lone surrogates too, so that the result encodes."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 line`, `1,204 lines`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
