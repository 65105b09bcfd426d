"""Check whether contracts of this version have a key: findings may come before the keys that declare them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from callcenter_etl.contract.column import Column
from callcenter_etl.contract.source_format import SourceFormat
from callcenter_etl.errors import ContractError
from callcenter_etl.tools.infer.sample_chunks import plain_document


def in_source(keys: Iterable[str]) -> bool:
    """Return whether the source format has all keys."""
    return all(key in SourceFormat.model_fields for key in keys)


def in_column(kind: str, keys: Mapping[str, Any]) -> bool:
    """Return whether columns take a type with these keys."""
    if not all(key in Column.model_fields for key in keys):
        return False
    try:
        plain_document([{"name": "column", "type": kind, **keys}], {})
    except ContractError:
        return False
    return True
