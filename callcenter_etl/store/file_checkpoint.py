"""How far a file was written when it was last known to be right, and going on from there."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from callcenter_etl.documents import Count
from callcenter_etl.errors import CheckpointMismatchError

_BLOCK_BYTES = 2**20
PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class FileCheckpoint:
    """The first `bytes` bytes of a file, and their SHA-256, hexadecimal."""

    bytes: Count
    sha256: str


def reopen(path: Path, mark: FileCheckpoint) -> tuple[int, hashlib._Hash]:
    """Open a file that another process wrote, cut off at its mark, to be read and written on.

    Gives the descriptor, which is at the mark, and the hash of what is before it. Raises OSError, and
    CheckpointMismatchError where the file does not hold what it held at the mark.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP):
            raise CheckpointMismatchError(f"{path}: is missing, or no file") from error
        raise
    try:
        digest = _proven(descriptor, path, mark)
        os.ftruncate(descriptor, mark.bytes)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, digest


def _proven(descriptor: int, path: Path, mark: FileCheckpoint) -> hashlib._Hash:
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_size < mark.bytes:
        raise CheckpointMismatchError(f"{path}: {found.st_size:,} bytes are there of {mark.bytes:,}")
    digest = hash_on(hashlib.sha256(), lambda size: os.read(descriptor, size), mark.bytes)
    if digest.hexdigest() != mark.sha256:
        raise CheckpointMismatchError(f"{path}: is not what it was at its checkpoint")
    return digest


def hash_on(digest: hashlib._Hash, read: Callable[[int], bytes], size: int) -> hashlib._Hash:
    """Feed the next `size` bytes that `read` gives to a hash, a bounded number at a time."""
    while size:
        block = read(min(size, _BLOCK_BYTES))
        if not block:
            raise CheckpointMismatchError(f"a staged file ends {size:,} bytes too early")
        digest.update(block)
        size -= len(block)
    return digest
