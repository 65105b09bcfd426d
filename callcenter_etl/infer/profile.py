"""What the values of one column are, gathered chunk by chunk in bounded memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.infer.likenesses import LikenessCounts
from callcenter_etl.infer.shapes import Shapes
from callcenter_etl.infer.temporal import FormatEvidence
from callcenter_etl.keys import KeyRegistry
from callcenter_etl.rules.columns import blank_values
from callcenter_etl.rules.masks import as_mask
from callcenter_etl.rules.numbers import parse_numbers
from callcenter_etl.rules.types import type_check

Weights = NDArray[np.int64]

MOST_DISTINCT = 2_000  # so many values are told apart in memory
MOST_VALUE_CHARACTERS = 200  # a longer value makes the column free text, whose values are not told apart
MIN_REPEATS = 5  # values of a small set occur so often on average
PLAIN_TYPES = ("boolean", "digits", "integer", "decimal", "duration")
EMPTY_WORDS = (
    "NULL", "null", "(null)", "<null>", r"\N", "N/A", "n/a", "#N/A", "NA", "NaN", "nan", "None", "none", "nil",
    "-", "--", "---", "?", ".",
)  # fmt: skip
_NUMBER_WITH_PLUS = r"\A\+[0-9]{7,15}\z"


class Keys:
    """Counts the values of a column that occurred before in their sample; gives up where they are too many.

    Exact, spilled to disk: `registry` is that of the sample which is being read.
    """

    def __init__(self, *, most: int) -> None:
        self.repeats = 0
        self.alive = True
        self.registry: KeyRegistry | None = None
        self._most = most

    def add(self, values: pa.StringArray, lines: NDArray[np.int64]) -> None:
        """Take the values of a chunk with their lines."""
        if self.alive and self.registry is not None and len(values):
            found = self.registry.first_lines(pc.cast(pc.cast(values, pa.binary()), pa.large_binary()), lines)
            self.repeats += int((found >= 0).sum())
            self.alive = self.repeats <= self._most


@dataclass(slots=True)
class ColumnProfile:
    """Counts about the values of one column; `filled` are neither blank nor one of `EMPTY_WORDS`.

    What more than `most_misfits` values are not, the column is not. `lines` is how many values it can have.
    """

    name: str
    most_misfits: int
    lines: int
    keys: Keys | None = None
    records: int = 0
    blank: int = 0
    filled: int = 0
    empty_words: Counter[str] = field(default_factory=Counter)
    misfits: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PLAIN_TYPES, 0))
    leading_zeros: int = 0
    numbers_with_plus: int = 0
    likenesses: LikenessCounts = field(init=False)
    lengths: tuple[int, int] | None = None
    numbers: tuple[Decimal, Decimal] | None = None
    durations: tuple[int, int] | None = None
    distinct: Counter[str] | None = field(default_factory=Counter)
    formats: dict[str, FormatEvidence] = field(default_factory=dict)
    shapes: Shapes = field(init=False)

    def __post_init__(self) -> None:
        self.shapes = Shapes(most_misfits=self.most_misfits)
        self.likenesses = LikenessCounts(lines=self.lines, spared=self.most_misfits)
        for kind in ("datetime", "date", "time"):
            self.formats[kind] = FormatEvidence(kind, most_misfits=self.most_misfits)

    def open_keys(self, registry: KeyRegistry) -> None:
        """Look for repeated values of the next sample in this registry."""
        if self.keys is not None:
            self.keys.registry = registry

    def add(self, values: pa.StringArray, lines: NDArray[np.int64]) -> None:
        """Take the values of a chunk and their lines, both of shape (records,)."""
        blank = blank_values(values, ())
        words = as_mask(pc.is_in(values, value_set=pa.array(EMPTY_WORDS, type=pa.string()))) & ~blank
        self.records += len(values)
        self.blank += int(blank.sum())
        if words.any():
            self.empty_words.update(values.filter(pa.array(words)).to_pylist())
        kept = ~blank & ~words
        self.filled += int(kept.sum())
        if not kept.any():
            return
        rest = values if kept.all() else values.filter(pa.array(kept))
        if self.keys is not None:
            self.keys.add(rest, lines[kept])
        counted = rest.value_counts()
        self._weigh(counted.field("values"), counted.field("counts").to_numpy())

    def _weigh(self, values: pa.StringArray, weights: Weights) -> None:
        """Take distinct values and how often each occurs: most columns have few, so that this is little work."""
        span = pc.min_max(pc.utf8_length(values))
        self.lengths = _widened(self.lengths, span["min"].as_py(), span["max"].as_py())
        self._tell_apart(values, weights)
        self._try_types(values, weights)
        self.shapes.add(values, weights)
        for kind, evidence in list(self.formats.items()):
            evidence.add(values, weights)
            if not evidence.alive:
                del self.formats[kind]
        self.likenesses.add(values, weights)

    def _tell_apart(self, values: pa.StringArray, weights: Weights) -> None:
        if self.distinct is None:
            return
        if len(values) > MOST_DISTINCT or (self.lengths or (0, 0))[1] > MOST_VALUE_CHARACTERS:
            self.distinct = None
            return
        self.distinct.update(dict(zip(values.to_pylist(), weights.tolist(), strict=True)))
        if len(self.distinct) > MOST_DISTINCT:
            self.distinct = None

    def _try_types(self, values: pa.StringArray, weights: Weights) -> None:
        for kind in list(self.misfits):
            valid, typed = type_check(values, kind, ())
            self.misfits[kind] += int(weights[~valid].sum())
            if self.misfits[kind] > self.most_misfits:
                del self.misfits[kind]
                continue
            if kind == "integer":
                called = as_mask(pc.match_substring_regex(values, pattern=_NUMBER_WITH_PLUS))
                self.numbers_with_plus += int(weights[called].sum())
            elif kind == "digits":
                zeros = as_mask(pc.match_substring_regex(values, pattern=r"\A0[0-9]")) & valid
                self.leading_zeros += int(weights[zeros].sum())
            elif kind == "decimal" and valid.any():
                self._note_numbers(values.filter(pa.array(valid)))
            elif kind == "duration" and valid.any():
                span = pc.min_max(typed)
                self.durations = _widened(self.durations, span["min"].as_py(), span["max"].as_py())

    def looks_like(self, what: str) -> bool:
        """Check whether enough of the values look like one of `LIKENESSES`."""
        return self.likenesses.share_holds(what, self.filled)

    @property
    def has_called_numbers(self) -> bool:
        """Check for whole numbers such as +4930123456: the sign belongs to a phone number where none is negative."""
        return self.numbers_with_plus > 0 and (self.numbers is None or self.numbers[0] >= 0)

    @property
    def repeats_often(self) -> bool:
        """Check whether the values are few, each of which occurs `MIN_REPEATS` times on average."""
        return self.distinct is not None and len(self.distinct) * MIN_REPEATS <= self.filled

    def _note_numbers(self, values: pa.StringArray) -> None:
        numbers = parse_numbers(values, np.ones(len(values), dtype=bool))
        if numbers.scaled is not None:
            low, high = (Decimal(int(each)).scaleb(-numbers.scale) for each in _ends(numbers.scaled))
        else:
            decimals = numbers.decimals().tolist()
            low, high = min(decimals), max(decimals)
        self.numbers = (low, high) if self.numbers is None else _outer(self.numbers, (low, high))


def _ends(values: NDArray[np.int64]) -> tuple[int, int]:
    return int(values.min()), int(values.max())


def _widened(span: tuple[int, int] | None, low: int, high: int) -> tuple[int, int]:
    return (low, high) if span is None else (min(low, span[0]), max(high, span[1]))


def _outer(one: tuple[Decimal, Decimal], other: tuple[Decimal, Decimal]) -> tuple[Decimal, Decimal]:
    return min(one[0], other[0]), max(one[1], other[1])
