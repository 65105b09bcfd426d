"""Rewrites numbers of a declared notation to the plain one, for whole columns."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callcenter_etl.contract.number_format import POINT, NumberFormat
from callcenter_etl.rules.masks import Mask, as_mask
from callcenter_etl.rules.text_bytes import bytes_of, digits_only, offsets_of


def plain_numbers(text: pa.StringArray, notation: NumberFormat) -> tuple[Mask, pa.StringArray]:
    """Return the mask of values that are numbers of a notation, and these in the plain notation.

    Both have the shape of `text`, an array without nulls. Values outside the mask are unchanged.
    """
    valid = digits_only(text)
    rest = np.flatnonzero(~valid)
    if not len(rest):
        return valid, text
    others = text if len(rest) == len(text) else text.take(pa.array(rest))
    found = as_mask(pc.match_substring_regex(others, pattern=rf"\A(?:{notation.pattern})\z"))
    valid[rest] = found
    if found.all() and len(rest) == len(text):
        return valid, _rewritten(others, notation)
    written = np.zeros(len(text), dtype=bool)
    written[rest[found]] = True
    return valid, pc.replace_with_mask(
        text, pa.array(written), _rewritten(others.filter(pa.array(found)), notation)
    )


def _rewritten(numbers: pa.StringArray, notation: NumberFormat) -> pa.StringArray:
    """Return numbers of the notation, and nothing else, in the plain one."""
    if notation.prefixes:
        # The first alternative that matches is taken, and the prefixes are sorted by length.
        pattern = rf"\A([+-]?)(?:{_choice(notation.prefixes)})"
        numbers = pc.replace_substring_regex(numbers, pattern=pattern, replacement=r"\1")
    if notation.suffixes:
        # The search finds the leftmost match, which is the longest suffix.
        numbers = pc.replace_substring_regex(
            numbers, pattern=rf"(?:{_choice(notation.suffixes)})\z", replacement=""
        )
    if notation.thousands is not None:
        numbers = pc.replace_substring(numbers, pattern=notation.thousands, replacement="")
    if notation.decimal is None or notation.decimal == POINT:
        return numbers
    if not notation.decimal.isascii():
        return pc.replace_substring(numbers, pattern=notation.decimal, replacement=POINT)
    return _with_byte(numbers, notation.decimal, POINT)


def _with_byte(text: pa.StringArray, old: str, new: str) -> pa.StringArray:
    """Return values with one ASCII character in place of another, which is faster than a search in each value."""
    data, offsets = bytes_of(text), offsets_of(text)
    replaced = np.where(data == np.uint8(ord(old)), np.uint8(ord(new)), data)
    buffers = [None, pa.py_buffer(offsets - offsets[0]), pa.py_buffer(replaced)]
    return pa.Array.from_buffers(pa.string(), len(text), buffers)


def _choice(texts: tuple[str, ...]) -> str:
    return "|".join(map(re.escape, texts))
