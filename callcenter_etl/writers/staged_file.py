"""File of a run while it is written: its bytes are counted, hashed and made durable."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import BinaryIO, Self

from callcenter_etl.errors import AccountingError
from callcenter_etl.os_errors import translate_os_errors
from callcenter_etl.store.file_checkpoint import FileCheckpoint, reopen
from callcenter_etl.writers.permissions import open_private


class StagedFile:
    """A file that is being written, with the count and the hash of its bytes."""

    def __init__(self, path: Path, file: BinaryIO, sha256: hashlib._Hash, size: int = 0) -> None:
        self.path = path
        self.bytes = size
        self._sha256 = sha256
        self._file = file

    @classmethod
    def new(cls, path: Path, mode: int | None = None) -> Self:
        """Create a file. Raises OSError, FileExistsError where one of this name exists."""
        file = open(path, "xb", opener=lambda name, flags: open_private(name, flags, mode))  # noqa: SIM115  lives as long as its owner
        return cls(path, file, hashlib.sha256())

    @classmethod
    def at(cls, path: Path, checkpoint: FileCheckpoint) -> Self:
        """Reopen a file at its checkpoint. Raises OSError, and CheckpointMismatchError where its content changed."""
        descriptor, sha256 = reopen(path, checkpoint)
        return cls(path, os.fdopen(descriptor, "wb"), sha256, checkpoint.bytes)

    def write(self, data: bytes | memoryview) -> None:
        """Append bytes. Raises OutputError when they cannot be written."""
        if not len(data):
            return
        with translate_os_errors(self.path):
            self._file.write(data)
        self._sha256.update(data)
        self.bytes += len(data)

    def checkpoint(self) -> FileCheckpoint:
        """Flush all bytes to the operating system, and return their checkpoint. Raises OutputError."""
        with translate_os_errors(self.path):
            self._file.flush()
        return FileCheckpoint(self.bytes, self.sha256)

    def sync(self) -> None:
        """Make all flushed bytes durable. Another thread may call `write` meanwhile. Raises OutputError."""
        with translate_os_errors(self.path):
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Make the bytes durable and close. Raises OutputError, AccountingError when the file has another size."""
        if self._file.closed:
            return
        with translate_os_errors(self.path):
            self._file.flush()
            os.fsync(self._file.fileno())
            size = os.fstat(self._file.fileno()).st_size
            self._file.close()
        if size != self.bytes:
            raise AccountingError(f"{self.path}: {self.bytes:,} bytes were written but the file has {size:,}")

    def discard(self) -> None:
        """Close a file that is about to be removed, whether all its bytes could be written or not."""
        try:
            self._file.close()
        except OSError:
            # The disk may have no room for the buffered bytes, which nobody will read.
            return

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes written so far, hexadecimal."""
        return self._sha256.hexdigest()
