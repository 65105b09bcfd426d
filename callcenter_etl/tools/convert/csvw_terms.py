"""Detection of metadata of CSV on the Web."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CONTEXT = "http://www.w3.org/ns/csvw"


def is_csvw(value: Any) -> bool:
    """Return whether a parsed document is metadata of CSV on the Web."""
    context = value.get("@context") if isinstance(value, Mapping) else None
    return CONTEXT in map(str, context if isinstance(context, list) else [context])
