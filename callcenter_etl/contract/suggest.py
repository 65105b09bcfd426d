"""Suggests the word that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """Give ` (did you mean 'x'?)`, or nothing where no candidate is near."""
    known = {candidate.casefold(): candidate for candidate in candidates}
    near = difflib.get_close_matches(word.casefold(), list(known), n=1, cutoff=0.6)
    return f" (did you mean {known[near[0]]!r}?)" if near else ""
