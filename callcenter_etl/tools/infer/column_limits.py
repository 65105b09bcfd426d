"""Limits of columns: the end of a scale, the greatest length of free text."""

from __future__ import annotations

from collections.abc import Collection

from callcenter_etl.tools.infer.column_profile import MIN_REPEATS

SPARE = 1.5  # free text may be longer than in the sample, by this factor
MIN_STEPS = 3
MAX_SCORE = 12  # the highest end of a scale such as 1 to 5
FREE_LENGTHS = (
    10, 20, 50, 100, 200, 255, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 65_535, 2**20, 2**24,
)  # fmt: skip


def is_scale(distinct: Collection[str], low: int, high: int, *, values: int) -> bool:
    """Return whether integers from `low` to `high` are a complete scale such as 1 to 5, and not numbers that may grow."""
    steps = len(distinct)
    complete = steps == high - low + 1 >= MIN_STEPS
    return low in (0, 1) and high <= MAX_SCORE and complete and steps * MIN_REPEATS <= values


def free_length(most: int) -> int:
    """Return the greatest length for free text of which the longest has `most` characters."""
    return next((each for each in FREE_LENGTHS if each >= SPARE * most), most)
