"""Convert the accepted records of a chunk to their columns' types; values that do not fit go to `_unconverted` as text.

The conversion uses the values that the rules have parsed, so that rules and target never disagree about a value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.contract.datetime_formats import has_directive
from callcenter_etl.contract.duration_formats import MAX_DURATION_HOURS, has_fraction
from callcenter_etl.contract.model import Column, ContractDocument
from callcenter_etl.errors import AccountingError
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.rules.duration_values import cut_durations
from callcenter_etl.rules.exact_numbers import Numbers
from callcenter_etl.rules.masks import Mask, as_mask, valid_mask
from callcenter_etl.rules.temporal_values import cut_nanoseconds
from callcenter_etl.sources.header import ColumnLayout
from callcenter_etl.writers.tables.arrow_schema import EXTRA_COLUMNS, TEXTS, UNCONVERTED, table_schema

_DAY = 86_400_000_000  # microseconds
_LONG_DIGITS = 20  # decimal digits that hold every int64, and one more
_MAX_DURATION = MAX_DURATION_HOURS * 3_600_000_000  # microseconds
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ConversionPlan:
    """Schema of the batches of one source, and the source's columns that the contract does not declare.

    `extra_columns` are the names and 0-based positions of these columns.
    """

    schema: pa.Schema
    extra_columns: tuple[tuple[str, int], ...] = ()

    @classmethod
    def of(cls, document: ContractDocument, layout: ColumnLayout) -> ConversionPlan:
        """Return the plan for sources of this layout."""
        declared = set(layout.positions.values())
        others = tuple((name, at) for at, name in enumerate(layout.names) if at not in declared)
        return cls(table_schema(document), others)


def cast_records(
    typed: ConversionPlan, columns: ChunkColumns, values: tuple[pa.StringArray, ...], accepted: Mask
) -> pa.RecordBatch:
    """Return the accepted records as a batch of the schema, in source order.

    `values` are the source's columns by position; they, `columns` and `accepted` have the shape (sound records,).
    Raises AccountingError where a value that is not empty would be lost.
    """
    names = [name for name in typed.schema.names if name in columns.columns]
    arrays: dict[str, pa.Array] = {}
    misfits: dict[str, Places] = {}
    for name in names:
        array = _cast(columns, columns.columns[name], typed.schema.field(name).type)
        # Accepted, not blank and yet null: such a value must be kept as text, or the run fails.
        lost = np.flatnonzero(accepted & ~valid_mask(array) & ~columns.blank_mask(name))
        if len(lost):
            misfits[name] = lost
        arrays[name] = array
    if UNCONVERTED in typed.schema.names:
        arrays[UNCONVERTED] = _texts_of(misfits, columns.texts, len(columns))
    elif misfits:
        raise AccountingError(
            "accepted values do not fit their type, nothing is published: " + ", ".join(map(repr, misfits))
        )
    if EXTRA_COLUMNS in typed.schema.names:
        arrays[EXTRA_COLUMNS] = _extra_columns(typed, values, len(columns))
    batch = pa.record_batch([arrays[name] for name in typed.schema.names], schema=typed.schema)
    return batch if accepted.all() else batch.filter(pa.array(accepted))


def _cast(columns: ChunkColumns, column: Column, kind: pa.DataType) -> pa.Array:
    """Return all values of a column in its type, null where they are empty or do not fit."""
    return _CASTS[column.type](columns, column.name, kind)


def _text(columns: ChunkColumns, name: str, _: pa.DataType) -> pa.Array:
    """Return the values of a column of type text or digits, unchanged, null where they are blank."""
    blank = columns.blank_mask(name)
    text = columns.text(name)
    return pc.if_else(pa.array(~blank), text, pa.scalar(None, text.type)) if blank.any() else text


def _number(columns: ChunkColumns, name: str, kind: pa.DataType) -> pa.Array:
    numbers = columns.numbers(name)
    # `scaled` is there where all numbers of the chunk fit int64 at one scale: then whole columns are converted.
    if numbers.scaled is not None:
        if pa.types.is_int64(kind) and not numbers.scale:
            return pa.array(numbers.scaled, mask=None if numbers.valid.all() else ~numbers.valid)
        if pa.types.is_decimal(kind) and numbers.scale <= kind.scale:
            unknown = ~numbers.valid | _underflows(columns.plain_numbers(name), numbers)
            wide = pa.array(numbers.scaled, mask=unknown).cast(pa.decimal128(_LONG_DIGITS, 0))
            return _fitting_decimals(wide, numbers.scale, kind)
    known = np.flatnonzero(columns.known_mask(name))
    found = np.full(len(columns), None, dtype=object)
    fit = _fit_long if pa.types.is_int64(kind) else _decimal_fit(kind)
    found[known] = [fit(text) for text in columns.plain_numbers(name).take(pa.array(known)).to_pylist()]
    return pa.array(found, type=kind)


def _underflows(text: pa.StringArray, numbers: Numbers) -> Mask:
    """Return which numbers were read as 0 because their exponent is too small, such as 1e-99999999999999999999."""
    found = np.zeros(len(text), dtype=bool)
    zeros = np.flatnonzero(numbers.valid & (numbers.scaled == 0))
    if len(zeros):
        found[zeros] = as_mask(pc.match_substring_regex(text.take(pa.array(zeros)), pattern=r"\A[^eE]*[1-9]"))
    return found


def _fitting_decimals(values: pa.Array, scale: int, kind: pa.DataType) -> pa.Array:
    """Return integers as multiples of 10**-scale in a decimal type, null where they have too many digits for it."""
    # The buffers are relabelled with a scale instead of being multiplied, and the cast that follows is exact.
    digits = min(kind.precision - kind.scale + scale, _LONG_DIGITS - 1)
    fits = pc.less(pc.abs(values), pa.scalar(Decimal(10) ** digits, values.type))
    values = pc.if_else(fits, values, pa.scalar(None, values.type))
    scaled = pa.Array.from_buffers(
        pa.decimal128(_LONG_DIGITS, scale), len(values), values.buffers(), offset=values.offset
    )
    return scaled.cast(kind)


def _exact(text: str) -> Decimal | None:
    """Return a number without rounding, None where its exponent is beyond those of decimals."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _fit_long(text: str) -> int | None:
    number = _exact(text)
    return (
        int(number) if number is not None and number.adjusted() < 20 and -(2**63) <= number < 2**63 else None
    )


def _decimal_fit(kind: pa.DataType) -> Callable[[str], Decimal | None]:
    """Return a function that parses a number, and returns None where the type would lose one of its digits.

    Zeros at the end of a fraction do not count as digits.
    """
    most, places = kind.precision - kind.scale, kind.scale

    def fit(text: str) -> Decimal | None:
        number = _exact(text)
        if number is None:
            return None
        sign, digits, exponent = number.as_tuple()
        if not isinstance(exponent, int):
            return None
        # Zero has no digit that the type could lose, whatever its exponent.
        if not number:
            return Decimal(0)
        while digits[-1] == 0:
            digits, exponent = digits[:-1], exponent + 1
        whole = len(digits) + exponent
        return Decimal((sign, digits, exponent)) if exponent >= -places and whole <= most else None

    return fit


def _boolean(columns: ChunkColumns, name: str, _: pa.DataType) -> pa.Array:
    return columns.typed(name)


def _date(columns: ChunkColumns, name: str, kind: pa.DataType) -> pa.Array:
    return pc.divide(columns.typed(name), _DAY).cast(pa.int32()).view(kind)


def _time(columns: ChunkColumns, name: str, kind: pa.DataType) -> pa.Array:
    """Return times of day; those with an offset are converted to UTC."""
    values = _exact_times(columns, name)
    # An offset may move a time beyond its day.
    clock = np.asarray(values.fill_null(0).to_numpy(zero_copy_only=False), dtype=np.int64) % _DAY
    return pa.array(clock, mask=~valid_mask(values)).view(kind)


def _datetime_value(columns: ChunkColumns, name: str, kind: pa.DataType) -> pa.Array:
    return _exact_times(columns, name).view(kind)


def _exact_times(columns: ChunkColumns, name: str) -> pa.Array:
    """Return the values of a time or datetime column, null where microseconds do not hold their fraction."""
    values, column = columns.typed(name), columns.columns[name]
    if not has_directive(column.format, "%f"):
        return values
    cut = cut_nanoseconds(
        columns.text(name),
        kind=column.type,
        formats=column.format,
        first_short_year=column.first_short_year,
        timezone=column.timezone,
    )
    return pc.if_else(pa.array(cut), pa.scalar(None, values.type), values) if cut.any() else values


def _duration(columns: ChunkColumns, name: str, kind: pa.DataType) -> pa.Array:
    values = columns.typed(name)
    fits = pc.less(values, _MAX_DURATION)  # the parser clips longer durations to this value
    formats = columns.columns[name].formats
    if has_fraction(formats):
        fits = pc.and_(fits, pa.array(~cut_durations(columns.text(name), formats)))
    return pc.if_else(fits, values, pa.scalar(None, values.type)).view(kind)


_CASTS: Mapping[str, Callable[[ChunkColumns, str, pa.DataType], pa.Array]] = {
    "text": _text,
    "digits": _text,
    "integer": _number,
    "decimal": _number,
    "boolean": _boolean,
    "date": _date,
    "time": _time,
    "datetime": _datetime_value,
    "duration": _duration,
}


def _texts_of(misfits: Mapping[str, Places], texts: Mapping[str, pa.StringArray], records: int) -> pa.Array:
    """Return for each record the map of values that did not fit, null where all did; shape (records,)."""
    if not misfits:
        return pa.nulls(records, TEXTS)
    found: dict[int, list[tuple[str, str]]] = {}
    for name, places in misfits.items():
        for place, text in zip(places.tolist(), texts[name].take(pa.array(places)).to_pylist(), strict=True):
            found.setdefault(place, []).append((name, text))
    return pa.array([found.get(place) for place in range(records)], type=TEXTS)


def _extra_columns(typed: ConversionPlan, values: tuple[pa.StringArray, ...], records: int) -> pa.Array:
    """Return for each record the map of its undeclared columns, unchanged; shape (records,)."""
    each = len(typed.extra_columns)
    if not each:
        return pa.nulls(records, TEXTS)
    names = pa.array([name for name, _ in typed.extra_columns], type=pa.string())
    # From column by column to record by record, as the buffer of a map array requires.
    order = np.arange(records * each).reshape(each, records).T.ravel()
    items = pa.concat_arrays([values[at] for _, at in typed.extra_columns]).take(pa.array(order))
    keys = names.take(pa.array(np.tile(np.arange(each), records)))
    offsets = pa.array(np.arange(records + 1) * each, type=pa.int32())
    return pa.MapArray.from_arrays(offsets, keys, items, type=TEXTS)
