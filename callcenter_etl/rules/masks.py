"""Converts boolean columns from Arrow's bits to numpy's bytes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def as_mask(values: pa.BooleanArray) -> Mask:
    """Return a boolean array as a new mask of the same shape; null is False.

    The bits are unpacked by numpy, because pyarrow's `to_numpy` converts them one by one.
    """
    validity, bits = values.buffers()
    # An array of length zero may lack the buffers.
    if not len(values):
        return np.zeros(0, dtype=bool)
    mask = _unpacked(bits, values.offset, len(values))
    # The bit of a null value is undefined.
    if values.null_count:
        mask &= _unpacked(validity, values.offset, len(values))
    return mask


def valid_mask(values: pa.Array) -> Mask:
    """Return the mask of values that are not null, of the same shape."""
    if not values.null_count:
        return np.ones(len(values), dtype=bool)
    return _unpacked(values.buffers()[0], values.offset, len(values))


def _unpacked(bits: pa.Buffer, offset: int, length: int) -> Mask:
    # A slice shares the buffers of its array, hence the offset in bits.
    packed = np.frombuffer(bits, dtype=np.uint8)
    return np.unpackbits(packed, count=offset + length, bitorder="little")[offset:].view(np.bool_)
