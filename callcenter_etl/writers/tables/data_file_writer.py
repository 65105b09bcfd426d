"""Write the accepted records as data files of a table: one file a partition, split only where it would grow large."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa

from callcenter_etl.contract.table_layout import BUCKET, TableLayout
from callcenter_etl.writers.tables.data_file import DataFile
from callcenter_etl.writers.tables.external_sort import sort_records
from callcenter_etl.writers.tables.parquet_file import write_parquet
from callcenter_etl.writers.tables.partition_folders import NULL_NAME
from callcenter_etl.writers.tables.partition_stream import by_folder, refuse_number, sorted_by_of
from callcenter_etl.writers.tables.row_groups import row_groups

GROUPS_A_FILE = 8  # row groups of 2**20 rows or 128 MiB of values each: a file then has some hundred MB
Convert = Callable[[pa.RecordBatch], pa.RecordBatch]


@dataclass(frozen=True, slots=True)
class DataFileFormat:
    """Format of a table's data files: layout, schema, the conversion of a batch into that schema, permissions."""

    layout: TableLayout
    schema: pa.Schema
    convert: Convert
    mode: int | None


def write_parts(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, shape: DataFileFormat, scratch: Path
) -> Iterator[DataFile]:
    """Write batches of a contract's schema as files in `scratch`, and yield each finished file.

    Memory is constant. Raises OSError, OutputError.
    """
    # The records come sorted by partition and bucket, so that one file is open at a time, however many partitions.
    layout = shape.layout
    sorted_by = sorted_by_of(layout)
    number = 0
    for folder, parts in _partitions(batches, schema, layout, sorted_by, scratch):
        partition = values_of(folder, layout)
        groups = row_groups((shape.convert(part) for part in parts), shape.schema)
        for first in groups:
            refuse_number(number)
            path = scratch / f"part-{number:05d}.parquet"
            file = chain((first,), islice(groups, GROUPS_A_FILE - 1))
            write_parquet(path, file, shape.schema, sorted_by=sorted_by, mode=shape.mode)
            yield DataFile.of(path, partition)
            number += 1


def values_of(folder: str, layout: TableLayout) -> dict[str, str | None]:
    """Return the partition values in the name of a folder, by column, None for null."""
    found: dict[str, str | None] = {}
    for level in folder.split("/") if folder else ():
        name, _, text = level.partition("=")
        value = None if text == NULL_NAME else unquote(text)
        found[unquote(name)] = value
    if layout.buckets is not None and (bucket := found[BUCKET]) is not None:
        found[BUCKET] = str(int(bucket))  # the folder's name pads the number with zeros
    return found


def _partitions(
    batches: Iterable[pa.RecordBatch],
    schema: pa.Schema,
    layout: TableLayout,
    sorted_by: tuple[str, ...],
    scratch: Path,
) -> Iterator[tuple[str, Iterator[pa.RecordBatch]]]:
    """Yield each folder with its records; consume them before the next folder is requested."""
    if not layout.folders:
        yield "", iter(sort_records(batches, schema, sorted_by, scratch) if sorted_by else batches)
        return
    yield from by_folder(batches, schema, layout, scratch)
