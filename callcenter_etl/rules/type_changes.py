"""Changes of a column's type and formats: which values keep their type, and their meaning."""

from __future__ import annotations

from callcenter_etl.contract.model import Column

TEMPORAL = ("date", "time", "datetime")
# Every value of the key's type is a value of these types too; of text, every value is.
_WIDER_TYPES = {"digits": ("integer", "decimal"), "integer": ("decimal",)}


def every_value_stays(before: Column, after: Column) -> bool:
    """Return whether every text that has the type before has the type after."""
    if before.type == after.type and before.type in TEMPORAL:
        return set(before.format) <= set(after.format)
    return after.type in ("text", before.type, *_WIDER_TYPES.get(before.type, ()))


def formats_continue(before: Column, after: Column) -> bool:
    """Return whether every value is read by the same format: the first one that accepts it counts."""
    return after.format[: len(before.format)] == before.format
