"""Normalizes the values of whole columns: trims white space, converts letter case."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callcenter_etl.contract.model import Column
from callcenter_etl.contract.normalization import LetterCase
from callcenter_etl.rules.text_bytes import bytes_of

_SPACE, _BEYOND_ASCII = ord(" "), 128
_LETTERS = 26
_FILE_SEPARATOR, _SEPARATORS = 0x1C, 4
_Kernel = Callable[[pa.StringArray], pa.StringArray]
# By letter case: the first of the letters that it changes, and the kernels for ASCII alone and for all letters.
_CASES: dict[str, tuple[int, _Kernel, _Kernel]] = {
    "upper": (ord("a"), pc.ascii_upper, pc.utf8_upper),
    "lower": (ord("A"), pc.ascii_lower, pc.utf8_lower),
}


def normalized_text(column: Column, text: pa.StringArray) -> pa.StringArray:
    """Return values as they are judged, of the same shape; the same object where nothing can have changed."""
    trimmed = _trimmed(text) if column.trim else text
    return trimmed if column.case is None else _cased(trimmed, column.case)


def judged_value(column: Column, value: str) -> str:
    """Return one value as it is judged."""
    # By the same kernels: Python converts some letters beyond ASCII otherwise.
    return str(normalized_text(column, pa.array([value], type=pa.string()))[0].as_py())


def _trimmed(text: pa.StringArray) -> pa.StringArray:
    data = bytes_of(text)
    if not len(data) or (data.min() > _SPACE and data.max() < _BEYOND_ASCII):
        return text
    # The kernel for ASCII is much faster, but does not know the separators from FS to US, which Python does.
    separators = (data - np.uint8(_FILE_SEPARATOR)) < _SEPARATORS  # unsigned: lower bytes wrap around
    if data.max() >= _BEYOND_ASCII or separators.any():
        return pc.utf8_trim_whitespace(text)
    return pc.ascii_trim_whitespace(text)


def _cased(text: pa.StringArray, case: LetterCase) -> pa.StringArray:
    first, of_ascii, of_all = _CASES[case]
    data = bytes_of(text)
    if len(data) and data.max() >= _BEYOND_ASCII:
        return of_all(text)
    # Unsigned: bytes below the first letter wrap around to large numbers.
    return of_ascii(text) if ((data - np.uint8(first)) < _LETTERS).any() else text
