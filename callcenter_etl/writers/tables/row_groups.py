"""Cut a stream of batches into row groups, at positions that depend on the records alone, never on the batches.

So the bytes of a Parquet file do not depend on chunk size, workers or engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

ROWS, BYTES = 2**20, 128 * 2**20
_FIXED_BYTES = 8  # counted for each value, whatever its type


def row_groups(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, *, rows: int = ROWS, size: int = BYTES
) -> Iterator[pa.RecordBatch]:
    """Yield the same records in batches of `rows` records, or fewer where their values reach `size` bytes.

    The last batch has the rest; without records none is yielded.
    """
    pending: list[pa.RecordBatch] = []
    taken = held = 0
    for batch in batches:
        rest = batch
        while rest.num_rows:
            sizes = held + np.cumsum(sizes_of(rest))
            # Up to and with the record that reaches the limit, so that a group has one at least.
            end = min(rows - taken, int(np.searchsorted(sizes, size)) + 1)
            part = rest.slice(0, end)
            pending.append(part)
            taken, held = taken + part.num_rows, int(sizes[part.num_rows - 1])
            rest = rest.slice(part.num_rows)
            if taken >= rows or held >= size:
                yield _joined(pending, schema)
                pending, taken, held = [], 0, 0
    if pending:
        yield _joined(pending, schema)


def sizes_of(batch: pa.RecordBatch) -> NDArray[np.int64]:
    """Return the approximate size of each record in bytes, shape (records,), which depends on its values alone."""
    found = np.full(batch.num_rows, _FIXED_BYTES * batch.num_columns, dtype=np.int64)
    for column in batch.columns:
        if pa.types.is_string(column.type):
            found += np.diff(_offsets(column))
        elif pa.types.is_map(column.type):
            items = _offsets(column.items)
            found += np.diff(
                items[np.asarray(column.offsets.to_numpy(zero_copy_only=False)) - column.items.offset]
            )
    return found


def _offsets(text: pa.StringArray) -> NDArray[np.int64]:
    # An array of length zero may lack the buffers.
    if not len(text):
        return np.zeros(1, dtype=np.int64)
    raw = np.frombuffer(text.buffers()[1], dtype=np.int32)
    return raw[text.offset : text.offset + len(text) + 1].astype(np.int64)


def _joined(batches: list[pa.RecordBatch], schema: pa.Schema) -> pa.RecordBatch:
    columns = [pa.concat_arrays([batch.column(at) for batch in batches]) for at in range(len(schema))]
    return pa.record_batch(columns, schema=schema)
