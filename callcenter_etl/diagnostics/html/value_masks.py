"""Mask values, so that a report can be forwarded: the shape of a value is visible, the value is not.

'25:10:00' -> '2#:##:#0'    'completed' -> 'c•••••••d'    '-5' -> '-#'    ' ' -> '␣'
"""

from __future__ import annotations

import re

DIGIT, LETTER, SPACE = "#", "•", "␣"
# Both ends of a shorter value would be most of it.
MIN_WITH_ENDS = 4
MAX_CHARACTERS = 32
EMPTY = "(empty)"


def masked(value: str) -> str:
    """Return the shape of a value of a public column, with its first and last character where it has four or more."""
    shape = shape_of(value)
    if len(value) < MIN_WITH_ENDS:
        return shape
    if len(value) > MAX_CHARACTERS:
        return _end(value[0]) + shape[1:]
    return f"{_end(value[0])}{shape[1:-1]}{_end(value[-1])}"


def shape_of(value: str) -> str:
    """Return the shape of a value alone: ASCII punctuation stays, digits become `#`, and all else `•`.

    Long values are cut, with their length.
    """
    if not value:
        return EMPTY
    shape = "".join(_hidden(character) for character in value[:MAX_CHARACTERS])
    return shape if len(value) <= MAX_CHARACTERS else f"{shape}… ({len(value):,} characters)"


def skeleton(record: str, *, delimiter: str, quote: str | None) -> str:
    """Return the delimiters and quotes of a record, with a `•` for any text between them."""
    kept = "|".join(re.escape(mark) for mark in (delimiter, quote) if mark is not None)
    # Cut first: a malformed record may have megabytes, of which the page shows a few characters.
    bare = re.sub(rf"(?:(?!{kept})[\s\S])+", LETTER, record[: MAX_CHARACTERS**2])
    return f"{bare[: 2 * MAX_CHARACTERS]}…" if len(bare) > 2 * MAX_CHARACTERS else bare


def _hidden(character: str) -> str:
    if character == " ":
        return SPACE
    # Not `isdigit`, which superscripts and digits of other scripts satisfy too.
    if character in "0123456789":
        return DIGIT
    return (
        character if character.isascii() and character.isprintable() and not character.isalnum() else LETTER
    )


def _end(character: str) -> str:
    return character if character.isprintable() and character != " " else _hidden(character)
