"""Bounds in the type of their column: masks and comparisons."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from callcenter_etl.contract.datetime_formats import has_directive
from callcenter_etl.contract.model import Column
from callcenter_etl.contract.number_format import complete_format
from callcenter_etl.contract.time_literals import parse_literal
from callcenter_etl.rules.exact_numbers import compare_with
from callcenter_etl.rules.masks import as_mask
from callcenter_etl.rules.rule_kind import Broken
from callcenter_etl.rules.type_changes import FORMATTED, formats_continue

NUMERIC = ("digits", "integer", "decimal")


def beyond_bound(column: Column, operator: str, bound: str) -> Broken:
    """Return the mask of the values for which `value operator bound` is True; False for unknown values."""
    name = column.name
    if column.type in NUMERIC:
        # Parsed here, once for all chunks.
        limit = Decimal(bound)
        return lambda columns: as_mask(compare_with(columns.numbers(name), operator, limit))
    instant = parse_literal(column.type, bound, column.timezone)
    kernel = pc.less if operator == "<" else pc.greater
    return lambda columns: as_mask(kernel(columns.typed(name), pa.scalar(instant, pa.int64())))


def bound_value(column: Column, bound: str | None) -> Decimal | int:
    """Return a bound as a comparable value. Raises TypeError if the contract is not valid."""
    text = str(bound)
    if column.type in NUMERIC:
        return Decimal(text)
    value = parse_literal(column.type, text, column.timezone)
    if value is None:
        raise TypeError(f"the bound {text!r} is no {column.type}: the contract is not sound")
    return value


def bounds_read_alike(before: Column, after: Column) -> bool:
    """Return whether every value compares with a bound as before."""
    if before.type in NUMERIC and after.type in NUMERIC:
        return complete_format(before).agrees_with(complete_format(after))
    # Another format may read the same text as another date.
    return before.type == after.type and (before.type not in FORMATTED or formats_continue(before, after))


def has_offset(column: Column) -> bool:
    """Return whether values may have a UTC offset: a time with an offset may be outside of its day."""
    return has_directive(column.format, "%z")
