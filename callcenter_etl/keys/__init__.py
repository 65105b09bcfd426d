"""Exact uniqueness of keys over a whole stream, in one pass and at constant memory."""

from __future__ import annotations

from callcenter_etl.keys.hashing import composite_keys, hash_keys
from callcenter_etl.keys.registry import FILTER_BYTES, MEMORY_ENTRIES, Extent, KeyMark, KeyRegistry
from callcenter_etl.keys.share import make_registries, make_temporary_registries

__all__ = [
    "FILTER_BYTES",
    "MEMORY_ENTRIES",
    "Extent",
    "KeyMark",
    "KeyRegistry",
    "composite_keys",
    "hash_keys",
    "make_registries",
    "make_temporary_registries",
]
