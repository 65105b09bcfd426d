"""Types that other formats can express only as text with a pattern."""

from __future__ import annotations

# Not \d, which in many engines matches digits of other scripts; a contract's digits are ASCII.
SHAPES = {"digits": "[0-9]+", "duration": "[0-9]+:[0-5][0-9]:[0-5][0-9]"}


def kind_of_shape(pattern: str) -> str | None:
    """Return the type of a full-match pattern, None if there is none."""
    return next((kind for kind, shape in SHAPES.items() if shape == pattern), None)
