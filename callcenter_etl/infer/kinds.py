"""The type of a column: the narrowest one that all values have but for a few outliers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from callcenter_etl.infer import words
from callcenter_etl.infer.evidence import instant
from callcenter_etl.infer.personal import MIN_PHONE_DIGITS
from callcenter_etl.infer.profile import ColumnProfile
from callcenter_etl.infer.temporal import Reading

ENOUGH = 20  # values that a rule beyond type and required rests on
LONGEST_COUNT = 8  # digits of one length beyond this number something rather than count it
COMPACT_DATE = "%Y%m%d"
DATE_YEARS = (1950, 2100)
CERTAIN_EMPTY_WORDS = frozenset({"NULL", "null", "(null)", "<null>", r"\N", "N/A", "n/a", "#N/A", "NaN"})
TYPES = ("boolean", "date", "time", "datetime", "digits", "integer", "duration", "decimal")


@dataclass(frozen=True, slots=True)
class Kind:
    """A type, how many values are not of it, and how dates and times are read."""

    type: str
    misfits: int
    reading: Reading | None = None


@dataclass(frozen=True, slots=True)
class Fits:
    """The types that nearly all values of a column have: how many have not, and how dates and times are read."""

    profile: ColumnProfile
    misfits: Mapping[str, int]
    readings: Mapping[str, Reading]

    @classmethod
    def of(cls, profile: ColumnProfile, *, others: int, most: int, order: str | None) -> Fits:
        """Find the types that all values have but for `most`.

        `others` counts values beside those profiled, which are of no type but text; `order` says which of day and
        month comes first elsewhere in the samples.
        """
        misfits = {kind: count + others for kind, count in profile.misfits.items() if count + others <= most}
        readings = {}
        for kind, evidence in profile.formats.items():
            reading = evidence.read(most_misfits=most - others, order=order)
            if reading is not None:
                readings[kind] = reading
                misfits[kind] = profile.filled + others - reading.fitted
        return cls(profile, misfits, readings)

    def narrowest(self) -> Kind:
        """Choose the type that a person would declare."""
        kind = self._chosen() if self.profile.filled else "text"
        return Kind(kind, self.misfits.get(kind, 0), self.readings.get(kind))

    def _chosen(self) -> str:
        temporal = [kind for kind in ("datetime", "date", "time") if kind in self.readings]
        if temporal == ["date"] and not self._is_date():
            temporal = []
        if "boolean" in self.misfits:
            return "boolean"
        if "duration" in self.misfits and (not temporal or self._is_duration()):
            return "duration"
        if temporal:
            return temporal[0]
        if "digits" in self.misfits and self._is_identifier():
            return "digits"
        if self.profile.looks_like("phone numbers") or self.profile.has_called_numbers:
            return (
                "digits" if "digits" in self.misfits else "text"
            )  # an integer would take their + for a sign
        return next((kind for kind in ("integer", "decimal") if kind in self.misfits), "text")

    def _is_date(self) -> bool:
        """Tell eight digits that are dates from those that happen to be: all are, within a person's years."""
        reading = self.readings["date"]
        if reading.formats != (COMPACT_DATE,):
            return True
        years = [int(instant("date", each)[:4]) for each in (reading.first, reading.last)]
        plausible = years[0] >= DATE_YEARS[0] and years[1] <= DATE_YEARS[1]
        return plausible and (words.says(self.profile.name, words.DATES) or self.profile.filled >= ENOUGH)

    def _is_duration(self) -> bool:
        fewer = self.misfits["duration"] < self.misfits.get("time", 0)
        return fewer or words.says(self.profile.name, words.DURATIONS)

    def _is_identifier(self) -> bool:
        least, most = self.profile.lengths or (0, 0)
        name = self.profile.name
        return (
            self.profile.leading_zeros > 0
            or words.identifies(name, words.IDENTIFIERS | words.CONTACTS)
            or (words.says(name, words.CALLERS) and least >= MIN_PHONE_DIGITS)
            or least == most > LONGEST_COUNT
        )


def empty_words(profiles: Sequence[ColumnProfile], tolerance: Fraction) -> tuple[str, ...]:
    """Give the words that mean "nothing": certain ones, and those among values of another type than text."""
    found: set[str] = set()
    for profile in profiles:
        most = int(tolerance * profile.filled)
        kind = Fits.of(profile, others=0, most=most, order=None).narrowest().type
        found |= {word for word in profile.empty_words if kind != "text" or word in CERTAIN_EMPTY_WORDS}
    return tuple(sorted(found))


def order_of_dates(profiles: Sequence[ColumnProfile], tolerance: Fraction) -> str | None:
    """Tell whether day or month comes first in the columns where that is certain; None where none tells."""
    orders = set()
    for profile in profiles:
        for evidence in profile.formats.values():
            reading = evidence.read(most_misfits=int(tolerance * profile.filled))
            if reading is not None and reading.order is not None and reading.instead is None:
                orders.add(reading.order)
    return orders.pop() if len(orders) == 1 else None
