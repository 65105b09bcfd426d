"""A stored object as a file that can be sought, read by ranges."""

from __future__ import annotations

import io
from contextlib import AbstractContextManager
from typing import IO

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.store.file_version import FileVersion
from callcenter_etl.store.storage_modules import plain_storage

# Reads that follow each other share one range, the following parts of which are fetched ahead.
_WINDOW_BYTES = 32 * 2**20


class RangedFile(io.RawIOBase):
    """A file over one version of an object; each seek elsewhere opens another range."""

    def __init__(self, uri: str, identity: FileVersion, options: StorageOptions) -> None:
        self._uri = uri
        self._identity = identity
        self._options = options
        self._size = identity.size or 0
        self._at = 0
        self._open: AbstractContextManager[IO[bytes]] | None = None
        self._stream: IO[bytes] | None = None
        self._reached = 0  # where the open range continues

    def readable(self) -> bool:
        """Return that the file can be read."""
        return True

    def seekable(self) -> bool:
        """Return that the file can be sought."""
        return True

    def tell(self) -> int:
        """Return the offset of the next byte."""
        return self._at

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Set the offset of the next byte, and return it."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: object, /) -> int:
        """Read the next bytes into a buffer, and return their number. Raises SourceError."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]  # any buffer, as RawIOBase has it
        if self._at >= self._size or not len(view):
            return 0
        data = self._range().read(len(view))
        if not data:  # the range ends here
            self._leave()
            data = self._range().read(len(view))
        view[: len(data)] = data
        self._at += len(data)
        self._reached = self._at
        return len(data)

    def close(self) -> None:
        """Close the open range."""
        self._leave()
        super().close()

    def _range(self) -> IO[bytes]:
        if self._stream is not None and self._reached == self._at:
            return self._stream
        self._leave()
        stop = min(self._at + _WINDOW_BYTES, self._size)
        self._open = plain_storage(self._uri).open_range(
            self._uri, self._identity, self._at, stop, self._options
        )
        self._stream, self._reached = self._open.__enter__(), self._at
        return self._stream

    def _leave(self) -> None:
        if self._open is not None:
            self._open.__exit__(None, None, None)
        self._open = self._stream = None
