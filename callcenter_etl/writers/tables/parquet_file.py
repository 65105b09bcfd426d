"""Writes one Parquet file: row groups of fixed places, zstd, its bytes hashed on the way."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from callcenter_etl.writers.permissions import open_private
from callcenter_etl.writers.tables.row_groups import row_groups

_FORMAT_VERSION = "2.6"  # the first that has every type of a contract


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A finished file: its size, its hash, and the records that its footer counts."""

    bytes: int
    sha256: str
    records: int


class _Hashed:
    """A file that is only written to, with its bytes counted and hashed; what Arrow asks of a file and no more."""

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.bytes = 0
        self.sha256 = hashlib.sha256()

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.bytes

    def close(self) -> None:
        self.closed = True

    def flush(self) -> None:
        self._file.flush()

    def write(self, data: bytes) -> int:
        self._file.write(data)
        self.sha256.update(data)
        self.bytes += len(data)
        return len(data)


def write_parquet(
    path: Path,
    batches: Iterable[pa.RecordBatch],
    schema: pa.Schema,
    *,
    sorted_by: Sequence[str] = (),
    mode: int | None = None,
) -> WrittenFile:
    """Write a new file, durable when this returns. The same records give the same bytes, however they are batched.

    `sorted_by` names the columns by which they are sorted already. Raises OSError.
    """
    order = [pq.SortingColumn(schema.get_field_index(name)) for name in sorted_by if name in schema.names]
    with open(path, "xb", opener=lambda name, flags: open_private(name, flags, mode)) as file:
        hashed = _Hashed(file)
        with pq.ParquetWriter(
            hashed,
            schema,
            version=_FORMAT_VERSION,
            compression="zstd",
            write_page_index=True,
            sorting_columns=order or None,
        ) as writer:
            for group in row_groups(batches, schema):
                writer.write_batch(group, row_group_size=group.num_rows)
        file.flush()
        os.fsync(file.fileno())
    return WrittenFile(hashed.bytes, hashed.sha256.hexdigest(), pq.read_metadata(path).num_rows)
