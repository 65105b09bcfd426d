"""Finds what dead runs left staged in a target, and decides what becomes of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from callcenter_etl.outputs.staging import STAGING_PREFIX


def leftovers(output: Path) -> Iterator[Path]:
    """Give the staging folders in `output`, oldest run first; call it under the target's lock, so that none lives."""
    yield from sorted(output.glob(f"{STAGING_PREFIX}*"))


def is_of_use(folder: Path) -> bool:
    """Tell whether a dead run's staging folder is worth keeping: the one place that decides.

    Nothing can go on from one yet.
    """
    return False


def clear_leftovers(output: Path) -> tuple[str, ...]:
    """Remove what dead runs left staged; give the ids of those runs. Call it under the target's lock."""
    cleared = []
    for folder in leftovers(output):
        if is_of_use(folder):
            continue
        if folder.is_symlink() or not folder.is_dir():
            continue  # no run of this program made it
        shutil.rmtree(folder, ignore_errors=True)
        cleared.append(folder.name.removeprefix(STAGING_PREFIX))
    return tuple(cleared)
