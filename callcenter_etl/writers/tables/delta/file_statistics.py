"""Statistics of a data file for the log of a Delta table, by which readers skip files."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq

_MAX_LETTERS = 32  # of a text: the length to which other writers of Delta truncate bounds, too
_LAST_LETTER = "\U0010ffff"


def statistics_of(footer: pq.FileMetaData, redacted: Collection[str]) -> str:
    """Return Delta's statistics of a file as JSON: number of rows, and by column nulls, least and greatest value.

    The `redacted` columns have the number of nulls only.
    """
    kinds = footer.schema.to_arrow_schema()
    groups = [footer.row_group(at) for at in range(footer.num_row_groups)]
    least: dict[str, Any] = {}
    greatest: dict[str, Any] = {}
    nulls: dict[str, int] = {}
    for at in range(footer.num_columns):
        name = footer.schema.column(at).path
        found = [group.column(at).statistics for group in groups]
        if name not in kinds.names or not found or any(each is None for each in found):
            continue  # a value inside a map, or a file without rows
        nulls[name] = sum(each.null_count for each in found)
        bounds = None if name in redacted else _bounds([each for each in found if each.num_values])
        if bounds is not None:
            _add_bounds(name, bounds, least, greatest)
    statistics = {
        "numRecords": footer.num_rows,
        "minValues": least,
        "maxValues": greatest,
        "nullCount": nulls,
    }
    return json.dumps(statistics, ensure_ascii=False)


def _bounds(found: list[Any]) -> tuple[Any, Any] | None:
    if not found or not all(each.has_min_max for each in found):
        return None
    try:
        return min(each.min for each in found), max(each.max for each in found)
    except (
        OverflowError
    ):  # a timestamp that is in the year 10000 in UTC, which Python's datetime does not support
        return None


def _add_bounds(name: str, bounds: tuple[Any, Any], least: dict[str, Any], greatest: dict[str, Any]) -> None:
    low, high = _lower_bound(bounds[0]), _upper_bound(bounds[1])
    if low is not None and high is not None:
        least[name], greatest[name] = low, high


def _lower_bound(value: Any) -> Any:
    return value[:_MAX_LETTERS] if isinstance(value, str) else _json_value(value)


def _upper_bound(value: Any) -> Any:
    # A truncated text is less than the value; with the last code point of Unicode it is greater, and so an upper bound.
    if isinstance(value, str):
        return value if len(value) <= _MAX_LETTERS else value[:_MAX_LETTERS] + _LAST_LETTER
    return _json_value(value)


def _json_value(value: Any) -> Any:
    """Return a value in the form of Delta's log, None where the log has no exact form for it."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, datetime):
        text = value.replace(tzinfo=None).isoformat(timespec="microseconds")
        return text if value.tzinfo is None else f"{text}Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        # Readers parse the number as a double: a bound that is rounded could make them skip a file that has the value.
        near = float(value)
        return near if Decimal(repr(near)) == value else None
    return None
