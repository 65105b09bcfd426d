"""Records that are no records: a line of totals at the end of a sample, and records with next to no value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callcenter_etl.rules.masks import Mask, as_mask

Item = TypeVar("Item")
LAST_RECORDS = 3  # of a sample: totals stand there, sometimes with averages below them
MIN_COLUMNS = 3  # in two columns half of the values is one
_LABEL = (
    r"(?i)\A\s*(?:(?:(?:grand|overall|sub)[ -]?)?totals?\b.{0,30}|total g[eé]n[eé]ral|totale?s?|summe|gesamt(?:summe|ergebnis)?"
    r"|insgesamt|zwischensumme|suma|somme|sum|average|avg\.?|mittelwert|durchschnitt|moyenne|promedio)\s*:?\s*\z"
)


def with_last(items: Iterable[Item]) -> Iterator[tuple[Item, bool]]:
    """Yield each item with whether it is the last one, one item behind."""
    held: list[Item] = []
    for item in items:
        if held:
            yield held.pop(), False
        held.append(item)
    yield from ((item, True) for item in held)


def totals_mask(values: Sequence[pa.StringArray], blank: Sequence[Mask]) -> Mask:
    """Return which of the last records of a sample are totals, of shape (records,).

    Such a record has a label that its column has nowhere else in the chunk, and lacks a value in another column.
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
    """Return which records lack more than half of their values, of shape (records,)."""
    if len(blank) < MIN_COLUMNS:
        return np.zeros(len(blank[0]), dtype=bool)
    counts = np.asarray(np.sum(blank, axis=0, dtype=np.int64))
    return np.greater(2 * counts, len(blank))
