"""Suggests the word that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import islice

MOST_CANDIDATES = 150  # compared one by one, for each word in doubt


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """Give ` (did you mean 'x'?)`, or nothing where no candidate is near.

    Of very many candidates only the first ones of a like length are compared.
    """
    # A ratio of 0.6 is out of reach where the lengths differ by more.
    likely = (each for each in candidates if 10 * min(len(each), len(word)) >= 3 * (len(each) + len(word)))
    known = {candidate.casefold(): candidate for candidate in islice(likely, MOST_CANDIDATES)}
    near = difflib.get_close_matches(word.casefold(), list(known), n=1, cutoff=0.6)
    return f" (did you mean {known[near[0]]!r}?)" if near else ""
