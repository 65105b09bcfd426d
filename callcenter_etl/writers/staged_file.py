"""A file of a run while it is written: counted, hashed, made durable."""

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
    """A file being written, with its bytes counted and hashed on the way."""

    def __init__(self, path: Path, file: BinaryIO, sha256: hashlib._Hash, size: int = 0) -> None:
        self.path = path
        self.bytes = size
        self._sha256 = sha256
        self._file = file

    @classmethod
    def new(cls, path: Path, mode: int | None = None) -> Self:
        """Start a file. Raises OSError, also where there is one of this name."""
        file = open(path, "xb", opener=lambda name, flags: open_private(name, flags, mode))  # noqa: SIM115  lives as long as its owner
        return cls(path, file, hashlib.sha256())

    @classmethod
    def at(cls, path: Path, mark: FileCheckpoint) -> Self:
        """Go on with a file from its mark. Raises OSError, and CheckpointMismatchError where it is not what it was."""
        descriptor, sha256 = reopen(path, mark)
        return cls(path, os.fdopen(descriptor, "wb"), sha256, mark.bytes)

    def write(self, data: bytes | memoryview) -> None:
        """Append bytes. Raises OutputError when the disk does not take them."""
        if not len(data):
            return
        with translate_os_errors(self.path):
            self._file.write(data)
        self._sha256.update(data)
        self.bytes += len(data)

    def mark(self) -> FileCheckpoint:
        """Hand all bytes to the system, and give their mark."""
        with translate_os_errors(self.path):
            self._file.flush()
        return FileCheckpoint(self.bytes, self.sha256)

    def sync(self) -> None:
        """Make durable what the system was handed; may be called beside `write`."""
        with translate_os_errors(self.path):
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Make the bytes durable. Raises AccountingError when the disk holds another number of them."""
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
        """Close without asking whether all arrived."""
        try:
            self._file.close()
        except OSError:
            # the buffered rest found no room; the file is about to be removed
            return

    @property
    def sha256(self) -> str:
        """Hash of what was written so far, hexadecimal."""
        return self._sha256.hexdigest()
