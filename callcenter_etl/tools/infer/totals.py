"""Finds lines of totals at the end of a sample, and records with few values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callcenter_etl.rules.masks import Mask, as_mask

Item = TypeVar("Item")
LAST_RECORDS = 3  # the last records of a sample, which may be totals and averages
MIN_COLUMNS = 3  # with two columns, one missing value would already be half of them
_LABEL = (
    r"(?i)\A\s*(?:(?:(?:grand|overall|sub)[ -]?)?totals?\b.{0,30}|total g[eé]n[eé]ral|totale?s?|summe|gesamt(?:summe|ergebnis)?"
    r"|insgesamt|zwischensumme|suma|somme|sum|average|avg\.?|mittelwert|durchschnitt|moyenne|promedio)\s*:?\s*\z"
)


def with_last(items: Iterable[Item]) -> Iterator[tuple[Item, bool]]:
    """Yield each item, and whether it is the last one; iterates one item ahead."""
    held: list[Item] = []
    for item in items:
        if held:
            yield held.pop(), False
        held.append(item)
    yield from ((item, True) for item in held)


def totals_mask(values: Sequence[pa.StringArray], blank: Sequence[Mask]) -> Mask:
    """Return the mask of totals among the last records of a sample, of shape (records,).

    Such a record has a label such as "Total" that occurs nowhere else in its column, and a missing value.
    """
    length = len(values[0])
    totals = np.zeros(length, dtype=bool)
    start = max(0, length - LAST_RECORDS)
    lacking = np.logical_or.reduce([mask[start:] for mask in blank])
    for column in values if lacking.any() else ():
        labels = as_mask(pc.match_substring_regex(column[start:], pattern=_LABEL))
        if labels.any():
            elsewhere = pc.unique(column[:start])
            totals[start:] |= labels & lacking & ~as_mask(pc.is_in(column[start:], value_set=elsewhere))
    return totals


def hollow_mask(blank: Sequence[Mask]) -> Mask:
    """Return the mask of records that lack more than half of their values, of shape (records,)."""
    if len(blank) < MIN_COLUMNS:
        return np.zeros(len(blank[0]), dtype=bool)
    counts = np.asarray(np.sum(blank, axis=0, dtype=np.int64))
    return np.greater(2 * counts, len(blank))
