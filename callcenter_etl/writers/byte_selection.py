"""Takes the bytes of chosen records out of a block, byte for byte."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def select_records(
    raw: bytes, starts: NDArray[np.int64], stops: NDArray[np.int64], chosen: NDArray[np.bool_]
) -> memoryview:
    """Join the bytes of the chosen records; `starts` and `stops` are offsets into `raw`, shape (records,)."""
    if not chosen.any():
        return memoryview(b"")
    # Runs of chosen neighbours are taken whole; a run ends too where bytes follow that belong to no record.
    ends = np.flatnonzero((chosen[1:] != chosen[:-1]) | (starts[1:] != stops[:-1]))
    firsts, lasts = np.append(0, ends + 1), np.append(ends, len(chosen) - 1)
    runs = chosen[firsts]
    bounds = np.stack((starts[firsts[runs]], stops[lasts[runs]]), axis=1).ravel()
    if len(bounds) == 2:
        return memoryview(raw)[int(bounds[0]) : int(bounds[1])]
    keep = np.arange(len(bounds) - 1) % 2 == 0  # every other segment lies between two runs
    segments = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(keep), [None, pa.py_buffer(bounds.astype(np.int64)), pa.py_buffer(raw)]
    )
    kept = segments.filter(pa.array(keep))
    return memoryview(kept.buffers()[2])[: int((bounds[1::2] - bounds[::2]).sum())]
