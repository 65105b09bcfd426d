"""Tells whose rows a data file of a table holds, and writes those of the others again."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from callcenter_etl.os_errors import translate_os_errors
from callcenter_etl.writers.permissions import open_private
from callcenter_etl.writers.tables.data_file import DataFile
from callcenter_etl.writers.tables.provenance import SOURCE_COLUMN
from callcenter_etl.writers.tables.write_mode import ActiveFile


class RowsInFiles(ABC):
    """Whose rows are in the files of one version of a table, whatever its format."""

    def __init__(self, mode: int | None) -> None:
        self._mode = mode
        self._sources: dict[str, frozenset[str | None]] = {}

    @property
    @abstractmethod
    def partition_columns(self) -> Sequence[str]:
        """Return the columns by which the files are partitioned."""

    @abstractmethod
    def opened(self, file: ActiveFile) -> AbstractContextManager[pq.ParquetFile]:
        """Open a file."""

    def sources_in(self, file: ActiveFile) -> frozenset[str | None]:
        """Read which sources a file's rows are from; that column alone is read."""
        if file.path not in self._sources:
            with self.opened(file) as opened:
                self._sources[file.path] = sources_in(opened)
        return self._sources[file.path]

    def rows_of(self, source: str, file: ActiveFile) -> int:
        """Count a source's rows in a file."""
        with self.opened(file) as opened:
            return rows_of(source, opened)

    def residual_of(self, file: ActiveFile, source: str, scratch: Path) -> DataFile:
        """Write a file's rows again without a source's, a batch at a time."""
        with self.opened(file) as opened:
            target = write_others(source, opened, scratch, self._mode)
        return DataFile.of(target, dict(zip(self.partition_columns, file.partition, strict=True)))


def sources_in(file: pq.ParquetFile) -> frozenset[str | None]:
    """Return the sources whose rows a file holds, None for rows that name none; that column alone is read."""
    return frozenset(source for column in _sources(file) for source in pc.unique(column).to_pylist())


def rows_of(source: str, file: pq.ParquetFile) -> int:
    """Count a source's rows in a file."""
    return sum(pc.sum(pc.equal(column, source)).as_py() or 0 for column in _sources(file))


def write_others(source: str, file: pq.ParquetFile, scratch: Path, mode: int | None) -> Path:
    """Write a file's rows without a source's into a new file in `scratch`, a batch at a time. Raises OSError."""
    target = scratch / f"rest-{len(list(scratch.iterdir()))}.parquet"
    descriptor = open_private(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with (
        translate_os_errors(target),
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
