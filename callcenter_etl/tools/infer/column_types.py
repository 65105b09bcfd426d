"""The type of a column: the narrowest one that all values have but for a few outliers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from callcenter_etl.tools.infer import name_meaning
from callcenter_etl.tools.infer.column_profile import ColumnProfile
from callcenter_etl.tools.infer.damage import DATES, EXACT_DIGITS, SCIENTIFIC
from callcenter_etl.tools.infer.evidence import instant
from callcenter_etl.tools.infer.format_evidence import Reading
from callcenter_etl.tools.infer.personal import MIN_PHONE_DIGITS

ENOUGH = 20  # values that a rule beyond type and required rests on
MAX_COUNT_DIGITS = 8  # digits of one length beyond this number something rather than count it
COMPACT_DATE = "%Y%m%d"
DATE_YEARS = (1950, 2100)
CERTAIN_EMPTY_WORDS = frozenset({"NULL", "null", "(null)", "<null>", r"\N", "N/A", "n/a", "#N/A", "NaN"})
NEARLY = Fraction(9, 10)  # of the values: a type that so many have is worth a remark
MIN_ZEROS = 20  # one in so many values begins with 0: then shorter ones are suspicious
MAX_SHORTER = Fraction(1, 5)
MIN_CUT = 5  # numbers that end in 0 after the 15th digit: one or two do so by chance
HOUR = 3600 * 1_000_000  # microseconds
EARLY = 6 * HOUR  # hardly a column of times of day has none later
LATE = 12 * HOUR  # hardly a column of durations below a day has one later


@dataclass(frozen=True, slots=True)
class Kind:
    """A type, how many values are not of it, and how dates and times are read."""

    type: str
    misfits: int
    reading: Reading | None = None


@dataclass(frozen=True, slots=True)
class Others:
    """What the other columns of the samples show: which of day and month comes first, and whether some are durations."""

    order: str | None = None
    durations: bool = False


@dataclass(frozen=True, slots=True)
class Fits:
    """The types that nearly all values of a column have: how many have not, and how dates and times are read."""

    profile: ColumnProfile
    misfits: Mapping[str, int]
    readings: Mapping[str, Reading]
    others: Others

    @classmethod
    def of(cls, profile: ColumnProfile, *, words: int, most: int, others: Others = Others()) -> Fits:
        """Find the types that all values have but for `most`.

        `words` counts values apart from those profiled, which are of no type but text.
        """
        misfits = {kind: count + words for kind, count in profile.misfits.items() if count + words <= most}
        readings = {}
        for kind, evidence in profile.formats.items():
            reading = evidence.read(max_misfits=most - words, order=others.order)
            if reading is not None:
                readings[kind] = reading
                misfits[kind] = profile.filled + words - reading.fitted
        return cls(profile, misfits, readings, others)

    def narrowest(self) -> Kind:
        """Choose the type that a person would declare."""
        kind = self._chosen() if self.profile.filled else "digits" if self._is_destroyed() else "text"
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
        return self._number()

    def _number(self) -> str:
        """Choose a type for what may be numbers; an integer would take the + of a phone number for a sign."""
        called = self.profile.looks_like("phone numbers") or self.profile.has_called_numbers
        if called or self._is_destroyed():  # what is long enough to be written as 9.2E+11 is not counted with
            return "digits" if "digits" in self.misfits else "text"
        if "integer" in self.misfits:
            return "integer"
        return "decimal" if "decimal" in self.misfits and self._is_measured() else "text"

    def _is_destroyed(self) -> bool:
        return self.profile.lost[SCIENTIFIC] > 0

    def _is_measured(self) -> bool:
        """Check for measured numbers, most of which have a fraction, rather than codes such as 12E12 or identifiers."""
        profile = self.profile
        if not profile.codes_with_e:
            return True
        named = name_meaning.identifies(profile.name, name_meaning.IDENTIFIERS | name_meaning.CONTACTS)
        return not named and 2 * profile.fractions > profile.filled - profile.codes_with_e

    def _is_date(self) -> bool:
        """Check for eight digits that are dates rather than numbers by chance: all are, within a person's years."""
        reading = self.readings["date"]
        if reading.formats != (COMPACT_DATE,):
            return True
        years = [int(instant("date", each)[:4]) for each in (reading.first, reading.last)]
        plausible = years[0] >= DATE_YEARS[0] and years[1] <= DATE_YEARS[1]
        return plausible and (
            name_meaning.says(self.profile.name, name_meaning.DATES) or self.profile.filled >= ENOUGH
        )

    def _is_duration(self) -> bool:
        fewer = self.misfits["duration"] < self.misfits.get("time", 0)
        return (
            fewer
            or name_meaning.says(self.profile.name, name_meaning.DURATIONS)
            or self._is_duration_among_others()
        )

    def _is_duration_among_others(self) -> bool:
        """Check for a duration below a day, which its values do not tell from a time: others of its shape are durations.

        A name that speaks of an instant speaks against it, and so do values late in the day; with the name of a clock,
        values after the early hours.
        """
        name, reading = self.profile.name, self.readings.get("time")
        if (
            not self.others.durations
            or reading is None
            or name_meaning.says(name, name_meaning.STARTS | name_meaning.ENDS)
        ):
            return False
        return reading.last < (EARLY if name_meaning.says(name, name_meaning.CLOCKS) else LATE)

    def _is_identifier(self) -> bool:
        least, most = self.profile.lengths or (0, 0)
        name = self.profile.name
        return (
            self.profile.leading_zeros > 0
            or name_meaning.identifies(name, name_meaning.IDENTIFIERS | name_meaning.CONTACTS)
            or (name_meaning.says(name, name_meaning.CALLERS) and least >= MIN_PHONE_DIGITS)
            or least == most > MAX_COUNT_DIGITS
            or most > EXACT_DIGITS
        )


def settled(profile: ColumnProfile, tolerance: Fraction) -> ColumnProfile:
    """Return the profile without the values that a spreadsheet destroyed; as it is where they are sound here.

    `9.2E+11` is a number among numbers with fractions, and a destroyed one among digits; `1-Feb` is a date among
    dates, and a destroyed code among codes.
    """
    if profile.clean is None:
        return profile
    if _are_destroyed(profile, profile.clean, tolerance):
        return profile.without_suspects()
    if profile.keys is not None:
        profile.keys.repeats += profile.keys.odd_repeats
    return profile


def _are_destroyed(profile: ColumnProfile, clean: ColumnProfile, tolerance: Fraction) -> bool:
    numbered = name_meaning.identifies(profile.name, name_meaning.IDENTIFIERS | name_meaning.CONTACTS)
    scientific, dates = (profile.suspects[cause] for cause in (SCIENTIFIC, DATES))
    if not clean.filled:
        return bool(scientific) and (numbered or (not profile.small_suspects and not dates))
    most = int(tolerance * clean.filled)
    kind = Fits.of(clean, words=0, most=most).narrowest().type
    if Fits.of(profile, words=0, most=most).readings:
        return False
    if kind == "text":
        return clean.shapes.pattern(max_misfits=most, personal=True) is not None
    return (
        kind in ("digits", "integer")
        or (bool(dates) and kind == "decimal")
        or (bool(scientific) and numbered)
    )


def lost_zeros(profile: ColumnProfile, values: int) -> tuple[int, int]:
    """Return how many of so many numbers are shorter than the others, of which some begin with 0, and the length of those.

    0 where all have one length, where none begins with 0, or where so many are shorter that the lengths just vary.
    """
    lengths = profile.shapes.digit_lengths()
    longest = max(lengths, default=0)
    shorter = values - lengths.get(longest, 0)
    suspicious = profile.leading_zeros * MIN_ZEROS >= values and shorter <= MAX_SHORTER * values
    return (shorter if suspicious else 0), longest


def cut_numbers(profile: ColumnProfile) -> int:
    """Return how many numbers a spreadsheet cut after 15 digits: where nearly all end in 0, or some in 000."""
    cut, clearly, long = profile.cut_numbers, profile.clearly_cut_numbers, profile.long_numbers
    if cut >= MIN_CUT and cut * 10 >= long * 9:
        return cut
    return clearly if clearly * 100 > long else 0


def near_types(profile: ColumnProfile, words: int) -> tuple[str, ...]:
    """Return evidence for the type that most of the values have, where those that have not are too many for outliers.

    `words` counts values apart from those profiled, which are of no type but text.
    """
    values = profile.filled + words
    found = Fits.of(profile, words=words, most=int((1 - NEARLY) * values)).narrowest()
    if found.type == "text":
        return ()
    share = -(-100 * found.misfits // values)
    return (
        f"{values - found.misfits:,} of them are of type {found.type} (--tolerance {share}% would say so)",
    )


def empty_words(profiles: Sequence[ColumnProfile], tolerance: Fraction) -> tuple[str, ...]:
    """Return the words that mean "nothing": certain ones, and those among values of another type than text."""
    found: set[str] = set()
    for profile in profiles:
        most = int(tolerance * profile.filled)
        kind = Fits.of(profile, words=0, most=most).narrowest().type
        found |= {word for word in profile.empty_words if kind != "text" or word in CERTAIN_EMPTY_WORDS}
    return tuple(sorted(found))


def have_durations(profiles: Sequence[ColumnProfile], tolerance: Fraction) -> bool:
    """Check whether a column holds durations by its values or its name."""
    return any(
        Fits.of(each, words=0, most=int(tolerance * each.filled)).narrowest().type == "duration"
        for each in profiles
        if "duration" in each.misfits
    )


def order_of_dates(profiles: Sequence[ColumnProfile], tolerance: Fraction) -> str | None:
    """Check whether day or month comes first in the columns where that is certain; None where none tells."""
    orders = set()
    for profile in profiles:
        for evidence in profile.formats.values():
            reading = evidence.read(max_misfits=int(tolerance * profile.filled))
            if reading is not None and reading.order is not None and reading.instead is None:
                orders.add(reading.order)
    return orders.pop() if len(orders) == 1 else None
