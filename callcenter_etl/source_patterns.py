"""The sources that names and patterns mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.errors import SourceError
from callcenter_etl.own_outputs import without_own_outputs
from callcenter_etl.store.access import DEFAULTS, expand
from callcenter_etl.store.uris import shown


def ignore_skipped(folder: str, files: int) -> None:
    """Ignore skipped files."""


def resolve_sources(
    patterns: list[str],
    storage: StorageOptions = DEFAULTS,
    *,
    on_skipped: Callable[[str, int], None] = ignore_skipped,
) -> list[str]:
    """Return the sources of names and patterns, in order and without duplicates.

    A pattern skips the files of earlier runs; `on_skipped` gets their folder and number. A name is never skipped.
    Raises SourceError if a pattern matches no file that is left.
    """
    # A file that several patterns match is one source, in the place of its first match.
    return list(dict.fromkeys(uri for pattern in patterns for uri in _expanded(pattern, storage, on_skipped)))


def _expanded(pattern: str, storage: StorageOptions, on_skipped: Callable[[str, int], None]) -> Sequence[str]:
    found = expand(pattern, storage)
    # Only patterns skip files of earlier runs: a name is meant literally.
    if found == (pattern,):
        return found
    kept = without_own_outputs(found, storage, on_skipped)
    if not kept:
        raise SourceError(f"{shown(pattern)}: matches only files that earlier runs have written")
    return kept
