"""Decides type and rules of a column from its profile, with evidence for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from callcenter_etl.tools.infer import name_meaning
from callcenter_etl.tools.infer.column_draft import InferredColumn
from callcenter_etl.tools.infer.column_limits import free_length, is_scale
from callcenter_etl.tools.infer.column_profile import ColumnProfile
from callcenter_etl.tools.infer.column_types import ENOUGH, Fits, Others, cut_numbers, lost_zeros, near_types
from callcenter_etl.tools.infer.damage import advice
from callcenter_etl.tools.infer.evidence import count_of, instant, lengths_of, number, plural, shown
from callcenter_etl.tools.infer.personal import why_personal
from callcenter_etl.tools.infer.value_lists import allowed_values

MAX_FIXED_LENGTH = 64


def decide(
    profile: ColumnProfile,
    names: Mapping[str, Any],
    *,
    tolerance: Fraction,
    empty: Sequence[str],
    others: Others,
) -> InferredColumn:
    """Return the draft of a column; `names` has its name and aliases, `empty` the words that count as empty."""
    return _Decision(profile, tolerance, empty, others).draft(names)


class _Decision:
    """The decision about one column: collects keys, evidence and outliers."""

    def __init__(
        self, profile: ColumnProfile, tolerance: Fraction, empty: Sequence[str], others: Others
    ) -> None:
        self.profile = profile
        self.kept_words = {word: count for word, count in profile.empty_words.items() if word not in empty}
        self.words = sum(self.kept_words.values())
        # Independent of the tolerance, which is for random errors: these values are damage.
        self.destroyed = profile.lost.total()
        self.sound = profile.filled + self.words
        self.values = self.sound + self.destroyed
        self.blank = profile.records - self.values
        self.most = int(tolerance * self.sound)
        fits = Fits.of(profile, words=self.words, most=self.most, others=others)
        self.found = fits.narrowest()
        self.kind, self.misfits = self.found.type, self.found.misfits
        self.personal = why_personal(profile, self.kind)
        self.keys: dict[str, Any] = {}
        self.evidence: list[str] = []
        self.outliers: dict[str, int] = {}
        self.causes: dict[str, Sequence[str]] = {}

    @property
    def is_text(self) -> bool:
        return self.kind == "text"

    def draft(self, names: Mapping[str, Any]) -> InferredColumn:
        self.keys = dict(names)
        if not self.values:
            return self._without_values()
        if self.profile.trim:
            self.keys["trim"] = True
            self.evidence.append(f"{plural(self.profile.padded, 'value')} with white space around")
        self._type()
        self._required()
        self._limits()
        self._unique()
        self._nearly()
        self._note_damage()
        if self.personal is not None:
            self.keys["classification"] = "personal"
            self.evidence.append(self.personal)
        aliases = self.keys.pop("aliases", None)
        if aliases is not None:
            self.keys["aliases"] = aliases
        return InferredColumn(self.keys, tuple(self.evidence), self.outliers, self.causes)

    def _without_values(self) -> InferredColumn:
        records = self.profile.records
        return InferredColumn(
            self.keys, (f"no value in {plural(records, 'record')}" if records else "no record",)
        )

    def _type(self) -> None:
        if not self.is_text:
            self.keys["type"] = self.kind
        wrong = self.misfits if self.is_text else self.misfits + self.destroyed
        self.evidence.append(f"{count_of(self.values - wrong, self.values, 'value')}")
        if wrong:
            self.outliers["type"] = wrong
        form, reading = self.found.form, self.found.reading
        if form is not None:
            self.keys |= form.keys
            self.evidence += form.evidence
        if reading is None:
            return
        formats = list(reading.formats)
        default = {"date": ["%Y-%m-%d"], "time": ["%H:%M:%S"], "datetime": ["%Y-%m-%d %H:%M:%S"]}[self.kind]
        if formats != default:
            self.keys["format"] = formats[0] if len(formats) == 1 else formats
        if not self._hidden:
            self._note_span(instant(self.kind, reading.first), instant(self.kind, reading.last))
        if reading.instead is not None:
            self.evidence.append(
                f"all would also do as {reading.instead}: check which comes first, day or month"
            )

    def _note_span(self, low: str, high: str) -> None:
        self.evidence.append(f"always {low}" if low == high else f"{low} to {high}")

    def _required(self) -> None:
        if not self.blank:
            self.keys["required"] = True
        # In a key or in damaged records a few blanks are outliers; elsewhere they are optional values.
        elif self.blank <= self.most and (self._is_key or self._is_blank_in_hollow_records):
            self.keys["required"] = True
            self.outliers["required"] = self.blank
        if self.blank:
            self.evidence.append(f"{self.blank:,} empty")

    @property
    def _is_blank_in_hollow_records(self) -> bool:
        """Whether the value is missing only in records that lack most values: such records are damaged."""
        return self.blank == self.profile.blank == self.profile.hollow_blank

    @property
    def _hidden(self) -> bool:
        return self.personal is not None

    def _limits(self) -> None:
        limits = {
            "integer": self._number_limits,
            "decimal": self._number_limits,
            "digits": self._digit_limits,
            "duration": self._duration_limits,
            "text": self._text_limits,
        }
        limits.get(self.kind, lambda: None)()

    def _number_limits(self) -> None:
        form = self.found.form
        if form is not None:
            if self.values >= ENOUGH and not form.negative and not self._hidden:
                self.keys["min"] = 0
            return
        if self.profile.numbers is None:
            return
        low, high = self.profile.numbers
        if not self._hidden:
            self._note_span(number(low), number(high))
        # The observed range is only evidence: as a rule, the next file would break it.
        if self.values < ENOUGH or self._hidden:
            return
        whole = self.kind == "integer" and not self.misfits
        if whole and is_scale(self._distinct() or {}, int(low), int(high), values=self.values):
            self.keys["min"], self.keys["max"] = int(low), int(high)
        elif low >= 0:
            self.keys["min"] = 0

    def _digit_limits(self) -> None:
        if self.profile.lengths is None:
            return
        least, most = self.profile.lengths
        self.evidence.append(lengths_of(least, most, "character" if self.misfits else "digit"))
        if self.sound < ENOUGH or self.misfits or self._lost_zeros():
            return
        if most - least <= 2 and least >= 3:
            self.keys["min_length"], self.keys["max_length"] = least, most

    def _lost_zeros(self) -> bool:
        """Require one length if a few numbers are shorter than others with leading zeros, which spreadsheets drop."""
        shorter, longest = lost_zeros(self.profile, self.sound)
        if not shorter:
            return False
        remark = (
            f"{shorter:,} shorter than others that begin with 0: leading zeros may be lost, ask the sender"
        )
        if shorter > self.most:
            self.evidence.append(f"check, {remark}")
            return False
        self.keys["min_length"] = self.keys["max_length"] = longest
        self.outliers["min_length"] = shorter
        self.causes["min_length"] = (remark,)
        return True

    def _note_damage(self) -> None:
        """Add remarks about values destroyed by a spreadsheet: to the outliers, or to the evidence without a rule."""
        remarks = advice(self.profile.lost)
        key = next((each for each in ("type", "pattern", "allowed") if each in self.outliers), None)
        if remarks and key is not None:
            self.causes[key] = remarks
        else:
            self.evidence += [f"check, {each}" for each in remarks]
        cut = cut_numbers(self.profile)
        if cut and self.kind in ("digits", "integer"):
            self.evidence.append(
                f"check, {cut:,} have nothing but 0 after the 15th digit, where a spreadsheet cuts numbers: ask the sender"
            )

    def _duration_limits(self) -> None:
        if self.profile.durations is not None and not self._hidden and self.found.form is None:
            low, high = self.profile.durations
            self._note_span(instant("duration", low), instant("duration", high))

    def _text_limits(self) -> None:
        if self.values >= ENOUGH and not self._hidden and self._allowed():
            return
        # Shapes do not count words such as NULL, which would break a pattern.
        if self.values >= ENOUGH and not self.words and self._pattern():
            return
        least, most = self.profile.lengths or (0, 0)
        # Here destroyed values break no other rule, so the limits have to cover them.
        odd = (self.profile.odd_lengths or ()) if self.destroyed else ()
        lengths = [*map(len, self.kept_words), *odd]
        least, most = min([least or min(lengths), *lengths]), max([most, *lengths])
        self.evidence.append(lengths_of(least, most, "character"))
        distinct = self._distinct()
        same = distinct is not None and len(distinct) == 1 and not self.destroyed
        if same and not self._hidden:
            self.evidence.append(f"always {shown(next(iter(distinct or ())))}")
        if self.values >= ENOUGH and least == most <= MAX_FIXED_LENGTH and not same:
            self.keys["min_length"], self.keys["max_length"] = least, most
        elif self.values >= ENOUGH:
            self.keys["max_length"] = free_length(most)

    def _distinct(self) -> dict[str, int] | None:
        """Return the distinct values with their counts, the most frequent first; None if there are too many."""
        if self.profile.distinct is None:
            return None
        every = self.profile.distinct | Counter(self.kept_words)
        return dict(sorted(every.items(), key=lambda item: (-item[1], item[0])))

    def _allowed(self) -> bool:
        """Add the key `allowed`; return False if there are too many distinct values."""
        distinct = self._distinct()
        found = None if distinct is None or self._is_key else allowed_values(distinct, tolerated=self.most)
        if found is None:
            return False
        self.keys["allowed"] = list(found.values)
        self.evidence += found.evidence
        if found.rare + self.destroyed:
            self.outliers["allowed"] = found.rare + self.destroyed
        return True

    def _pattern(self) -> bool:
        found = self.profile.shapes.pattern(max_misfits=self.most, personal=self._hidden)
        if found is None:
            return False
        self.keys["pattern"] = found.pattern
        kept = "" if found.fitted == self.values else f" in {count_of(found.fitted, self.values, 'value')}"
        self.evidence.append(f"{found.meaning}{kept}")
        if found.fitted < self.values:
            self.outliers["pattern"] = self.values - found.fitted
        return True

    def _nearly(self) -> None:
        if self.is_text and self.values >= ENOUGH and not {"pattern", "allowed"} & self.keys.keys():
            self.evidence += near_types(self.profile, self.words)

    @property
    def _is_key(self) -> bool:
        keys = self.profile.keys
        return (
            keys is not None
            and keys.alive
            and keys.repeats <= self.most
            and self.values >= ENOUGH
            and not self.words
            and self.personal is None
            and self.kind in ("digits", "integer", "text")
        )

    def _unique(self) -> None:
        keys = self.profile.keys
        if keys is None or not self._is_key:
            return
        if (
            self.is_text
            and "pattern" not in self.keys
            and not name_meaning.identifies(self.profile.name, name_meaning.KEYS)
        ):
            return
        # `unique` skips values that break their type, but not values that break only a pattern.
        repeats = keys.repeats + (keys.odd_repeats if self.is_text and self.destroyed else 0)
        self.keys["unique"] = True
        self.evidence.append(f"{self.sound - keys.repeats:,} distinct" if repeats else "all distinct")
        if repeats:
            self.outliers["unique"] = repeats
