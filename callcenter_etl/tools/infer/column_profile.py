"""Profiles the values of one column chunk by chunk, in bounded memory."""

from __future__ import annotations

from collections import Counter
from copy import copy, deepcopy
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.contract.model import Column
from callcenter_etl.rules.exact_numbers import parse_numbers
from callcenter_etl.rules.masks import Mask, as_mask
from callcenter_etl.rules.type_checks import type_check
from callcenter_etl.tools.infer.column_keys import Keys
from callcenter_etl.tools.infer.damage import (
    CODE_WITH_E,
    CUT,
    CUT_CLEARLY,
    EXACT_DIGITS,
    FRACTION,
    LONG,
    LOST,
    SMALL_NUMBER,
    SUSPECTS,
    any_of,
    find,
)
from callcenter_etl.tools.infer.format_evidence import FormatEvidence
from callcenter_etl.tools.infer.likenesses import LikenessCounts
from callcenter_etl.tools.infer.value_forms import FormCounts
from callcenter_etl.tools.infer.value_shapes import Shapes
from callcenter_etl.uniqueness import KeyRegistry

Weights = NDArray[np.int64]

MAX_DISTINCT = 2_000  # distinct values counted in memory
MAX_VALUE_CHARACTERS = 200  # a longer value makes the column free text, without a count of distinct values
MIN_REPEATS = 5  # the average count of a value in a small set of values
PLAIN_TYPES = ("boolean", "digits", "integer", "decimal", "duration")
EMPTY_WORDS = (
    "NULL", "null", "(null)", "<null>", r"\N", "N/A", "n/a", "#N/A", "NA", "NaN", "nan", "None", "none", "nil",
    "-", "--", "---", "?", ".",
)  # fmt: skip
_PLAIN_COLUMNS = {kind: Column.model_validate({"name": kind, "type": kind}) for kind in PLAIN_TYPES}
_NUMBER_WITH_PLUS = r"\A\+[0-9]{7,15}\z"


@dataclass(slots=True)
class ColumnProfile:
    """Counts of the values of one column; `filled` are neither blank nor one of `EMPTY_WORDS` nor lost.

    A type with more than `max_misfits` misfits is dropped. `lines` is the upper bound of the number of values.
    `lost` and `suspects` count, by cause, the values that a spreadsheet destroyed or may have destroyed
    (`damage.py`); `clean` is a profile without the suspects, kept from the first suspect on. `padded` counts values
    with white space around them, and `trimmed` is a profile without it, kept from the first of these on.
    """

    name: str
    max_misfits: int
    lines: int
    keys: Keys | None = None
    records: int = 0
    blank: int = 0
    hollow_blank: int = 0
    filled: int = 0
    empty_words: Counter[str] = field(default_factory=Counter)
    misfits: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PLAIN_TYPES, 0))
    lost: Counter[str] = field(default_factory=Counter)
    suspects: Counter[str] = field(default_factory=Counter)
    small_suspects: int = 0
    odd_lengths: tuple[int, int] | None = None
    clean: ColumnProfile | None = None
    padded: int = 0
    trimmed: ColumnProfile | None = None
    trim: bool = False
    leading_zeros: int = 0
    codes_with_e: int = 0
    fractions: int = 0
    long_numbers: int = 0
    cut_numbers: int = 0
    clearly_cut_numbers: int = 0
    numbers_with_plus: int = 0
    likenesses: LikenessCounts = field(init=False)
    lengths: tuple[int, int] | None = None
    numbers: tuple[Decimal, Decimal] | None = None
    durations: tuple[int, int] | None = None
    distinct: Counter[str] | None = field(default_factory=Counter)
    formats: dict[str, FormatEvidence] = field(default_factory=dict)
    shapes: Shapes = field(init=False)
    forms: FormCounts = field(init=False)

    def __post_init__(self) -> None:
        self.shapes = Shapes(max_misfits=self.max_misfits)
        self.forms = FormCounts(max_misfits=self.max_misfits)
        self.likenesses = LikenessCounts(lines=self.lines, spared=self.max_misfits)
        for kind in ("datetime", "date", "time"):
            self.formats[kind] = FormatEvidence(kind, max_misfits=self.max_misfits)

    def open_keys(self, registry: KeyRegistry) -> None:
        """Use this registry for the repeated values of the next sample."""
        if self.keys is not None:
            self.keys.registry = registry

    def add(self, values: pa.StringArray, lines: NDArray[np.int64], blank: Mask, hollow: Mask) -> None:
        """Count the values of a chunk with their lines and two masks: blank values, and records with few values.

        All arrays have the shape (records,).
        """
        self._add_trimmed(values, lines, blank, hollow)
        self.hollow_blank += int((blank & hollow).sum())
        words = as_mask(pc.is_in(values, value_set=pa.array(EMPTY_WORDS, type=pa.string()))) & ~blank
        self.records += len(values)
        self.blank += int(blank.sum())
        if words.any():
            self.empty_words.update(values.filter(pa.array(words)).to_pylist())
        kept = ~blank & ~words
        if not kept.any():
            return
        rest = values if kept.all() else values.filter(pa.array(kept))
        counted = rest.value_counts()
        distinct, weights = counted.field("values"), counted.field("counts").to_numpy()
        odd = self._set_odd_apart(distinct, weights)
        if self.keys is not None:
            self.keys.add(rest, lines[kept], distinct.filter(pa.array(odd)))

    def _add_trimmed(
        self, values: pa.StringArray, lines: NDArray[np.int64], blank: Mask, hollow: Mask
    ) -> None:
        stripped = pc.utf8_trim_whitespace(values)
        padded = int((as_mask(pc.not_equal(stripped, values)) & ~blank).sum())
        if padded and self.trimmed is None:
            self.trimmed = self._copied()
        self.padded += padded
        if self.trimmed is not None:
            self.trimmed.add(stripped, lines, blank, hollow)

    def _set_odd_apart(self, values: pa.StringArray, weights: Weights) -> Mask:
        """Count the values except lost ones, and in `clean` also except suspects; return the mask of both."""
        lost, suspects = find(values, LOST), find(values, SUSPECTS)
        self.lost.update({cause: int(weights[mask].sum()) for cause, mask in lost.items()})
        self.suspects.update({cause: int(weights[mask].sum()) for cause, mask in suspects.items()})
        gone, suspect = (any_of(masks, len(values)) for masks in (lost, suspects))
        if suspect.any() and self.clean is None:
            self.clean = self._copied()
        if (gone | suspect).any():
            odd = values.filter(pa.array(gone | suspect))
            span = pc.min_max(pc.utf8_length(odd))
            self.odd_lengths = _widened(self.odd_lengths, span["min"].as_py(), span["max"].as_py())
            small = as_mask(pc.match_substring_regex(values, pattern=SMALL_NUMBER)) & suspect
            self.small_suspects += int(weights[small].sum())
        self._weigh_some(values, weights, ~gone)
        if self.clean is not None:
            self.clean._weigh_some(values, weights, ~gone & ~suspect)  # noqa: SLF001 - its own class
        return gone | suspect

    def _copied(self) -> ColumnProfile:
        """Return a copy without keys: a registry on disk cannot be copied, and counts odd values separately anyway."""
        keys, self.keys = self.keys, None
        clean = deepcopy(self)
        self.keys = keys
        return clean

    def _weigh_some(self, values: pa.StringArray, weights: Weights, kept: Mask) -> None:
        if kept.any():
            self.filled += int(weights[kept].sum())
            some = values if kept.all() else values.filter(pa.array(kept))
            self._weigh(some, weights[kept])

    def without_suspects(self) -> ColumnProfile:
        """Return the clean profile, with the other counts of this one, and the suspects counted as lost."""
        if self.clean is None:
            return self
        clean = copy(self.clean)
        clean.records, clean.blank, clean.empty_words = self.records, self.blank, self.empty_words
        clean.hollow_blank = self.hollow_blank
        clean.keys, clean.odd_lengths, clean.lost = self.keys, self.odd_lengths, self.lost + self.suspects
        return clean

    def _weigh(self, values: pa.StringArray, weights: Weights) -> None:
        """Count distinct values with their frequencies: most columns have few, so this is less work."""
        span = pc.min_max(pc.utf8_length(values))
        self.lengths = _widened(self.lengths, span["min"].as_py(), span["max"].as_py())
        self._count_distinct(values, weights)
        self._try_types(values, weights)
        self.shapes.add(values, weights)
        self.forms.add(values, weights)
        for kind, evidence in list(self.formats.items()):
            evidence.add(values, weights)
            if not evidence.alive:
                del self.formats[kind]
        self.likenesses.add(values, weights)

    def _count_distinct(self, values: pa.StringArray, weights: Weights) -> None:
        if self.distinct is None:
            return
        if len(values) > MAX_DISTINCT or (self.lengths or (0, 0))[1] > MAX_VALUE_CHARACTERS:
            self.distinct = None
            return
        self.distinct.update(dict(zip(values.to_pylist(), weights.tolist(), strict=True)))
        if len(self.distinct) > MAX_DISTINCT:
            self.distinct = None

    def _try_types(self, values: pa.StringArray, weights: Weights) -> None:
        for kind in list(self.misfits):
            valid, typed = type_check(values, _PLAIN_COLUMNS[kind])
            self.misfits[kind] += int(weights[~valid].sum())
            # A dropped type cannot return: the limit is a share of all lines, which the survey has counted.
            if self.misfits[kind] > self.max_misfits:
                del self.misfits[kind]
                continue
            if kind == "integer":
                called = as_mask(pc.match_substring_regex(values, pattern=_NUMBER_WITH_PLUS))
                self.numbers_with_plus += int(weights[called].sum())
            elif kind == "digits":
                zeros = as_mask(pc.match_substring_regex(values, pattern=r"\A0[0-9]")) & valid
                self.leading_zeros += int(weights[zeros].sum())
                self._note_long_numbers(values, weights)
            elif kind == "decimal" and valid.any():
                self._note_numbers(values.filter(pa.array(valid)))
                self._note_forms(values, weights, valid)
            elif kind == "duration" and valid.any():
                span = pc.min_max(typed)
                self.durations = _widened(self.durations, span["min"].as_py(), span["max"].as_py())

    def _note_long_numbers(self, values: pa.StringArray, weights: Weights) -> None:
        if (self.lengths or (0, 0))[1] > EXACT_DIGITS:
            long, cut, clearly = (
                int(weights[as_mask(pc.match_substring_regex(values, pattern=each))].sum())
                for each in (LONG, CUT, CUT_CLEARLY)
            )
            self.long_numbers += long
            self.cut_numbers += cut
            self.clearly_cut_numbers += clearly

    def _note_forms(self, values: pa.StringArray, weights: Weights, valid: Mask) -> None:
        """Count numbers such as 12E12, which may be codes, and numbers with a fraction, which are measurements."""
        codes = as_mask(pc.match_substring_regex(values, pattern=CODE_WITH_E))
        fractions = as_mask(pc.match_substring_regex(values, pattern=FRACTION)) & valid
        self.codes_with_e += int(weights[codes].sum())
        self.fractions += int(weights[fractions].sum())

    def looks_like(self, what: str) -> bool:
        """Return whether enough values match an entry of `LIKENESSES`."""
        return self.likenesses.share_holds(what, self.filled)

    @property
    def has_called_numbers(self) -> bool:
        """Whether numbers have a plus sign, as in +4930123456, and none is negative: these are phone numbers."""
        return self.numbers_with_plus > 0 and (self.numbers is None or self.numbers[0] >= 0)

    @property
    def repeats_often(self) -> bool:
        """Whether the distinct values are few, and each occurs `MIN_REPEATS` times on average."""
        return self.distinct is not None and len(self.distinct) * MIN_REPEATS <= self.filled

    def _note_numbers(self, values: pa.StringArray) -> None:
        numbers = parse_numbers(values, np.ones(len(values), dtype=bool))
        # Decimals, which are slow, are only for numbers beyond 64 bits.
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
