"""Boolean columns: from Arrow's bits to numpy's bytes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def as_mask(values: pa.BooleanArray) -> Mask:
    """Return a boolean array as a mask of its own, of the same shape; null counts as False.

    The bits are unpacked at once: `to_numpy` would go through them one by one.
    """
    validity, bits = values.buffers()
    if not len(values):
        return np.zeros(0, dtype=bool)
    mask = _unpacked(bits, values.offset, len(values))
    if values.null_count:
        mask &= _unpacked(validity, values.offset, len(values))
    return mask


def valid_mask(values: pa.Array) -> Mask:
    """Return which values are not null, of the same shape."""
    if not values.null_count:
        return np.ones(len(values), dtype=bool)
    return _unpacked(values.buffers()[0], values.offset, len(values))


def _unpacked(bits: pa.Buffer, offset: int, length: int) -> Mask:
    packed = np.frombuffer(bits, dtype=np.uint8)
    return np.unpackbits(packed, count=offset + length, bitorder="little")[offset:].view(np.bool_)
