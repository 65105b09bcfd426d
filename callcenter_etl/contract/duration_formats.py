"""Parses single durations."""

from __future__ import annotations

import re

MICROSECONDS_A_SECOND = 1_000_000
MAX_DURATION_HOURS = 2_500_000_000  # int64 microseconds hold no more
_DURATION = re.compile(r"([0-9]+):([0-5][0-9]):([0-5][0-9])", re.ASCII)


def parse_duration(value: str) -> int | None:
    """Return H:MM:SS in microseconds, None for other text; more than 2,500,000,000 hours count as that many."""
    match = _DURATION.fullmatch(value)
    if match is None:
        return None
    digits = match[1].lstrip("0") or "0"
    # By length first: Python refuses to make an integer of thousands of digits.
    short = len(digits) <= len(str(MAX_DURATION_HOURS))
    hours = min(int(digits), MAX_DURATION_HOURS) if short else MAX_DURATION_HOURS
    return (hours * 3600 + int(match[2]) * 60 + int(match[3])) * MICROSECONDS_A_SECOND
