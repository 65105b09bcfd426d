"""Counts how many values of a column have each form that a contract can declare: numbers, epochs, durations, words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.rules.masks import Mask, as_mask, valid_mask
from callcenter_etl.rules.text_bytes import digits_only
from callcenter_etl.tools.infer import name_meaning
from callcenter_etl.tools.infer.evidence import instant
from callcenter_etl.tools.infer.number_forms import NUMBER_FORMS, NumberForm

Weights = NDArray[np.int64]

EPOCH_NAMES = {
    "epoch",
    "unix",
    "ts",
    "stamp",
    "origination",
    "connect",
    "disconnect",
    "datetime",
    "created",
    "updated",
    "start",
    "end",
}
LAST_EPOCH = 4_102_444_800  # the year 2100
MIN_AFFIXED = 10  # one value in so many has a prefix or suffix
MAX_AFFIXES = 4  # different prefixes or suffixes of one column
EPOCHS = {
    "epoch_s": r"\A(?:0|[1-9][0-9]{8,9})\z",
    "epoch_ms": r"\A(?:0|[1-9][0-9]{11,12})\z",
    "epoch_us": r"\A(?:0|[1-9][0-9]{14,15})\z",
}
DURATIONS = {
    "M:SS": r"\A[0-9]+:[0-5][0-9]\z",
    "H:MM:SS.f": r"\A[0-9]+:[0-5][0-9]:[0-5][0-9]\.[0-9]{1,9}\z",
    "D.HH:MM:SS": r"\A[0-9]+\.(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\z",
    "M:SS.f": r"\A[0-9]+:[0-5][0-9]\.[0-9]{1,9}\z",
}
BOOLEANS = (
    ("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"), ("on", "off"), ("ja", "nein"), ("j", "n"), ("wahr", "falsch"),
    ("oui", "non"), ("o", "n"), ("vrai", "faux"), ("sí", "no"), ("si", "no"), ("s", "n"), ("verdadero", "falso"), ("sì", "no"),
    ("sim", "não"), ("x", "-"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ValueForm:
    """A type with further keys that nearly all values have, the number of others, and what was seen."""

    type: str
    keys: Mapping[str, Any]
    misfits: int
    evidence: tuple[str, ...] = ()
    negative: bool = False


@dataclass(slots=True)
class _NumberCount:
    misfits: int = 0
    negative: int = 0
    grouped: int = 0
    prefixes: Counter[str] = field(default_factory=Counter)
    suffixes: Counter[str] = field(default_factory=Counter)
    fractions: set[int] = field(default_factory=set)


class FormCounts:
    """Counts the values that do not have a form; drops a form with more than `max_misfits` of them."""

    def __init__(self, *, max_misfits: int) -> None:
        self._max_misfits = max_misfits
        self._plain = 0
        self._numbers = {form: _NumberCount() for form in NUMBER_FORMS}
        self.patterns = dict.fromkeys((*EPOCHS, *DURATIONS), 0)
        self.minutes_past_hours = False

    def add(self, values: pa.StringArray, weights: Weights) -> None:
        """Count distinct values of a chunk with their frequencies, both of shape (values,)."""
        for name in list(self.patterns):
            fits = as_mask(pc.match_substring_regex(values, pattern=(EPOCHS | DURATIONS)[name]))
            self.patterns[name] += int(weights[~fits].sum())
            if self.patterns[name] > self._max_misfits:
                del self.patterns[name]
        if "M:SS" in self.patterns:
            late = as_mask(pc.match_substring_regex(values, pattern=r"\A(?:2[4-9]|[3-9][0-9]|[0-9]{3,}):"))
            self.minutes_past_hours = self.minutes_past_hours or bool(late.any())
        # Plain whole numbers have every form, so that most columns end here.
        rest = ~digits_only(values)
        self._plain += int(weights[~rest].sum())
        if rest.any():
            some, counts = values.filter(pa.array(rest)), weights[rest]
            for form in list(self._numbers):
                self._count_number(form, some, counts)

    def _count_number(self, form: NumberForm, values: pa.StringArray, weights: Weights) -> None:
        count = self._numbers[form]
        groups = pc.extract_regex(values, pattern=form.pattern)
        fits: Mask = valid_mask(groups)
        count.misfits += int(weights[~fits].sum())
        kept = groups.filter(pa.array(fits))
        for name, affixes in (("prefix", count.prefixes), ("suffix", count.suffixes)):
            found = kept.field(name).dictionary_encode()
            totals = np.bincount(
                found.indices.to_numpy(), weights=weights[fits], minlength=len(found.dictionary)
            )
            affixes.update(dict(zip(found.dictionary.to_pylist(), map(int, totals), strict=True)))
        if count.misfits > self._max_misfits or max(len(count.prefixes), len(count.suffixes)) > MAX_AFFIXES:
            del self._numbers[form]
            return
        signed = as_mask(pc.match_substring(values.filter(pa.array(fits)), pattern="-"))
        count.negative += int(signed.sum())
        numbers = kept.field("number")
        if form.thousands is not None:
            count.grouped += int(as_mask(pc.match_substring(numbers, pattern=form.thousands)).sum())
        mark = form.decimal or "."
        if form.type == "decimal" and len(numbers):
            places = pc.subtract(pc.utf8_length(numbers), pc.find_substring(numbers, pattern=mark))
            places = places.filter(pc.match_substring(numbers, pattern=mark))
            count.fractions |= {place - 1 for place in pc.unique(places).to_pylist()}

    def number(self, *, most: int, comma: bool) -> ValueForm | None:
        """Return the form of numbers that at most `most` values do not have; `comma`: other columns have a decimal comma."""
        found = {
            form: count
            for form, count in self._numbers.items()
            if count.misfits <= most and _is_needed(form, count, self._plain)
        }
        if not found:
            return None
        least = min(count.misfits for count in found.values())
        fitting = [form for form, count in found.items() if count.misfits == least]
        # 1,234 may be a grouped integer or a decimal with three digits: other columns decide.
        if comma:
            fitting.sort(key=lambda form: form.thousands == "," or form.decimal is None)
        return _value_form(fitting[0], found[fitting[0]])

    def duration(self, *, most: int, certain: bool) -> ValueForm | None:
        """Return the form of durations that at most `most` values do not have; M:SS below a day only if `certain`."""
        for name in DURATIONS:
            misfits = self.patterns.get(name, most + 1)
            if misfits <= most and (certain or self.minutes_past_hours or name != "M:SS"):
                return ValueForm("duration", {"format": name}, misfits)
        return None

    @property
    def has_decimal_comma(self) -> bool:
        """Whether all values are numbers with a comma that is no separator of thousands."""
        comma = self._numbers.get(NumberForm("decimal", decimal=",")) or self._numbers.get(
            NumberForm("decimal", decimal=",", thousands=".")
        )
        return comma is not None and not comma.misfits and bool(comma.fractions - {3})


def boolean_words(distinct: Mapping[str, int], *, most: int) -> ValueForm | None:
    """Return the two words of a column that mean true and false, None if it has others."""
    for yes, no in BOOLEANS[1:]:
        kept = {word: count for word, count in distinct.items() if word.lower() in (yes, no)}
        misfits = sum(distinct.values()) - sum(kept.values())
        true = [word for word in kept if word.lower() == yes]
        false = [word for word in kept if word.lower() == no]
        if true and false and misfits <= most:
            counts = ", ".join(f"{word} {kept[word]:,}" for word in (*true, *false))
            return ValueForm("boolean", {"true_values": true, "false_values": false}, misfits, (counts,))
    return None


def epoch_of(
    name: str, patterns: Mapping[str, int], *, most: int, span: tuple[Decimal, Decimal] | None
) -> ValueForm | None:
    """Return an epoch format if a column of numbers has the name of a date or time, and the magnitude of recent years."""
    named = name_meaning.says(name, name_meaning.CLOCKS | name_meaning.DATES | EPOCH_NAMES)
    for unit, per_second in (("epoch_s", 1), ("epoch_ms", 1_000), ("epoch_us", 1_000_000)):
        misfits = patterns.get(unit, most + 1)
        if (
            named
            and span is not None
            and misfits <= most
            and span[1] <= LAST_EPOCH * per_second
            and span[1] > 0
        ):
            first, last = (instant("datetime", int(each) * 1_000_000 // per_second) for each in span)
            return ValueForm("datetime", {"format": unit}, misfits, (f"{first} to {last} UTC",))
    return None


def _is_needed(form: NumberForm, count: _NumberCount, plain: int) -> bool:
    """Return whether some values need the keys of a form, besides `plain` ones that need none."""
    affixed = False
    for affixes in (count.prefixes, count.suffixes):
        found = affixes.total() - affixes[""]
        # A unit on one value in a hundred is an outlier.
        if 0 < found * MIN_AFFIXED < affixes.total() + plain:
            return False
        affixed = affixed or found > 0
    fraction = form.type == "integer" or bool(count.fractions)
    if form.thousands is not None:
        return count.grouped > 0 and fraction
    return fraction and (form.decimal is not None or affixed)


def _value_form(form: NumberForm, count: _NumberCount) -> ValueForm:
    keys: dict[str, Any] = dict(form.keys())
    evidence = []
    for key, affixes in (("prefix", count.prefixes), ("suffix", count.suffixes)):
        found = [each for each in affixes if each]
        if found:
            keys[key] = found[0] if len(found) == 1 else found
            evidence.append(
                f"{key} {', '.join(repr(each) for each in found)} in {sum(affixes[each] for each in found):,}"
            )
    if count.grouped:
        evidence.append(f"thousands separated by {form.thousands!r}")
    if form.decimal is not None:
        evidence.append("decimal comma")
    return ValueForm(form.type, keys, count.misfits, tuple(evidence), negative=count.negative > 0)
