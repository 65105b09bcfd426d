"""Checks a contract's size limits before anything else, since every later step takes time for each entry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from callcenter_etl.contract.positions import Path

# For any list or mapping, except lists of `allowed` values: these are limited by the size of the text alone.
MAX_ENTRIES = 100_000
# Each unique rule keeps files open during a run (keys, lines, sorted runs of hashes), and 1,024 is a usual limit.
MAX_UNIQUE_RULES = 500
_UNBOUNDED = "allowed"


def entry_faults(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield path and message of each list and mapping of a document that has too many entries."""
    if not isinstance(value, (dict, list, tuple)) or (path and path[-1] == _UNBOUNDED):
        return
    if len(value) > MAX_ENTRIES:
        kind = "keys" if isinstance(value, dict) else "entries"
        yield path, f"{len(value):,} {kind} are declared, and at most {MAX_ENTRIES:,} are read"
        return
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, entry in entries:
        if isinstance(entry, (dict, list, tuple)):
            yield from entry_faults(entry, (*path, key))


def unique_rules_fault(value: dict[str, Any]) -> tuple[Path, str] | None:
    """Return path and message of the first unique rule beyond the limit, None if there is none."""
    paths: list[Path] = [
        (key, index, "unique") for key in ("columns", "rules") for index in _unique(value.get(key))
    ]
    if len(paths) <= MAX_UNIQUE_RULES:
        return None
    message = f"{len(paths):,} unique rules are declared, and at most {MAX_UNIQUE_RULES:,} are possible: each needs open files"
    return paths[MAX_UNIQUE_RULES], message


def _unique(entries: Any) -> Iterator[int]:
    if isinstance(entries, (list, tuple)):
        for index, entry in enumerate(entries):
            if isinstance(entry, dict) and str(entry.get("unique", "false")).lower() != "false":
                yield index
