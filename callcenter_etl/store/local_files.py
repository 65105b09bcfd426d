"""Read files of this machine with the standard library alone."""

from __future__ import annotations

import glob
import io
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from typing import IO, TYPE_CHECKING, cast

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.contract.suggestions import did_you_mean
from callcenter_etl.errors import SourceError
from callcenter_etl.os_errors import translate_os_errors
from callcenter_etl.store.file_version import UNKNOWN, FileVersion
from callcenter_etl.store.store_errors import MissingError, cause_of
from callcenter_etl.store.uris import STANDARD_INPUT, local_path, scheme_of

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_NEIGHBOURS = 1_000
_MISSING = (FileNotFoundError, NotADirectoryError)


def identify(uri: str, options: StorageOptions) -> FileVersion:
    """Return size and version of a file, UNKNOWN for pipes and standard input.

    Raises MissingError where the file does not exist, SourceError where it is a folder or cannot be examined.
    """
    if uri == STANDARD_INPUT:
        return UNKNOWN
    try:
        found = os.stat(local_path(uri))
    except _MISSING as error:
        raise MissingError(f"{uri}: {cause_of(error)}{neighbour_hint(local_path(uri))}") from error
    except (OSError, ValueError) as error:
        raise SourceError(f"{uri}: {cause_of(error)}") from error
    if stat.S_ISDIR(found.st_mode):
        raise SourceError(
            f"{uri}: is a folder, not a file (name a file, or a glob such as {uri.rstrip('/')}/*.csv)"
        )
    if not stat.S_ISREG(found.st_mode):
        return UNKNOWN
    # The inode as well: a file replaced by a rename may keep size and date of the one before it.
    return FileVersion(size=found.st_size, version=f"{found.st_mtime_ns}-{found.st_ino}")


def neighbour_hint(path: str) -> str:
    """Return a hint for a missing file: a similar name in its folder, or that the folder is missing."""
    folder, name = os.path.split(path)
    try:
        with os.scandir(folder or ".") as entries:
            return did_you_mean(name, [entry.name for entry in islice(entries, MAX_NEIGHBOURS)])
    except FileNotFoundError:
        return f" (there is no folder {folder!r})"
    except OSError:
        return ""


class _LocalFile(io.FileIO):
    """A file that raises SourceError with its address: the OSError of a read does not name the file."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        super().__init__(local_path(uri), "rb")

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        with translate_os_errors(self._uri, SourceError):
            return cast("int", super().readinto(buffer))

    def readall(self) -> bytes:
        with translate_os_errors(self._uri, SourceError):
            return super().readall()

    def seek(self, offset: int, whence: int = 0, /) -> int:
        with translate_os_errors(self._uri, SourceError):
            return super().seek(offset, whence)

    def close(self) -> None:
        # Nothing was written, and the system frees the descriptor even where it reports an error.
        with suppress(OSError):
            super().close()


@contextmanager
def open_stream(uri: str, identity: FileVersion, options: StorageOptions) -> Iterator[IO[bytes]]:
    """Open a file, or standard input for `-`, for reading bytes.

    Raises MissingError where the file does not exist, SourceError where it cannot be opened.
    """
    if uri == STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    try:
        stream = io.BufferedReader(_LocalFile(uri))
    except _MISSING as error:
        raise MissingError(f"{uri}: {cause_of(error)}{neighbour_hint(local_path(uri))}") from error
    except (OSError, ValueError) as error:
        raise SourceError(f"{uri}: {cause_of(error)}") from error
    with stream:
        yield stream


class _Range:
    """The next `left` bytes of an open file."""

    def __init__(self, stream: IO[bytes], left: int) -> None:
        self._stream = stream
        self._left = left

    def read(self, size: int) -> bytes:
        """Return up to `size` of the next bytes, an empty value at the end of the range."""
        data = self._stream.read(min(size, self._left))
        self._left -= len(data)
        return data


@contextmanager
def open_range(
    uri: str, identity: FileVersion, start: int, stop: int, options: StorageOptions
) -> Iterator[IO[bytes]]:
    """Open the bytes from `start` to `stop` (exclusive) of a file. Raises SourceError where it changed since `identity`."""
    if identify(uri, options) != identity:
        raise SourceError(f"{uri}: changed while it was read (run again when the sender has finished)")
    with open_stream(uri, identity, options) as stream:
        stream.seek(start)
        yield cast("IO[bytes]", _Range(stream, stop - start))


def sizes_in(folder: str, options: StorageOptions) -> dict[str, int]:
    """Return the size in bytes of each file in a folder, by name; empty where the folder does not exist.

    Raises SourceError when the folder cannot be listed.
    """
    try:
        with os.scandir(local_path(folder)) as entries:
            return {entry.name: entry.stat().st_size for entry in entries if entry.is_file()}
    except _MISSING:
        return {}
    except (OSError, ValueError) as error:
        raise SourceError(f"{folder}: {cause_of(error)}") from error


def _files_named(uri: str, pattern: str) -> list[str]:
    """Return the files that match a pattern, sorted. Raises SourceError where a folder or a file cannot be examined."""
    # `glob` treats a folder that cannot be read as empty, and `os.path.isfile` such a file as missing: a source would
    # be left out without a message. So the fixed part of the pattern is opened, and each match examined, here.
    fixed, names = os.path.dirname(pattern), []
    while glob.has_magic(fixed):
        fixed = os.path.dirname(fixed)
    with translate_os_errors(uri, SourceError):
        with suppress(*_MISSING):
            os.scandir(fixed or ".").close()
        for name in sorted(glob.glob(pattern, recursive=True)):
            with suppress(FileNotFoundError):  # a dangling link, or deleted since it was listed
                if stat.S_ISREG(os.stat(name).st_mode):
                    names.append(name)
    return names


def expand(uri: str, options: StorageOptions) -> tuple[str, ...]:
    """Return the files that match a glob, sorted; a plain name is returned as it is. Raises SourceError."""
    pattern = local_path(uri)
    # A file may have brackets in its name: an existing file of exactly that name is the one that is meant.
    if not glob.has_magic(pattern) or os.path.lexists(pattern):
        return (uri,)
    names = _files_named(uri, pattern)
    if not names:
        raise SourceError(f"{uri}: no file matches")
    if scheme_of(uri) is not None:
        return tuple(f"file://{name}" for name in names)
    return tuple(name if os.path.isabs(name) else os.path.relpath(name) for name in names)
