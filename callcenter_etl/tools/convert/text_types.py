"""Types that other formats can express only as text with a pattern."""

from __future__ import annotations

import re

# Not \d, which in many engines matches digits of other scripts; a contract's digits are ASCII.
SHAPES = {"digits": "[0-9]+", "duration": "[0-9]+:[0-5][0-9]:[0-5][0-9]"}

SPECIAL_NUMBERS = (
    "(?i:nan|[+-]?inf(?:inity)?)"  # numbers to Table Schemas and to doubles of XML Schema, in any case
)


def kind_of_shape(pattern: str) -> str | None:
    """Return the type of a full-match pattern, None if there is none."""
    return next((kind for kind, shape in SHAPES.items() if shape == pattern), None)


def pattern_of_number(point: str, group: str, *, kind: str) -> str:
    """Return the pattern of a number; group characters may be anywhere, since the standard does not say where.

    That includes the exponent: readers of Table Schemas drop the character wherever it is.
    """
    more = f"(?:[0-9]|{re.escape(group)})*" if group else "[0-9]*"
    first = f"(?:{re.escape(group)})*[0-9]" if group else "[0-9]"
    if kind == "integer":
        return f"[+-]?{first}{more}"
    mark = re.escape(point)
    return f"[+-]?(?:{first}{more}(?:{mark}{more})?|{mark}{first}{more})(?:[eE][+-]?{first}{more})?"
