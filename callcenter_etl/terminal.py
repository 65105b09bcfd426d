"""Makes text safe to show: what a terminal would obey is escaped."""

from __future__ import annotations


def printable(text: str) -> str:
    """Escape what a terminal would obey rather than show; lone surrogates too, so that the result encodes."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )
