"""Write one Parquet file with zstd compression; its bytes are counted and hashed while they are written."""

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
    """A finished file: its size in bytes, its SHA-256, and the number of rows in its footer."""

    bytes: int
    sha256: str
    records: int


class _Hashed:
    """A write-only file with the count and hash of its bytes; it has the methods that Arrow calls, and no others."""

    # The hash of what was handed to the disk: a hash of the file read again would accept what the disk changed.
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
    """Write a new file, durably. The bytes depend on the records alone, not on their batches.

    `sorted_by` names the columns by which the records are sorted, for the file's metadata. Raises OSError.
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
                # With the size of the group, so that pyarrow does not cut it at a limit of its own.
                writer.write_batch(group, row_group_size=group.num_rows)
        file.flush()
        os.fsync(file.fileno())
    # The rows are counted in the footer on disk: a proof that is independent of what was handed over.
    return WrittenFile(hashed.bytes, hashed.sha256.hexdigest(), pq.read_metadata(path).num_rows)
