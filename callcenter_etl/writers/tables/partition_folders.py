"""Folder of each record by the layout, with Hive's names: a level for each partition column and one for the bucket."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from callcenter_etl.contract.table_layout import BUCKET, PartitionKey, TableLayout
from callcenter_etl.errors import OutputError
from callcenter_etl.writers.tables.hash_buckets import bucket_of

NULL_NAME = "__HIVE_DEFAULT_PARTITION__"
_ESCAPED = re.compile("[\x00-\x1f\x7f\"#%'*/:=?\\\\{}\\[\\]^]")
_MAX_NAME_BYTES = 255  # the limit of most file systems


def folders_of(batch: pa.RecordBatch, layout: TableLayout) -> pa.StringArray:
    """Return the folder of each record, such as `call_date=2025-01-03/bucket=07`, shape (records,).

    Raises OutputError where a value makes a name that is too long for a file system.
    """
    levels = [_level(key.name, _keys(batch, key)) for key in layout.partition_by]
    if layout.buckets is not None:
        levels.append(_bucket_level(batch, layout.buckets.column, layout.buckets.count))
    return levels[0] if len(levels) == 1 else pc.binary_join_element_wise(*levels, "/")


def partition_of(folder: str, layout: TableLayout) -> str:
    """Return the part of a folder's path that is replaced as a whole: without the bucket, unless that is all."""
    return folder.rpartition("/")[0] if layout.partition_by and layout.buckets is not None else folder


def escaped(value: str) -> str:
    """Return a value escaped as Hive and Spark do in a folder's name, and as their readers unescape it."""
    if value == NULL_NAME:
        return f"%5F{value[1:]}"  # a value that is this very text must not be read as null
    return _ESCAPED.sub(lambda match: f"%{ord(match[0]):02X}", value)


def _level(name: str, values: pa.Array) -> pa.StringArray:
    # Escaped in Python for each distinct value, not for each record.
    encoded = values.dictionary_encode()
    texts = encoded.dictionary.cast(pa.string()).to_pylist()
    names = pa.array([_name(name, text) for text in texts], type=pa.string())
    found = names.take(encoded.indices)
    return pc.fill_null(found, f"{escaped(name)}={NULL_NAME}")


def _name(column: str, text: str) -> str:
    found = f"{escaped(column)}={escaped(text)}"
    if len(found.encode()) > _MAX_NAME_BYTES:
        raise OutputError(
            f"a value of {column!r} has {len(text):,} characters, too many for a folder's name"
            " (partition by a column with short values, or declare its max_length)"
        )
    return found


def _bucket_level(batch: pa.RecordBatch, column: str, count: int) -> pa.StringArray:
    # Padded with zeros, so that names sort by number.
    width = len(str(count - 1))
    names = pa.array([f"{BUCKET}={number:0{width}}" for number in range(count)], type=pa.string())
    found = names.take(bucket_of(batch.column(column), count))
    return pc.fill_null(found, f"{BUCKET}={NULL_NAME}")


def _keys(batch: pa.RecordBatch, key: PartitionKey) -> pa.Array:
    return _PARTS[key.by](batch.column(key.column))


def _days(values: pa.Array) -> pa.Array:
    return pc.floor_temporal(values, unit="day").cast(pa.date32())


_PARTS: Mapping[str, Callable[[pa.Array], pa.Array]] = {
    "value": lambda values: values,
    "day": _days,
    "month": lambda values: pc.utf8_slice_codeunits(_days(values).cast(pa.string()), 0, -3),
    "year": lambda values: pc.utf8_slice_codeunits(_days(values).cast(pa.string()), 0, -6),
}
