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
    if chosen.all() and int((stops - starts).sum()) == int(stops[-1] - starts[0]):
        return memoryview(raw)[int(starts[0]) : int(stops[-1])]
    # Both are sorted and a stop is mostly the next start; the others enclose bytes that belong to no record.
    gaps = stops[:-1][stops[:-1] != starts[1:]]
    bounds = (
        np.append(starts, stops[-1]) if not len(gaps) else np.sort(np.concatenate((starts, gaps, stops[-1:])))
    )
    keep = np.zeros(len(bounds) - 1, dtype=bool)
    keep[np.searchsorted(bounds, starts[chosen])] = True
    segments = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(keep), [None, pa.py_buffer(bounds.astype(np.int64)), pa.py_buffer(raw)]
    )
    kept = segments.filter(pa.array(keep))
    return memoryview(kept.buffers()[2])[: int((stops - starts)[chosen].sum())]
