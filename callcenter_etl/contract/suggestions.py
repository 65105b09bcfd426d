"""Suggests the word that an author probably meant: by another tool's vocabulary, or by similar spelling."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from itertools import islice

from callcenter_etl.contract.quoting import quoted
from callcenter_etl.contract.words import meant_by

MAX_CANDIDATES = 150  # difflib compares them one by one, for each unknown word


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """Return ` (did you mean 'x'?)`, or an empty text if no candidate is similar.

    A word of another tool comes first: `timestamp` is spelt like `time`, and means `datetime`. Of very many candidates only the first ones of a like length are compared.
    """
    names = candidates if isinstance(candidates, Collection) else tuple(candidates)
    meant = None if word.casefold() in names else meant_by(word, names)
    if meant is not None:
        right, note = meant
        return f" (did you mean {quoted(right)}?{' ' + note if note else ''})"
    # Words with a larger difference in length cannot reach difflib's ratio of 0.6.
    likely = (each for each in names if 10 * min(len(each), len(word)) >= 3 * (len(each) + len(word)))
    known = {candidate.casefold(): candidate for candidate in islice(likely, MAX_CANDIDATES)}
    near = difflib.get_close_matches(word.casefold(), list(known), n=1, cutoff=0.6)
    return f" (did you mean {quoted(known[near[0]])}?)" if near else ""
