"""Find the sources of the rows in a table's data files, and rewrite a file without the rows of one source."""

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
    """Access to the sources of the rows in the files of one version of a table, in any format."""

    def __init__(self, mode: int | None) -> None:
        self._mode = mode
        self._sources: dict[str, frozenset[str | None]] = {}

    @property
    @abstractmethod
    def partition_columns(self) -> Sequence[str]:
        """Return the partition columns of the table."""

    @abstractmethod
    def opened(self, file: ActiveFile) -> AbstractContextManager[pq.ParquetFile]:
        """Open a data file for reading."""

    def sources_in(self, file: ActiveFile) -> frozenset[str | None]:
        """Return the sources of a file's rows, None among them for rows without one."""
        # A commit that is retried asks again for the same files, so the answers are kept.
        if file.path not in self._sources:
            with self.opened(file) as opened:
                self._sources[file.path] = sources_in(opened)
        return self._sources[file.path]

    def rows_of(self, source: str, file: ActiveFile) -> int:
        """Return the number of a source's rows in a file."""
        with self.opened(file) as opened:
            return rows_of(source, opened)

    def residual_of(self, file: ActiveFile, source: str, scratch: Path) -> DataFile:
        """Write the rows of a file that are not a source's into a new file in `scratch`, and return that file."""
        with self.opened(file) as opened:
            target = write_others(source, opened, scratch, self._mode)
        return DataFile.of(target, dict(zip(self.partition_columns, file.partition, strict=True)))


def sources_in(file: pq.ParquetFile) -> frozenset[str | None]:
    """Return the sources of a file's rows, None among them for rows without one."""
    return frozenset(source for column in _sources(file) for source in pc.unique(column).to_pylist())


def rows_of(source: str, file: pq.ParquetFile) -> int:
    """Return the number of a source's rows in a file."""
    return sum(pc.sum(pc.equal(column, source)).as_py() or 0 for column in _sources(file))


def write_others(source: str, file: pq.ParquetFile, scratch: Path, mode: int | None) -> Path:
    """Write the rows of a file that are not a source's into a new file in `scratch`, a batch at a time.

    Returns the path of the new file. Raises OutputError.
    """
    target = scratch / f"rest-{len(list(scratch.iterdir()))}.parquet"
    descriptor = open_private(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with (
        translate_os_errors(target),
        os.fdopen(descriptor, "wb") as out,
        pq.ParquetWriter(out, file.schema_arrow, compression="zstd") as writer,
    ):
        for batch in file.iter_batches():
            # Rows without a source stay: a comparison with null would filter them out.
            others = pc.not_equal(pc.fill_null(batch.column(SOURCE_COLUMN), ""), source)
            writer.write_batch(batch.filter(others))
    return target


def _sources(file: pq.ParquetFile) -> Iterator[pa.Array]:
    # A Parquet file is stored by column: only this column is read, not the rows.
    if SOURCE_COLUMN not in file.schema_arrow.names:  # written before the table had this column
        yield pa.nulls(file.metadata.num_rows, pa.string())
        return
    for batch in file.iter_batches(columns=[SOURCE_COLUMN]):
        yield batch.column(0)
