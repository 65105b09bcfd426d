"""Exact uniqueness of keys over a whole stream, in one pass and at constant memory."""

from __future__ import annotations

from callcenter_etl.uniqueness.hashing import composite_keys, hash_keys
from callcenter_etl.uniqueness.key_registry import (
    FILTER_BYTES,
    MEMORY_ENTRIES,
    KeyCheckpoint,
    KeyOffset,
    KeyRegistry,
)
from callcenter_etl.uniqueness.share import make_registries, make_temporary_registries

__all__ = [
    "FILTER_BYTES",
    "MEMORY_ENTRIES",
    "KeyCheckpoint",
    "KeyOffset",
    "KeyRegistry",
    "composite_keys",
    "hash_keys",
    "make_registries",
    "make_temporary_registries",
]
