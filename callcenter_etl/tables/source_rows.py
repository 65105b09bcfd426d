"""Tells whose rows a data file of a table holds, and writes those of the others anew."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from callcenter_etl.outputs.modes import open_private
from callcenter_etl.tables.origin import SOURCE_COLUMN


def sources_in(file: pq.ParquetFile) -> frozenset[str | None]:
    """Give the sources whose rows a file holds, None for rows that name none; that column alone is read."""
    return frozenset(source for column in _sources(file) for source in pc.unique(column).to_pylist())


def rows_of(source: str, file: pq.ParquetFile) -> int:
    """Count a source's rows in a file."""
    return sum(pc.sum(pc.equal(column, source)).as_py() or 0 for column in _sources(file))


def write_others(source: str, file: pq.ParquetFile, scratch: Path, mode: int | None) -> Path:
    """Write a file's rows without a source's into a new file in `scratch`, a batch at a time. Raises OSError."""
    target = scratch / f"rest-{len(list(scratch.iterdir()))}.parquet"
    descriptor = open_private(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with (
        os.fdopen(descriptor, "wb") as out,
        pq.ParquetWriter(out, file.schema_arrow, compression="zstd") as writer,
    ):
        for batch in file.iter_batches():
            others = pc.not_equal(pc.fill_null(batch.column(SOURCE_COLUMN), ""), source)
            writer.write_batch(batch.filter(others))
    return target


def _sources(file: pq.ParquetFile) -> Iterator[pa.Array]:
    if SOURCE_COLUMN not in file.schema_arrow.names:  # from before there was this column
        yield pa.nulls(file.metadata.num_rows, pa.string())
        return
    for batch in file.iter_batches(columns=[SOURCE_COLUMN]):
        yield batch.column(0)
