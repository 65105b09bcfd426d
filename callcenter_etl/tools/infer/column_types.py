"""Chooses the type of a column: the narrowest type that all values have except a few outliers."""

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
from callcenter_etl.tools.infer.value_forms import ValueForm, boolean_words, epoch_of

ENOUGH = 20  # the fewest values that support a rule other than type and required
MAX_COUNT_DIGITS = 8  # longer digits of equal length are identifiers, not counts
COMPACT_DATE = "%Y%m%d"
DATE_YEARS = (1950, 2100)
# In a column of text, `None`, `NA` or `-` may be answers, so they are left out.
CERTAIN_EMPTY_WORDS = frozenset({"NULL", "null", "(null)", "<null>", r"\N", "N/A", "n/a", "#N/A", "NaN"})
NEARLY = Fraction(9, 10)  # the share of values with a type that is worth a remark
MIN_ZEROS = 20  # if one in 20 values begins with 0, shorter values are suspicious
MAX_SHORTER = Fraction(1, 5)
MIN_CUT = 5  # numbers with only zeros after the 15th digit: one or two have them by chance
HOUR = 3600 * 1_000_000  # microseconds
EARLY = 6 * HOUR  # nearly every column of clock times has a later value
LATE = 12 * HOUR  # few columns of durations below a day have a greater value


@dataclass(frozen=True, slots=True)
class Kind:
    """A type, the number of values without it, the formats of dates and times, and further keys of the type."""

    type: str
    misfits: int
    reading: Reading | None = None
    form: ValueForm | None = None


@dataclass(frozen=True, slots=True)
class Others:
    """Evidence from the other columns of the samples.

    The order of day and month, whether some are durations, and whether some have a decimal comma.
    """

    order: str | None = None
    durations: bool = False
    comma: bool = False


@dataclass(frozen=True, slots=True)
class Fits:
    """The types that nearly all values of a column have, with the number of misfits and the formats of each."""

    profile: ColumnProfile
    misfits: Mapping[str, int]
    readings: Mapping[str, Reading]
    others: Others
    most: int = 0

    @classmethod
    def of(cls, profile: ColumnProfile, *, words: int, most: int, others: Others = Others()) -> Fits:
        """Return the types with at most `most` misfits.

        `words` is the number of further values, besides those profiled, that are valid only as text.
        """
        misfits = {kind: count + words for kind, count in profile.misfits.items() if count + words <= most}
        readings = {}
        for kind, evidence in profile.formats.items():
            reading = evidence.read(max_misfits=most - words, order=others.order)
            if reading is not None:
                readings[kind] = reading
                misfits[kind] = profile.filled + words - reading.fitted
        return cls(profile, misfits, readings, others, most - words)

    def narrowest(self) -> Kind:
        """Return the type that a person would declare."""
        kind = self._chosen() if self.profile.filled else "digits" if self._is_destroyed() else "text"
        form = self._form(kind)
        if form is not None:
            return Kind(form.type, form.misfits, form=form)
        return Kind(kind, self.misfits.get(kind, 0), self.readings.get(kind))

    def _form(self, kind: str) -> ValueForm | None:
        """Return a type with further keys that says more than `kind`, None if there is none."""
        profile, patterns = self.profile, self.profile.forms.patterns
        if kind in ("integer", "digits"):
            return epoch_of(profile.name, patterns, most=self.most, span=profile.numbers)
        if kind == "time" or (kind == "text" and profile.filled):
            named = name_meaning.says(profile.name, name_meaning.DURATIONS)
            duration = profile.forms.duration(most=self.most, certain=named or kind == "text")
            if duration is not None:
                return duration
        if kind != "text" or not profile.filled or self._is_destroyed():
            return None
        words = boolean_words(profile.distinct or {}, most=self.most)
        numbered = profile.looks_like("phone numbers") or name_meaning.identifies(
            profile.name, name_meaning.CONTACTS
        )
        return words or (None if numbered else profile.forms.number(most=self.most, comma=self.others.comma))

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
        """Return a type for possible numbers: not integer for phone numbers, in which + is not a sign."""
        called = self.profile.looks_like("phone numbers") or self.profile.has_called_numbers
        if called or self._is_destroyed():  # numbers so long that a spreadsheet wrote 9.2E+11 are identifiers
            return "digits" if "digits" in self.misfits else "text"
        if "integer" in self.misfits:
            return "integer"
        return "decimal" if "decimal" in self.misfits and self._is_measured() else "text"

    def _is_destroyed(self) -> bool:
        return self.profile.lost[SCIENTIFIC] > 0

    def _is_measured(self) -> bool:
        """Return whether the values are measurements, most with a fraction, and not codes such as 12E12."""
        profile = self.profile
        if not profile.codes_with_e:
            return True
        named = name_meaning.identifies(profile.name, name_meaning.IDENTIFIERS | name_meaning.CONTACTS)
        return not named and 2 * profile.fractions > profile.filled - profile.codes_with_e

    def _is_date(self) -> bool:
        """Return whether eight digits are dates and not numbers: all are valid, and within plausible years."""
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
        """Return whether values that may be times or durations below a day are durations, as in other columns.

        A name of a start or end is evidence against it, and so are values late in the day; for a name of a clock time,
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
    """Return the profile without values that a spreadsheet destroyed, or unchanged if those values are valid here.

    `9.2E+11` is valid among numbers with fractions, and destroyed among digits; `1-Feb` is a valid date among dates,
    and a destroyed code among codes.
    """
    if profile.clean is None:
        return profile
    if _are_destroyed(profile, profile.clean, tolerance):
        return profile.without_suspects()
    if profile.keys is not None:
        # The suspects are sound, so their repeats count as those of other values.
        profile.keys.repeats += profile.keys.odd_repeats
    return profile


def _are_destroyed(profile: ColumnProfile, clean: ColumnProfile, tolerance: Fraction) -> bool:
    numbered = name_meaning.identifies(profile.name, name_meaning.IDENTIFIERS | name_meaning.CONTACTS)
    scientific, dates = (profile.suspects[cause] for cause in (SCIENTIFIC, DATES))
    if not clean.filled:
        return bool(scientific) and (numbered or (not profile.small_suspects and not dates))
    most = int(tolerance * clean.filled)
    kind = Fits.of(clean, words=0, most=most).narrowest().type
    # Nearly all values, suspects included, are dates or times: `1-Feb` is one of them.
    if Fits.of(profile, words=0, most=most).readings:
        return False
    if kind == "text":
        # `personal`, because only then a pattern of phone numbers is returned.
        return clean.shapes.pattern(max_misfits=most, personal=True) is not None
    return (
        kind in ("digits", "integer")
        or (bool(dates) and kind == "decimal")
        or (bool(scientific) and numbered)
    )


def lost_zeros(profile: ColumnProfile, values: int) -> tuple[int, int]:
    """Return how many of `values` numbers have probably lost leading zeros, and the full length.

    The number is 0 if all have one length, if none begins with 0, or if so many are shorter that lengths just vary.
    """
    lengths = profile.shapes.digit_lengths()
    longest = max(lengths, default=0)
    shorter = values - lengths.get(longest, 0)
    suspicious = profile.leading_zeros * MIN_ZEROS >= values and shorter <= MAX_SHORTER * values
    return (shorter if suspicious else 0), longest


def cut_numbers(profile: ColumnProfile) -> int:
    """Return how many numbers a spreadsheet cut after 15 digits, 0 unless nearly all end in 0 or some in 000."""
    cut, clearly, long = profile.cut_numbers, profile.clearly_cut_numbers, profile.long_numbers
    if cut >= MIN_CUT and cut * 10 >= long * 9:
        return cut
    return clearly if clearly * 100 > long else 0


def near_types(profile: ColumnProfile, words: int) -> tuple[str, ...]:
    """Return evidence for a type that most values have, if the others are too many to be outliers.

    `words` is the number of further values, besides those profiled, that are valid only as text.
    """
    values = profile.filled + words
    found = Fits.of(profile, words=words, most=int((1 - NEARLY) * values)).narrowest()
    if found.type == "text":
        return ()
    # Rounded up: with less, `--tolerance` would not cover all misfits.
    share = -(-100 * found.misfits // values)
    return (
        f"{values - found.misfits:,} of them are of type {found.type} (--tolerance {share}% would say so)",
    )


def empty_words(profiles: Sequence[ColumnProfile], tolerance: Fraction) -> tuple[str, ...]:
    """Return the words that count as empty: certain ones, and any in a column of another type than text."""
    found: set[str] = set()
    for profile in profiles:
        most = int(tolerance * profile.filled)
        kind = Fits.of(profile, words=0, most=most).narrowest().type
        found |= {word for word in profile.empty_words if kind != "text" or word in CERTAIN_EMPTY_WORDS}
    return tuple(sorted(found))


def have_durations(profiles: Sequence[ColumnProfile], tolerance: Fraction) -> bool:
    """Return whether any column holds durations."""
    return any(
        Fits.of(each, words=0, most=int(tolerance * each.filled)).narrowest().type == "duration"
        for each in profiles
        if "duration" in each.misfits
    )


def have_decimal_comma(profiles: Sequence[ColumnProfile]) -> bool:
    """Return whether any column has numbers with a comma that separates no thousands."""
    return any(profile.forms.has_decimal_comma for profile in profiles if profile.filled)


def order_of_dates(profiles: Sequence[ColumnProfile], tolerance: Fraction) -> str | None:
    """Return "day" or "month", the first of them in all unambiguous columns; None if there is none or they differ."""
    orders = set()
    for profile in profiles:
        for evidence in profile.formats.values():
            reading = evidence.read(max_misfits=int(tolerance * profile.filled))
            if reading is not None and reading.order is not None and reading.instead is None:
                orders.add(reading.order)
    return orders.pop() if len(orders) == 1 else None
