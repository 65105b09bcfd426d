"""The permissions of what a run writes: for its owner alone, unless the contract says otherwise."""

from __future__ import annotations

import os
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


def make_folder(folder: Path, mode: int | None) -> None:
    """Make a folder that its owner may use, and enter whoever may read files of a declared `mode` in it.

    Raises FileExistsError where it is there, other OSError where it cannot be made.
    """
    folder.mkdir(mode=PRIVATE_FOLDER)
    if mode is not None:
        folder.chmod(PRIVATE_FOLDER | mode | (mode & 0o444) >> 2)


def open_private(path: str | Path, flags: int, mode: int | None) -> int:
    """Open a file so that, where this makes it, it is the owner's alone (less what the umask takes).

    A declared `mode` is set as it stands, whatever the umask; a file that is there already keeps its own.
    """
    flags |= os.O_CLOEXEC
    if mode is None:
        return os.open(path, flags, PRIVATE_FILE)
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    except FileExistsError:
        if flags & os.O_EXCL:
            raise
        return os.open(path, flags, PRIVATE_FILE)
    os.fchmod(descriptor, mode)
    return descriptor
