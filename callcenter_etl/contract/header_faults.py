"""Checks of the keys that depend on the header mode: a column's `header` and `optional`, `unexpected_columns`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from callcenter_etl.contract.column import Column
from callcenter_etl.contract.document_text import Path
from callcenter_etl.contract.part import Part
from callcenter_etl.contract.partial import Columns, read_part
from callcenter_etl.contract.source_format import SourceFormat

Found = Iterator[tuple[Path, str, int]]
_OPTIONAL = "optional goes with header: any_order or by_name, not with {mode}{default}"
_NO_HEADER = "{key} goes with a header line, and header is none"


def header_faults(value: Mapping[str, Any], columns: Columns) -> Found:
    """Yield path, message and offset of each key that has no meaning under the contract's header mode."""
    declared = value.get("source")
    source: Part[SourceFormat] | None = read_part(SourceFormat, {} if declared is None else declared)
    # A faulty or misspelt `header` may be any of the modes.
    if source is None or "header" in source.broken:
        return
    mode = source.value.header
    if mode == "exact" and source.has_unknown_keys and "header" not in source.value.model_fields_set:
        return
    if mode == "none" and source.value.unexpected_columns is not None:
        yield ("source", "unexpected_columns"), _NO_HEADER.format(key="unexpected_columns"), 0
    for index, part in columns.parts:
        yield from _column_faults(part.value, ("columns", index), source.value)


def _column_faults(column: Column, path: Path, source: SourceFormat) -> Found:
    if column.optional and source.header in ("exact", "none"):
        default = "" if "header" in source.model_fields_set else ", the default"
        yield (*path, "optional"), _OPTIONAL.format(mode=source.header, default=default), 0
    if column.header is not None and source.header == "none":
        yield (*path, "header"), _NO_HEADER.format(key="header"), 0
