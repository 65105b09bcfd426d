"""Creates and removes temporary folders, with errors that name a remedy."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from callcenter_etl.errors import OutputError
from callcenter_etl.os_errors import os_cause, place_of

_PREFIX = "callcenter_etl-"
_REMEDY = "name one in TMPDIR"
_ATTEMPTS = 2


def system_folder(remedy: str = _REMEDY) -> Path:
    """Return the system's folder for temporary files. Raises OutputError, with `remedy`, if none is writable."""
    try:
        return Path(tempfile.gettempdir())
    except OSError as error:  # gettempdir tries each candidate by writing a file
        raise OutputError(
            f"{place_of(error) or 'TMPDIR'}: no folder for temporary files can be used ({remedy}): {os_cause(error)}"
        ) from error


def new_temporary_folder(remedy: str = _REMEDY, *, prefix: str = _PREFIX) -> Path:
    """Return a new temporary folder of this process. Raises OutputError, with `remedy`, if none can be created."""
    try:
        return Path(tempfile.mkdtemp(prefix=prefix))
    except OSError as error:
        raise OutputError(
            f"{place_of(error) or 'TMPDIR'}: no folder for temporary files can be made ({remedy}): {os_cause(error)}"
        ) from error


@contextmanager
def temporary_folder(*, prefix: str = _PREFIX) -> Iterator[Path]:
    """Yield a new temporary folder, and remove it at the end. Raises OutputError if none can be created."""
    folder = new_temporary_folder(prefix=prefix)
    try:
        yield folder
    finally:
        remove_tree(folder)


def remove_tree(folder: str | Path) -> None:
    """Remove a temporary folder with its content, as far as possible; errors are ignored.

    `shutil.rmtree` may raise in spite of `ignore_errors`, hence the `suppress`; a fault that passes, of closing a
    folder say, ends it before its end, hence the second attempt.
    """
    for _ in range(_ATTEMPTS):
        with suppress(OSError):
            shutil.rmtree(folder, ignore_errors=True)
        if not os.path.lexists(folder):
            return
