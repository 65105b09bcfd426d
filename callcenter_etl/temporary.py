"""Folders for temporary files, with an error that a user can act on where there is none."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from callcenter_etl.errors import OutputError
from callcenter_etl.os_errors import os_cause, place_of

_PREFIX = "callcenter_etl-"
_REMEDY = "name one in TMPDIR"


def system_folder(remedy: str = _REMEDY) -> Path:
    """Return the system's folder of temporary files. Raises OutputError, with `remedy`, where none can be written."""
    try:
        return Path(tempfile.gettempdir())
    except OSError as error:  # it tries them by writing: none may be writable, or have room
        raise OutputError(
            f"{place_of(error) or 'TMPDIR'}: no folder for temporary files can be used ({remedy}): {os_cause(error)}"
        ) from error


def new_temporary_folder(remedy: str = _REMEDY) -> Path:
    """Make a folder of this process's own. Raises OutputError, with `remedy`, where none can be made."""
    try:
        return Path(tempfile.mkdtemp(prefix=_PREFIX))
    except OSError as error:
        raise OutputError(
            f"{place_of(error) or 'TMPDIR'}: no folder for temporary files can be made ({remedy}): {os_cause(error)}"
        ) from error


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Make a folder, and remove it at the end of the `with`. Raises OutputError where none can be made."""
    folder = new_temporary_folder()
    try:
        yield folder
    finally:
        remove_tree(folder)


def remove_tree(folder: str | Path) -> None:
    """Remove a folder with all that is in it, as far as that can be done: its content is of no use to anybody.

    `shutil.rmtree` raises even where it is to ignore errors: where the system does not say which folder it has opened.
    """
    with suppress(OSError):
        shutil.rmtree(folder, ignore_errors=True)
