"""Checkpoint of one staged file: its size and hash, and reopening the file at that offset."""

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
    """Size of a file in bytes, and the SHA-256 of that many bytes from its start, hexadecimal."""

    bytes: Count
    sha256: str


def reopen(path: Path, checkpoint: FileCheckpoint) -> tuple[int, hashlib._Hash]:
    """Open a file that another process wrote, truncated to its checkpoint, for reading and writing.

    Returns the descriptor, positioned at the checkpoint, and the hash of the bytes before it. Raises OSError, and
    CheckpointMismatchError where the file does not begin with the bytes that it had at the checkpoint.
    """
    try:
        # O_NOFOLLOW: a link in the staging folder would make the resumed run write somewhere else.
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP):
            raise CheckpointMismatchError(f"{path}: is missing, or no file") from error
        raise
    try:
        digest = _proven(descriptor, path, checkpoint)
        # The dead run may have written records after its checkpoint: they are read again, and written again.
        os.ftruncate(descriptor, checkpoint.bytes)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, digest


def _proven(descriptor: int, path: Path, checkpoint: FileCheckpoint) -> hashlib._Hash:
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_size < checkpoint.bytes:
        raise CheckpointMismatchError(f"{path}: {found.st_size:,} bytes are there of {checkpoint.bytes:,}")
    # hashlib cannot store its state, so the bytes before the checkpoint are hashed again; that proves them as well.
    digest = hash_on(hashlib.sha256(), lambda size: os.read(descriptor, size), checkpoint.bytes)
    if digest.hexdigest() != checkpoint.sha256:
        raise CheckpointMismatchError(f"{path}: changed since its checkpoint")
    return digest


def hash_on(digest: hashlib._Hash, read: Callable[[int], bytes], size: int) -> hashlib._Hash:
    """Update a hash with the next `size` bytes that `read` returns, in bounded blocks, and return it.

    Raises CheckpointMismatchError where the bytes end early.
    """
    while size:
        block = read(min(size, _BLOCK_BYTES))
        if not block:
            raise CheckpointMismatchError(f"a staged file ends {size:,} bytes too early")
        digest.update(block)
        size -= len(block)
    return digest
