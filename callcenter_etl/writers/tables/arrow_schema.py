"""Arrow schema of a contract's accepted records. It depends on the contract alone, never on the data.

So sources, chunks, workers and executors agree on it without communication, and the files of many runs fit together.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

import pyarrow as pa

from callcenter_etl.contract.datetime_formats import has_directive
from callcenter_etl.contract.duration_formats import MAX_DURATION_HOURS, has_fraction
from callcenter_etl.contract.epoch_formats import EPOCH_UNITS
from callcenter_etl.contract.model import Column, ContractDocument
from callcenter_etl.contract.time_literals import parse_literal
from callcenter_etl.writers.tables.provenance import SOURCE_COLUMN

UNCONVERTED, EXTRA_COLUMNS = "_unconverted", "_extra_columns"
FOLDER, ORDER = "callcenter_etl:folder", "callcenter_etl:order"  # temporary columns, which no file has
RESERVED = (UNCONVERTED, EXTRA_COLUMNS, FOLDER, ORDER)
OWN_COLUMNS = frozenset(
    {UNCONVERTED, EXTRA_COLUMNS, SOURCE_COLUMN}
)  # columns of a table that no contract declares
TEXTS = pa.map_(pa.string(), pa.string())
PRECISION, SCALE = (
    38,
    18,
)  # of decimals: the widest that Parquet readers, Delta, Iceberg and Spark all support
_LONG_DIGITS, _LONG = 18, 2**63  # every integer of 18 digits fits int64, and some of 19


def table_schema(document: ContractDocument) -> pa.Schema:
    """Return the schema of a contract's typed target: the contract's columns in its order.

    Where an accepted value may not fit its column's type, `_unconverted` follows, a map from column name to text. Where
    the source may have columns that the contract does not declare, `_extra_columns` follows.
    """
    fields = [_field(column, document) for column in document.columns]
    if any(may_not_fit(column) for column in document.columns):
        fields.append(
            pa.field(UNCONVERTED, TEXTS, metadata={"description": "values that do not fit their column"})
        )
    if document.source.carries_columns:
        fields.append(
            pa.field(EXTRA_COLUMNS, TEXTS, metadata={"description": "columns that no contract declares"})
        )
    return pa.schema(fields, metadata=_identity(document))


def arrow_type(column: Column) -> pa.DataType:
    """Return the Arrow type of a column's values."""
    return _TYPES[column.type](column)


def may_not_fit(column: Column) -> bool:
    """Return whether an accepted record may have a value in this column that does not fit the Arrow type."""
    if column.type in ("text", "digits"):
        return False
    if "type" in column.rule_keys and column.severity_of("type") == "warn":
        return True
    return _WIDE.get(column.type, _never)(column)


def _field(column: Column, document: ContractDocument) -> pa.Field:
    described = {
        "description": column.description,
        "classification": column.classification,
        "type": column.type,
        "format": " | ".join(column.format) or None,
        "required": "true" if _is_never_null(column) else None,
        **_identity(document),
    }
    metadata = {key: text for key, text in described.items() if text is not None}
    return pa.field(column.name, arrow_type(column), metadata=metadata)


def _is_never_null(column: Column) -> bool:
    # As a warning the rule lets nulls through, and an optional column may be absent.
    return column.required and not column.optional and column.severity_of("required") == "error"


def _identity(document: ContractDocument) -> dict[str, str]:
    return {"contract": document.contract, "contract_version": document.version}


def _integer(column: Column) -> pa.DataType:
    """Return int64, or a decimal where the declared bounds are beyond int64."""
    bounds = _bounds(column)
    if bounds is None or all(-_LONG <= bound < _LONG for bound in bounds):
        return pa.int64()
    return pa.decimal128(PRECISION, 0)


def _decimal(column: Column) -> pa.DataType:
    """Return a decimal with 18 places, or fewer where the declared bounds need more than 20 digits before the point."""
    bounds = _bounds(column)
    if bounds is None:
        return pa.decimal128(PRECISION, SCALE)
    whole = max(bound.adjusted() + 1 for bound in bounds)
    return pa.decimal128(PRECISION, max(0, min(SCALE, PRECISION - max(whole, 0))))


def _datetime(column: Column) -> pa.DataType:
    return pa.timestamp("us", "UTC" if _has_instants(column) else None)


def _has_instants(column: Column) -> bool:
    """Return whether a column's values may be instants; values without an offset are then read as UTC."""
    epoch = any(each in EPOCH_UNITS for each in column.format)
    return column.timezone is not None or epoch or has_directive(column.format, "%z")


_TYPES: dict[str, Callable[[Column], pa.DataType]] = {
    "text": lambda _: pa.string(),
    "digits": lambda _: pa.string(),
    "integer": _integer,
    "decimal": _decimal,
    "boolean": lambda _: pa.bool_(),
    "date": lambda _: pa.date32(),
    "time": lambda _: pa.time64("us"),
    "datetime": _datetime,
    "duration": lambda _: pa.duration("us"),
}


def _never(_: Column) -> bool:
    return False


def _wide_integer(column: Column) -> bool:
    if column.max_length is not None and column.severity_of("max_length") == "error":
        return column.max_length > _LONG_DIGITS and not _bounded(column)
    return not _bounded(column)


def _bounded(column: Column) -> bool:
    """Return whether the declared bounds keep every integer within the column's type."""
    bounds = _bounds(column)
    return bounds is not None and all(bound.adjusted() < PRECISION for bound in bounds)


def _wide_duration(column: Column) -> bool:
    if has_fraction(column.formats):
        return True
    if column.max is None or column.severity_of("max") != "error":
        return True
    most = parse_literal("duration", column.max, None)
    return most is None or most >= MAX_DURATION_HOURS * 3600 * 10**6


def _wide_fraction(column: Column) -> bool:
    return has_directive(column.format, "%f")  # up to nine digits, of which the type holds six


_WIDE: dict[str, Callable[[Column], bool]] = {
    "integer": _wide_integer,
    "decimal": lambda _: True,  # no rule of the contract bounds the digits behind a point
    "time": _wide_fraction,
    "datetime": _wide_fraction,
    "duration": _wide_duration,
}


def _bounds(column: Column) -> tuple[Decimal, Decimal] | None:
    """Return the least and the greatest accepted number, None unless both are declared with severity error."""
    if column.min is None or column.max is None:
        return None
    if any(column.severity_of(key) != "error" for key in ("min", "max")):
        return None
    try:
        return Decimal(column.min), Decimal(column.max)
    except InvalidOperation:  # an exponent beyond those of decimals
        return None
