"""Matches patterns of fixed length on whole columns, as one set of bytes for each position.

For `A[0-9]{4}`, five comparisons of byte columns replace a match by RE2 for each value. Any pattern that is not
obviously of this kind is left to RE2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from callcenter_etl.rules.masks import Mask
from callcenter_etl.rules.text_bytes import columns_of_bytes, lengths_of

MAX_PLACES = 64
_ATOM = re.compile(
    r"(?:\[(?P<members>(?:[A-Za-z0-9_ .:/](?:-[A-Za-z0-9])?)+)\]|(?P<digit>\\d)|\\?(?P<mark>[-_:/])|\\(?P<escaped>[.+*?|()])"
    r"|(?P<plain>[A-Za-z0-9 ,;=@#%&]))(?:\{(?P<count>[0-9]{1,2})\})?"
)
_MEMBER = re.compile(r"(.)(?:-(.))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class CharacterRange:
    """The bytes allowed at one position: from `least` to `most`, or those in `table` if the range has gaps."""

    least: int
    most: int
    table: NDArray[np.bool_] | None


@lru_cache(maxsize=1024)
def character_ranges(pattern: str) -> tuple[CharacterRange, ...] | None:
    """Return the allowed bytes for each position of a pattern, None if it is not a simple ASCII pattern of one length."""
    places: list[CharacterRange] = []
    position = 0
    while position < len(pattern):
        atom = _ATOM.match(pattern, position)
        if atom is None:
            return None
        place = _place(atom)
        if place is None:
            return None
        places += [place] * int(atom["count"] or 1)
        position = atom.end()
    return tuple(places) if 0 < len(places) <= MAX_PLACES else None


def match_ranges(text: pa.StringArray, places: tuple[CharacterRange, ...]) -> Mask:
    """Return the mask of matching values, of shape (values,)."""
    # In bytes: a value with other than ASCII characters has bytes that no place allows.
    fits: Mask = lengths_of(text) == len(places)
    if not fits.any():
        return fits
    whole = bool(fits.all())
    matches = np.ones(int(fits.sum()), dtype=bool)
    columns = columns_of_bytes(text if whole else text.filter(pa.array(fits)), len(places))
    for column, place in zip(columns, places, strict=True):
        if place.table is not None:
            matches &= place.table[column]
        elif place.least == place.most:
            matches &= column == place.least
        else:
            # Unsigned: a byte below `least` wraps around to a large number, so one comparison checks both ends.
            matches &= (column - np.uint8(place.least)) <= np.uint8(place.most - place.least)
    if whole:
        return matches
    fits[fits] = matches
    return fits


def _place(atom: re.Match[str]) -> CharacterRange | None:
    if atom["digit"]:
        return CharacterRange(ord("0"), ord("9"), None)
    if not atom["members"]:
        code = ord(atom["mark"] or atom["escaped"] or atom["plain"])
        return CharacterRange(code, code, None)
    table = np.zeros(256, dtype=bool)
    for first, last in _MEMBER.findall(atom["members"]):
        # RE2 reports an inverted range as an error.
        if last and last < first:
            return None
        table[ord(first) : ord(last or first) + 1] = True
    codes = np.flatnonzero(table)
    least, most = int(codes[0]), int(codes[-1])
    return CharacterRange(least, most, table if len(codes) < most - least + 1 else None)
