"""Convert the Arrow types of a contract to those of Delta, which has neither times of day nor durations."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pyarrow as pa

from callcenter_etl.contract.table_layout import BUCKET, PartitionKey, TableLayout
from callcenter_etl.writers.tables.provenance import SOURCE_COLUMN

_PART_TYPES: Mapping[str, pa.DataType] = {"day": pa.date32(), "month": pa.string(), "year": pa.string()}


def delta_schema(schema: pa.Schema, layout: TableLayout | None) -> pa.Schema:
    """Return a table's schema: the contract's columns, `_source`, then the derived columns of the layout."""
    fields = [_field(field) for field in schema]
    comment = {"comment": "the source that a row came from; its next run replaces its rows"}
    fields.append(pa.field(SOURCE_COLUMN, pa.string(), metadata=comment))
    fields += [
        pa.field(key.name, _PART_TYPES[key.by], metadata={"comment": _comment(key)})
        for key in (() if layout is None else layout.partition_by)
        if key.by != "value"
    ]
    if layout is not None and layout.buckets is not None:
        comment = {"comment": f"bucket of {layout.buckets.column}, of {layout.buckets.count}"}
        fields.append(pa.field(BUCKET, pa.int32(), metadata=comment))
    return pa.schema(fields)


def partition_columns(layout: TableLayout | None) -> tuple[str, ...]:
    """Return the partition columns, of which the table's log has the values and its data files do not."""
    return () if layout is None else layout.folders


def file_schema(schema: pa.Schema, layout: TableLayout | None) -> pa.Schema:
    """Return the schema of a table's data files: the table's without the partition columns."""
    outside = partition_columns(layout)
    return pa.schema([field for field in schema if field.name not in outside])


def as_delta(batch: pa.RecordBatch, schema: pa.Schema, source: str) -> pa.RecordBatch:
    """Return a batch of the contract's types in the schema of the data files, with `source` in `_source`.

    A time becomes text such as 09:05:00.000000, which sorts in the order of time; a duration becomes microseconds.
    """
    columns = [
        pa.repeat(pa.scalar(source, pa.string()), batch.num_rows)
        if field.name == SOURCE_COLUMN
        else _converted(batch.column(field.name))
        for field in schema
    ]
    return pa.record_batch(columns, schema=schema)


def _field(field: pa.Field) -> pa.Field:
    metadata = {key.decode(): text.decode() for key, text in (field.metadata or {}).items()}
    # Spark and delta-rs show the key `comment` as the description of a column.
    metadata = {"comment" if key == "description" else key: text for key, text in metadata.items()}
    return pa.field(field.name, _delta_type(field.type), metadata=metadata)


def _comment(key: PartitionKey) -> str:
    return f"the {key.by} of {key.column}"


def _delta_type(kind: pa.DataType) -> pa.DataType:
    for is_such, wanted, _ in _OTHERS:
        if is_such(kind):
            return wanted
    return kind


def _converted(values: pa.Array) -> pa.Array:
    for is_such, _, convert in _OTHERS:
        if is_such(values.type):
            return convert(values)
    return values


_OTHERS: tuple[tuple[Callable[[pa.DataType], bool], pa.DataType, Callable[[pa.Array], pa.Array]], ...] = (
    (pa.types.is_time64, pa.string(), lambda values: values.cast(pa.string())),
    (pa.types.is_duration, pa.int64(), lambda values: values.view(pa.int64())),
)
