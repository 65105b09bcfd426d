"""Types that other formats know by a pattern of text alone."""

from __future__ import annotations

SHAPES = {"digits": "[0-9]+", "duration": "[0-9]+:[0-5][0-9]:[0-5][0-9]"}


def kind_of_shape(pattern: str) -> str | None:
    """Return the type that a pattern, matched as a whole, says."""
    return next((kind for kind, shape in SHAPES.items() if shape == pattern), None)
