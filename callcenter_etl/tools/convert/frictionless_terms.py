"""The type names of Frictionless, and the detection of its documents, for reader and writer."""

from __future__ import annotations

from typing import Any

EXTENSION = "callcenter_etl"
TYPES = {
    "text": "string",
    "digits": "string",
    "duration": "string",
    "integer": "integer",
    "decimal": "number",
    "boolean": "boolean",
    "date": "date",
    "time": "time",
    "datetime": "datetime",
}


def is_table_schema(value: Any) -> bool:
    """Return whether a parsed document is a Table Schema."""
    return isinstance(value, dict) and isinstance(value.get("fields"), list) and "contract" not in value


def is_package(value: Any) -> bool:
    """Return whether a parsed document is a Data Package or Data Resource with a Table Schema."""
    return isinstance(value, dict) and (
        isinstance(value.get("resources"), list)
        or ("path" in value and isinstance(value.get("schema"), dict))
    )
