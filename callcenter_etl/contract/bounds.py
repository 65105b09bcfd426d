"""The sizes that no contract exceeds: checked before anything else, as every later step costs time for each entry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from callcenter_etl.contract.positions import Path

# Of any list or mapping. Lists of `allowed` values are bounded by the size of the text alone.
MAX_ENTRIES = 100_000
# Each unique rule keeps files open during a run: the keys, their lines, and sorted runs of hashes.
MAX_UNIQUE_RULES = 500
_UNBOUNDED = "allowed"


def entry_faults(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield each list and mapping of a document that has too many entries."""
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


def unique_rules_fault(
    columns: list[tuple[int, Any]], rules: list[tuple[int, Any]]
) -> tuple[Path, str] | None:
    """Return the fault of a contract with too many unique rules, None where there are few enough."""
    paths: list[Path] = [("columns", index, "unique") for index, column in columns if column.unique]
    paths += [("rules", index, "unique") for index, rule in rules if rule.unique is not None]
    if len(paths) <= MAX_UNIQUE_RULES:
        return None
    message = f"{len(paths):,} unique rules are declared, and at most {MAX_UNIQUE_RULES:,} are possible: each needs open files"
    return paths[MAX_UNIQUE_RULES], message
