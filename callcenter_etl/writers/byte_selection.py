"""Select the bytes of chosen records from a block, byte for byte."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def select_records(
    raw: bytes, starts: NDArray[np.int64], stops: NDArray[np.int64], chosen: NDArray[np.bool_]
) -> memoryview:
    """Return the joined bytes of the chosen records.

    `starts` and `stops` are offsets into `raw`; they and `chosen` have the shape (records,).
    """
    if not chosen.any():
        return memoryview(b"")
    # Neighbouring chosen records are one slice. Bytes between records that belong to none (blank lines) end a slice.
    ends = np.flatnonzero((chosen[1:] != chosen[:-1]) | (starts[1:] != stops[:-1]))
    firsts, lasts = np.append(0, ends + 1), np.append(ends, len(chosen) - 1)
    runs = chosen[firsts]
    bounds = np.stack((starts[firsts[runs]], stops[lasts[runs]]), axis=1).ravel()
    if len(bounds) == 2:
        return memoryview(raw)[int(bounds[0]) : int(bounds[1])]
    # Arrow joins many slices in one call, many times faster than a Python loop: the block becomes an array of segments
    # without a copy, in which every other segment is the gap between two slices, and is filtered out.
    keep = np.arange(len(bounds) - 1) % 2 == 0
    segments = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(keep), [None, pa.py_buffer(bounds.astype(np.int64)), pa.py_buffer(raw)]
    )
    kept = segments.filter(pa.array(keep))
    return memoryview(kept.buffers()[2])[: int((bounds[1::2] - bounds[::2]).sum())]
