"""Finds values that a spreadsheet destroyed, with advice for the sender."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callcenter_etl.rules.masks import Mask, as_mask

SCIENTIFIC = "scientific"
DATES = "dates"
HASHES = "hashes"
ERRORS = "errors"
EXACT_DIGITS = 15  # a spreadsheet keeps 15 digits of a number and writes 0 for the rest

_MONTH = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"  # English
    r"|jän|mär|mrz|mai|okt|dez|janv|févr|mars|avr|juin|juil|août|sept|déc|ene|abr|ago|dic)"  # German, French, Spanish
)
# Never a value of a source: a spreadsheet shows these instead of a value.
LOST: Mapping[str, str] = {
    HASHES: r"\A#{2,}\z",
    ERRORS: r"(?i)\A#(?:REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!|BEZUG!|WERT!|ZAHL!|VALEUR!|NOMBRE!|NOM\?|VALOR!|¡[A-Z/0]+!|¿NOMBRE\?)\z",
}
# Destroyed values if the rest of the column is digits or codes, valid ones otherwise.
SUSPECTS: Mapping[str, str] = {
    SCIENTIFIC: r"\A[+-]?[0-9](?:[.,][0-9]+)?[eE]\+[0-9]{2,3}\z",
    DATES: rf"(?i)\A(?:[0-3]?[0-9][-. /]{{1,2}}{_MONTH}\.?(?:[-. /]{{1,2}}[0-9]{{2,4}})?|{_MONTH}\.?[-. /][0-9]{{2,4}})\z",
}
# The least exponent of a phone number as Excel shows it in a narrow column.
MIN_NUMBER_EXPONENT = 9
SMALL_NUMBER = r"[eE]\+0*[0-8]\z"
CODE_WITH_E = r"\A[0-9]+[eE][0-9]+\z"  # 12E12 is a code as often as a number
# A decimal point, or a negative exponent: a measurement, not a code.
FRACTION = r"\A[+-]?[0-9]*\.[0-9]+(?:[eE].*)?\z|[eE]-[0-9]+\z"
CUT = rf"\A[0-9]{{{EXACT_DIGITS}}}0+\z"
CUT_CLEARLY = rf"\A[0-9]{{{EXACT_DIGITS}}}0{{3,}}\z"
LONG = rf"\A[0-9]{{{EXACT_DIGITS + 1},}}\z"

ADVICE: Mapping[str, str] = {
    SCIENTIFIC: "written in scientific notation: digits are lost, ask the sender",
    DATES: "a date that a spreadsheet made of a code: ask the sender",
    HASHES: "nothing but # as in a column that was too narrow: the value is lost, ask the sender",
    ERRORS: "an error of a spreadsheet's formula: ask the sender",
}


def find(values: pa.StringArray, patterns: Mapping[str, str]) -> dict[str, Mask]:
    """Return a mask of matching values by cause; causes without a match are left out."""
    found = {
        cause: as_mask(pc.match_substring_regex(values, pattern=each)) for cause, each in patterns.items()
    }
    return {cause: mask for cause, mask in found.items() if mask.any()}


def any_of(masks: Mapping[str, Mask], length: int) -> Mask:
    """Return a mask of shape (length,) that is true where any of the masks is."""
    found: Mask = np.zeros(length, dtype=bool)
    for mask in masks.values():
        found |= mask
    return found


def advice(counts: Mapping[str, int]) -> tuple[str, ...]:
    """Return a sentence with the number of values for each cause."""
    return tuple(f"{counts[cause]:,} {sentence}" for cause, sentence in ADVICE.items() if counts.get(cause))
