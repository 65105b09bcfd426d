"""Collects evidence for the formats of a column's dates or times chunk by chunk, and chooses among them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.rules.masks import valid_mask
from callcenter_etl.rules.temporal_values import parse_temporal
from callcenter_etl.tools.infer.format_candidates import discover, orientation

Weights = NDArray[np.int64]
MAX_FORMATS = 48  # for one column; a set of formats is a bit mask in an int64
MAX_DISCOVERED_FROM = 500  # distinct values of a chunk that are tried for new formats
MAX_CHOSEN = 4
_CLEARLY = 2  # the ratio of two time spans at which the shorter one is preferred


@dataclass(frozen=True, slots=True)
class Reading:
    """The formats chosen for a column: `fitted` values have one of them, from `first` to `last` (microseconds).

    `order` is the chosen order of day and month; `instead` is a format of the other order with as many values.
    """

    formats: tuple[str, ...]
    fitted: int
    first: int
    last: int
    order: str | None = None
    instead: str | None = None


class FormatEvidence:
    """Counts, for every set of formats, the values of one column that match exactly this set."""

    def __init__(self, kind: str, *, max_misfits: int) -> None:
        self.kind = kind
        self.formats: list[str] = []
        self._sets: Counter[int] = Counter()
        self._spans: dict[str, tuple[int, int]] = {}
        self._max_misfits = max_misfits

    @property
    def alive(self) -> bool:
        """Whether the column may still be of this kind."""
        # Set 0 has the values that no format accepts.
        return self._sets[0] <= self._max_misfits

    def add(self, values: pa.StringArray, weights: Weights) -> None:
        """Count distinct values of a chunk with their frequencies, both of shape (values,)."""
        sets = np.zeros(len(values), dtype=np.int64)
        for place, fmt in enumerate(self.formats):
            self._fit(values, fmt, place, sets)
        unread = np.flatnonzero(sets == 0)
        if len(unread):
            # Spread over the chunk, because its first values may all have one format.
            some = unread[:: -(-len(unread) // MAX_DISCOVERED_FROM)]
            found = [
                fmt for fmt in discover(values.take(pa.array(some)), self.kind) if fmt not in self.formats
            ]
            for fmt in found[: MAX_FORMATS - len(self.formats)]:
                self._fit(values, fmt, len(self.formats), sets)
                self.formats.append(fmt)
        found_sets, owner = np.unique(sets, return_inverse=True)
        totals = np.bincount(owner, weights=weights).astype(np.int64)
        self._sets.update(dict(zip(found_sets.tolist(), totals.tolist(), strict=True)))

    def _fit(self, values: pa.StringArray, fmt: str, place: int, sets: Weights) -> None:
        instants = parse_temporal(values, kind=self.kind, formats=(fmt,))
        sets |= valid_mask(instants).astype(np.int64) << place
        span = pc.min_max(instants)
        if span["min"].is_valid:
            low, high = span["min"].as_py(), span["max"].as_py()
            known = self._spans.get(fmt, (low, high))
            self._spans[fmt] = (min(low, known[0]), max(high, known[1]))

    def read(self, *, max_misfits: int, order: str | None = None) -> Reading | None:
        """Return the chosen formats, None if more than `max_misfits` values match none.

        `order` is the order of day and month in other columns ("day" or "month" first), None if unknown.
        """
        both = [self._best(each, max_misfits) for each in ("day", "month")]
        day, month = both
        if day is None or month is None:
            return day or month
        if day.fitted != month.fitted or day.order is None:
            return max(both, key=lambda reading: 0 if reading is None else reading.fitted)
        chosen, other = self._more_likely(day, month, order)
        return Reading(
            chosen.formats, chosen.fitted, chosen.first, chosen.last, chosen.order, instead=other.formats[0]
        )

    def _more_likely(self, day: Reading, month: Reading, order: str | None) -> tuple[Reading, Reading]:
        """Return two readings with equal fit, the better first: by the order of other columns, then by time span.

        Dates read in the wrong order are spread over the year, so the shorter span is more likely.
        """
        by_month = order == "month"
        if order is None:
            spans = day.last - day.first, month.last - month.first
            clear = max(spans) >= _CLEARLY * min(spans) and spans[0] != spans[1]
            # Without a clear span: AM and PM are customary where the month comes first.
            by_month = spans[1] < spans[0] if clear else "%p" in day.formats[0]
        return (month, day) if by_month else (day, month)

    def _best(self, order: str, max_misfits: int) -> Reading | None:
        """Return the fewest formats of one order that leave at most `max_misfits` values, chosen greedily."""
        usable = sorted(
            (place for place, fmt in enumerate(self.formats) if orientation(fmt) in (None, order)),
            key=self._rank,  # max() takes the first of several formats with the same gain
        )
        left = Counter({each: count for each, count in self._sets.items() if count})
        total, chosen = sum(left.values()), list[int]()
        while sum(left.values()) > max_misfits and len(chosen) < MAX_CHOSEN:
            place = max(usable, key=lambda place: self._gain(left, place), default=-1)
            if place < 0 or not self._gain(left, place):
                break
            chosen.append(place)
            left = Counter({each: count for each, count in left.items() if not each >> place & 1})
        if not chosen or sum(left.values()) > max_misfits:
            return None
        formats = tuple(self.formats[place] for place in sorted(chosen, key=self._rank))
        spans = [self._spans[fmt] for fmt in formats]
        oriented = any(orientation(fmt) for fmt in formats)
        return Reading(
            formats=formats,
            fitted=total - sum(left.values()),
            first=min(span[0] for span in spans),
            last=max(span[1] for span in spans),
            order=order if oriented else None,
        )

    def _gain(self, left: Counter[int], place: int) -> int:
        return sum(count for each, count in left.items() if each >> place & 1)

    def _rank(self, place: int) -> tuple[int, int]:
        """Return the sort key: padded formats before unpadded ones, then in the order of discovery."""
        return (self.formats[place].count("%-"), place)
