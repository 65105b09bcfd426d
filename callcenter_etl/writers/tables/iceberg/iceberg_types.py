"""Convert the Arrow types of a contract, and the partition values of its files, to those of Iceberg."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
from pyiceberg.partitioning import PartitionField
from pyiceberg.schema import Schema
from pyiceberg.transforms import (
    BucketTransform,
    DayTransform,
    IdentityTransform,
    MonthTransform,
    Transform,
    YearTransform,
)
from pyiceberg.types import BooleanType, DateType, DecimalType, IcebergType, LongType, MapType

from callcenter_etl.contract.table_layout import BUCKET, TableLayout
from callcenter_etl.writers.tables.provenance import SOURCE_COLUMN

_EPOCH = date(1970, 1, 1)
_ID, _DOC = "PARQUET:field_id", "doc"
_TRANSFORMS: dict[str, Transform[Any, Any]] = {
    "value": IdentityTransform(),
    "day": DayTransform(),
    "month": MonthTransform(),
    "year": YearTransform(),
}


def iceberg_schema(schema: pa.Schema) -> pa.Schema:
    """Return a table's schema: the contract's columns, durations as microseconds, then `_source`."""
    fields = [_field(field) for field in schema]
    doc = {_DOC: "the source that a row came from; its next run replaces its rows"}
    return pa.schema([*fields, pa.field(SOURCE_COLUMN, pa.string(), metadata=doc)])


def partition_fields(layout: TableLayout) -> tuple[tuple[str, Transform[Any, Any], str], ...]:
    """Return column, transform and name of each partition field of a layout."""
    found = [(key.column, _TRANSFORMS[key.by], key.name) for key in layout.partition_by]
    if layout.buckets is not None:
        found.append((layout.buckets.column, BucketTransform(layout.buckets.count), BUCKET))
    return tuple(found)


def with_ids(schema: pa.Schema, table: Schema) -> pa.Schema:
    """Return the schema of data files: the given one with the table's field ids, by which readers match columns."""
    fields = []
    for field in schema:
        found = table.find_field(field.name)
        kind = field.type
        if isinstance(found.field_type, MapType):
            key, value = found.field_type.key_id, found.field_type.value_id
            kind = pa.map_(
                # Keys of an Iceberg map are required.
                pa.field("key", pa.string(), nullable=False, metadata={_ID: str(key)}),
                pa.field("value", pa.string(), metadata={_ID: str(value)}),
            )
        fields.append(pa.field(field.name, kind, metadata={_ID: str(found.field_id)}))
    return pa.schema(fields)


def as_iceberg(batch: pa.RecordBatch, schema: pa.Schema, source: str) -> pa.RecordBatch:
    """Return a batch of the contract's types in the schema of the data files, with `source` in `_source`."""
    columns = [
        pa.repeat(pa.scalar(source, pa.string()), batch.num_rows)
        if field.name == SOURCE_COLUMN
        else _converted(batch.column(field.name), field.type)
        for field in schema
    ]
    return pa.record_batch(columns, schema=schema)


def plain(kind: pa.DataType) -> str:
    """Return the name of a type, the same for texts with 32-bit and with 64-bit offsets."""
    return str(kind).replace("large_string", "string")


def value_of(text: str | None, field: PartitionField, source: IcebergType) -> Any:
    """Return a partition value as Iceberg's metadata store it, from its text in a folder's name."""
    if text is None:
        return None
    by_transform = _BY_TRANSFORM.get(type(field.transform))
    return (by_transform or _BY_TYPE.get(type(source), str))(text)


# Iceberg stores months, days and years as numbers since 1970.
def _months(text: str) -> int:
    year, month = text.split("-")
    return (int(year) - 1970) * 12 + int(month) - 1


def _days(text: str) -> int:
    return (date.fromisoformat(text) - _EPOCH).days


_BY_TRANSFORM: dict[type, Callable[[str], Any]] = {
    DayTransform: _days,
    MonthTransform: _months,
    YearTransform: lambda text: int(text) - 1970,
    BucketTransform: int,
}
_BY_TYPE: dict[type, Callable[[str], Any]] = {
    DateType: _days,
    BooleanType: lambda text: text == "true",
    LongType: int,
    DecimalType: Decimal,
}


def text_of(value: Any, field: PartitionField, source: IcebergType) -> str | None:
    """Return the text of a partition value, which `value_of` converts back."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return field.transform.to_human_string(source, value)


def _field(field: pa.Field) -> pa.Field:
    # Iceberg lacks a type of durations.
    kind = pa.int64() if pa.types.is_duration(field.type) else field.type
    description = (field.metadata or {}).get(b"description")
    return pa.field(field.name, kind, metadata=None if description is None else {_DOC: description})


def _converted(values: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_duration(values.type):
        return values.view(pa.int64())
    # The cast gives a map the field ids of its keys and values.
    return values.cast(kind) if pa.types.is_map(kind) else values
