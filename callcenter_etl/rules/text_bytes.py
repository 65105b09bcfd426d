"""Accesses the bytes of a text column as numpy arrays without copies, for vectorised checks."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.rules.masks import Mask, as_mask

Bytes = NDArray[np.uint8]
ZERO, NINE = np.uint8(ord("0")), np.uint8(9)
_FEW = 16  # up to one exception in 16 values, locating the exceptions is faster than checking each value


def offsets_of(text: pa.StringArray) -> NDArray[np.int32]:
    """Return the start offsets of all values in the data buffer, and the end of the last one, shape (values + 1,)."""
    if not len(text):
        return np.zeros(1, dtype=np.int32)
    return np.frombuffer(text.buffers()[1], dtype=np.int32)[text.offset : text.offset + len(text) + 1]


def bytes_of(text: pa.StringArray) -> Bytes:
    """Return the concatenated bytes of all values, without a copy."""
    offsets, data = offsets_of(text), text.buffers()[2]
    if data is None or offsets[0] == offsets[-1]:
        return np.empty(0, dtype=np.uint8)
    return np.frombuffer(data, dtype=np.uint8)[offsets[0] : offsets[-1]]


def lengths_of(text: pa.StringArray) -> NDArray[np.int32]:
    """Return the length of each value in bytes, of shape (values,)."""
    return np.diff(offsets_of(text))


def columns_of_bytes(text: pa.StringArray, width: int) -> Bytes:
    """Return values that are all `width` bytes long as an array of shape (width, values), contiguous by position."""
    return np.ascontiguousarray(bytes_of(text).reshape(len(text), width).T)


def digits_only(text: pa.StringArray) -> Mask:
    """Return the mask of values with one or more ASCII digits and nothing else, of shape (values,)."""
    odd = (bytes_of(text) - ZERO) > NINE  # unsigned: bytes below "0" wrap around to large numbers
    number = np.count_nonzero(odd)
    if number > len(text) // _FEW:
        return as_mask(pc.ascii_is_decimal(text))
    offsets = offsets_of(text)
    found: Mask = offsets[1:] > offsets[:-1]
    if number:
        places = np.flatnonzero(odd) + offsets[0]
        found[np.searchsorted(offsets, places, side="right") - 1] = False
    return found
