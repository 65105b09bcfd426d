"""Permissions of the files and folders of a run: access for the owner alone, unless the contract declares a mode."""

from __future__ import annotations

import os
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


def make_folder(folder: Path, mode: int | None) -> None:
    """Create a folder for the owner alone; with a declared `mode`, whoever may read its files may list and enter it.

    Raises FileExistsError where it exists, another OSError where it cannot be created.
    """
    folder.mkdir(mode=PRIVATE_FOLDER)
    if mode is not None:
        folder.chmod(PRIVATE_FOLDER | mode | (mode & 0o444) >> 2)


def open_private(path: str | Path, flags: int, mode: int | None) -> int:
    """Open a file, and create it with access for the owner alone, less what the umask removes.

    A declared `mode` is set as declared, whatever the umask; an existing file keeps its permissions. Raises OSError.
    """
    flags |= os.O_CLOEXEC
    if mode is None:
        return os.open(path, flags, PRIVATE_FILE)
    # O_EXCL shows whether this call creates the file: only then its permissions may be changed.
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    except FileExistsError:
        if flags & os.O_EXCL:
            raise
        return os.open(path, flags, PRIVATE_FILE)
    os.fchmod(descriptor, mode)
    return descriptor
