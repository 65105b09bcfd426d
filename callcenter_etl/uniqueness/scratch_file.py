"""Append-only files that are read by spans: without a name, or kept by name for a process that resumes."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from callcenter_etl.errors import OutputError
from callcenter_etl.os_errors import os_cause
from callcenter_etl.store.file_checkpoint import PRIVATE, FileCheckpoint, hash_on, reopen
from callcenter_etl.uniqueness.hashing import Ints

# Reading this many unneeded bytes costs less than another system call.
_GAP = 4096
_CHUNK_BYTES = 4 * 2**20


class ScratchFile:
    """An append-only file without a name, which the system frees when it is closed, even after a kill.

    Every method raises OutputError when the disk fails.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.size = 0
        try:
            self._file = self._open()
        except OSError as error:
            raise self._fault(error) from error

    def _open(self) -> IO[bytes]:
        return tempfile.TemporaryFile(dir=self._directory, buffering=0)

    def append(self, data: memoryview) -> None:
        """Append bytes."""
        # os.write, since a buffered file would have to be flushed before each read; it may write a part only.
        try:
            while len(data):
                written = os.write(self._file.fileno(), data)
                self.size += written
                data = data[written:]
        except OSError as error:
            raise self._fault(error) from error

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from `start` to `stop`, both within the file."""
        pieces: list[bytes] = []
        try:
            while start < stop:
                pieces.append(os.pread(self._file.fileno(), stop - start, start))
                start += len(pieces[-1])
                if not pieces[-1]:
                    raise OutputError(f"{self._directory}: a scratch file ends too early, at byte {start}")
        except OSError as error:
            raise self._fault(error) from error
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def gather(self, starts: Ints, stops: Ints) -> Iterator[tuple[slice, bytes, Ints]]:
        """Read spans, sorted by start, a bounded number of bytes at a time.

        Yields the slice of the spans that were read, a buffer that contains them in order, and their offsets in it.
        """
        reach = np.concatenate(([-_GAP], np.maximum.accumulate(stops)))[:-1]
        skipped = starts - reach
        costs = np.maximum(stops - np.maximum(starts, reach), 0) + np.clip(skipped, 0, _GAP)
        part_of = np.cumsum(costs) // _CHUNK_BYTES
        for first, last in _groups(part_of[1:] != part_of[:-1]):
            buffer, places = self._gather_part(starts[first:last], stops[first:last])
            yield slice(first, last), buffer, places

    def _gather_part(self, starts: Ints, stops: Ints) -> tuple[bytes, Ints]:
        reach = np.maximum.accumulate(stops)
        blocks = _groups(starts[1:] > reach[:-1] + _GAP)
        firsts = np.array([first for first, _ in blocks])
        begins, ends = starts[firsts], reach[np.array([last - 1 for _, last in blocks])]
        sizes = ends - begins
        moved = begins - (np.cumsum(sizes) - sizes)
        spans = zip(begins.tolist(), ends.tolist(), strict=True)
        buffer = b"".join([self.read(begin, end) for begin, end in spans])
        return buffer, starts - np.repeat(moved, np.diff(np.append(firsts, len(starts))))

    def close(self) -> None:
        """Free the file."""
        self._file.close()

    def _fault(self, error: OSError) -> OutputError:
        return OutputError(f"{self._directory}: {os_cause(error)}")


class KeptFile(ScratchFile):
    """A scratch file with a name, from which another process can resume.

    With a checkpoint, the constructor opens the file of another process, truncated to it; it raises
    CheckpointMismatchError where the content changed.
    """

    def __init__(self, path: Path, checkpoint: FileCheckpoint | None = None) -> None:
        self._path = path
        self._start = checkpoint
        self._digest = hashlib.sha256()
        super().__init__(path.parent)
        self.size = self._hashed = 0 if checkpoint is None else checkpoint.bytes

    def _open(self) -> IO[bytes]:
        if self._start is None:
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            return os.fdopen(os.open(self._path, flags, PRIVATE), "r+b", buffering=0)
        descriptor, self._digest = reopen(self._path, self._start)
        return os.fdopen(descriptor, "r+b", buffering=0)

    def checkpoint(self, size: int) -> FileCheckpoint:
        """Make the first `size` bytes durable, and return their checkpoint; `size` must not decrease between calls.

        One other thread may call this while `append` and `read` run.
        """
        # The hash is continued from the previous checkpoint, so each byte is read back once.
        try:
            os.fsync(self._file.fileno())
            hash_on(self._digest, self._next, size - self._hashed)
        except OSError as error:
            raise self._fault(error) from error
        return FileCheckpoint(size, self._digest.hexdigest())

    def _next(self, size: int) -> bytes:
        block = self.read(self._hashed, self._hashed + size)
        self._hashed += len(block)
        return block


def _groups(breaks: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return start and stop (exclusive) of each group of elements; `breaks` marks the elements that end a group."""
    cuts = [0, *(np.flatnonzero(breaks) + 1).tolist(), len(breaks) + 1]
    return list(pairwise(cuts))
