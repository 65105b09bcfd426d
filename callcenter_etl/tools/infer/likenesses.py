"""Recognises personal data by its values: e-mail addresses, phone numbers, names of people and others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.rules.masks import Mask, as_mask
from callcenter_etl.tools.infer.given_names import GIVEN_NAMES

Weights = NDArray[np.int64]

MIN_CHECKED_SHARE = Fraction(
    4, 5
)  # values with valid check digits: a tenth of all numbers has them by chance
MAX_CHECKED = 200  # check digits are computed for a sample of each chunk, because they are not vectorised
_LETTERS = r"\p{L}[\p{L}\p{M}'\x{2019}.-]*"
_NAME = r"(?:\p{Lu}[\p{L}\p{M}'\x{2019}.-]*|(?i:al|bin|da|de|del|della|der|di|do|dos|du|el|la|le|van|von|zu))"
# Sorted, because the order of a set of texts differs from process to process.
_GIVEN = "|".join(sorted(GIVEN_NAMES))
_STREETS = r"(?i:street|st|road|rd|avenue|ave|av|boulevard|blvd|lane|ln|drive|dr|court|ct|place|pl|square|sq|highway|hwy|parkway|pkwy|terrace|way)"
_RUES = r"(?i:rue|avenue|boulevard|allée|allee|impasse|chemin|quai|calle|avenida|avda|paseo|plaza|carrera|camino|via|viale|piazza)"


@dataclass(frozen=True, slots=True)
class Likeness:
    """A pattern (RE2) of one kind of personal data, and the share of a column that must match it.

    `check` verifies the check digits of a matching value.
    """

    pattern: str
    share: Fraction = Fraction(4, 5)
    check: Callable[[str], bool] | None = None


def has_luhn_digit(value: str) -> bool:
    """Return whether the last digit of a payment card number is right by Luhn's algorithm."""
    digits = [int(each) for each in value if each.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def has_iban_digits(value: str) -> bool:
    """Return whether the check digits of an IBAN are right by ISO 7064 (mod 97)."""
    plain = "".join(each for each in value if each.isalnum()).upper()
    return int("".join(str(int(each, 36)) for each in plain[4:] + plain[:4])) % 97 == 1


_EMAIL = r"(?:mailto:|[^<>@]*<)?[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+>?"
_PHONE = (
    r"(?:tel:)?(?:"
    r"\+[0-9(][0-9 ()./-]{5,20}[0-9]"
    r"|00[1-9][0-9]{0,2}[ /-][0-9 ()./-]{5,16}[0-9]"
    r"|\(?0[0-9]{1,5}\)?[ /-]{1,3}[0-9]{3,}(?:[ /-]?[0-9]{2,}){0,4}"
    r"|0[1-9](?:[ .-][0-9]{2}){4}"
    r"|\(?[0-9]{3}\)?[ .-]{1,2}[0-9]{3}[ .-][0-9]{4}"
    r"|\+?\(?[0-9]{2,4}\)?[ -][0-9]{2,5}[ -][0-9]{3,6}"
    r"|\([0-9]{2,4}\) ?[0-9]{3,5}[ -]?[0-9]{3,6}"
    r")(?: ?(?:x|ext\.?) ?[0-9]{1,6})?"
)
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
_IP = (
    rf"{_OCTET}(?:\.{_OCTET}){{3}}(?::[0-9]{{1,5}}|/[0-9]{{1,2}})?"
    r"|(?i:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){7}|(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?)(?:/[0-9]{1,3})?"
)
_IBAN = r"(?i:[A-Z]{2}[0-9]{2} ?[0-9A-Z]{4}(?: ?[0-9A-Z]{4}){1,6}(?: ?[0-9A-Z]{1,4})?)"
_CARD = r"[2-6][0-9]{3}(?:[ -]?[0-9]{4}){2}(?:[ -]?[0-9]{1,7})|3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5}"

# Kinds that identify one person. One such value in a column is enough to show none of its values.
UNMISTAKABLE: Mapping[str, Likeness] = {
    "e-mail addresses": Likeness(rf"\A(?:{_EMAIL})\z"),
    "IP addresses": Likeness(rf"\A(?:{_IP})\z"),
    "IBANs": Likeness(rf"\A(?:{_IBAN})\z", check=has_iban_digits),
    "card numbers": Likeness(rf"\A(?:{_CARD})\z", check=has_luhn_digit),
    "phone numbers": Likeness(rf"\A(?:{_PHONE})\z"),
}
LIKENESSES: Mapping[str, Likeness] = {
    **UNMISTAKABLE,
    "e-mail addresses and phone numbers": Likeness(rf"\A(?:{_EMAIL}|{_PHONE})\z", share=Fraction(1, 5)),
    "postal addresses": Likeness(
        rf"\A(?:[0-9]+[0-9A-Za-z/-]* .*\b{_STREETS}\b\.?.*|[0-9]+,? ?(?:bis|ter)?,? ?{_RUES} .*|{_RUES}\.? .*[0-9].*"
        r"|\p{L}.*(?i:straße|strasse|str\.|weg|platz|allee|gasse|ring|ufer|damm)\.? [0-9]+ ?[a-zA-Z]?(?:[ ,].*)?)\z",
        share=Fraction(3, 5),
    ),
    # Capitalised words may also be queues or products, so this kind counts only under a header about people.
    "names": Likeness(
        rf"\A\p{{Lu}}[\p{{L}}\p{{M}}'\x{{2019}}.-]+(?:,? {_NAME}){{0,5}}\z", share=Fraction(3, 5)
    ),
    "given names": Likeness(
        rf"\A(?:{_LETTERS}(?: {_LETTERS}){{0,2}}, ?)?(?i:{_GIVEN})(?:[ ._-]+{_LETTERS}){{0,4}}\z",
        share=Fraction(1, 2),
    ),
    "free text": Likeness(r"\A(?s:\s*\S+(?:\s+\S+){4,}.*)\z", share=Fraction(1, 2)),
}


def looks_unmistakable(values: Sequence[str]) -> str | None:
    """Return the first kind of `UNMISTAKABLE` that any value matches, None if there is none."""
    texts = pa.array(values, type=pa.string())
    return next((what for what, each in UNMISTAKABLE.items() if _alike(texts, each).any()), None)


def looks_given(values: Sequence[str]) -> bool:
    """Return whether the first value is a given name, and half of all values are."""
    alike = _alike(pa.array(values, type=pa.string()), LIKENESSES["given names"])
    return bool(alike[0]) and bool(alike.mean() >= LIKENESSES["given names"].share)


def _alike(values: pa.StringArray, likeness: Likeness) -> Mask:
    """Return the mask of matching values; all False if most of the tried check digits are wrong."""
    alike = as_mask(pc.match_substring_regex(_without_accents(values), pattern=likeness.pattern))
    if likeness.check is None or not alike.any():
        return alike
    tried = values.filter(pa.array(alike))[:MAX_CHECKED].to_pylist()
    sound = sum(map(likeness.check, tried))
    return alike if sound >= MIN_CHECKED_SHARE * len(tried) else np.zeros(len(values), dtype=bool)


def _without_accents(values: pa.StringArray) -> pa.StringArray:
    """Return the values without accents (Fátima as Fatima), as the patterns expect."""
    # Most values are ASCII, and normalization would copy all of them.
    if pc.all(pc.string_is_ascii(values)).as_py():
        return values
    return pc.replace_substring_regex(
        pc.utf8_normalize(values, form="NFKD"), pattern=r"\p{M}", replacement=""
    )


class LikenessCounts:
    """Counts, for each of `LIKENESSES`, the values of a column that do not match; drops kinds with too many.

    `lines` is the upper bound of the number of values, so that a dropped kind could not have recovered.
    """

    def __init__(self, *, lines: int, spared: int) -> None:
        self._strangers = dict.fromkeys(LIKENESSES, 0)
        self._lines = lines
        self._spared = spared

    def add(self, values: pa.StringArray, weights: Weights) -> None:
        """Count distinct values of a chunk with their frequencies, both of shape (values,)."""
        for what in list(self._strangers):
            likeness = LIKENESSES[what]
            self._strangers[what] += int(weights[~_alike(values, likeness)].sum())
            if self._strangers[what] > max(self._spared, int((1 - likeness.share) * self._lines)):
                del self._strangers[what]

    def share_holds(self, what: str, values: int) -> bool:
        """Return whether the share of matches of a kind among `values` values is large enough."""
        strangers = self._strangers.get(what)
        return strangers is not None and values > 0 and strangers <= (1 - LIKENESSES[what].share) * values
