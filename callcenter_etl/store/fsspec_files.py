"""Read files of every other filesystem that fsspec knows, where the filesystem's package is installed."""

from __future__ import annotations

import glob
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import IO, Any, cast

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.errors import SourceError
from callcenter_etl.store.file_version import FileVersion
from callcenter_etl.store.store_errors import MissingError, cause_of
from callcenter_etl.store.uris import shown


class _FsspecStream:
    """A stream of a third party's filesystem. Every error of a read, of whatever class, becomes SourceError."""

    def __init__(self, uri: str, stream: Any) -> None:
        self._uri = uri
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, an empty value at the end of the file. Raises SourceError."""
        try:
            return cast("bytes", self._stream.read(size))
        except Exception as error:
            raise _failure(self._uri, error) from error


def identify(uri: str, options: StorageOptions) -> FileVersion:
    """Return size and version (ETag, checksum or time of change) of a stored file. Raises SourceError."""
    try:
        filesystem, path = _filesystem(uri)
        info = filesystem.info(path)
    except Exception as error:
        raise _failure(uri, error) from error
    if info.get("type") == "directory":
        raise SourceError(
            f"{shown(uri)}: is a folder, not a file (name a file, or a glob such as {shown(uri).rstrip('/')}/*.csv)"
        )
    # Each filesystem has keys of its own for this: the first one present is used, those of the content first.
    marks = (info.get(key) for key in ("ETag", "etag", "md5Hash", "mtime", "LastModified", "created"))
    version = next((str(mark) for mark in marks if mark), None)
    size = info.get("size")
    return FileVersion(size=None if size is None else int(size), version=version)


@contextmanager
def open_stream(uri: str, identity: FileVersion, options: StorageOptions) -> Iterator[IO[bytes]]:
    """Open a stored file for reading bytes. Raises SourceError."""
    try:
        filesystem, path = _filesystem(uri)
        stream = filesystem.open(path, "rb")
    except Exception as error:
        raise _failure(uri, error) from error
    with stream:
        yield cast("IO[bytes]", _FsspecStream(uri, stream))


def open_range(
    uri: str, identity: FileVersion, start: int, stop: int, options: StorageOptions
) -> AbstractContextManager[IO[bytes]]:
    """Raise SourceError: not all of these filesystems can read a range or pin a version."""
    raise SourceError(f"{shown(uri)}: cannot be read in parts")


def expand(uri: str, options: StorageOptions) -> tuple[str, ...]:
    """Return the files that match a glob, sorted; a plain address is returned as it is. Raises SourceError."""
    # The `?` of a web address begins its query, and is not a wildcard.
    if not glob.has_magic(uri.partition("?")[0] if uri.lower().startswith("http") else uri):
        return (uri,)
    try:
        filesystem, path = _filesystem(uri)
        found = filesystem.glob(path, detail=True)
        names = sorted(name for name, info in found.items() if info["type"] == "file")
    except Exception as error:
        raise _failure(uri, error) from error
    if not names:
        raise SourceError(f"{shown(uri)}: no file matches")
    return tuple(filesystem.unstrip_protocol(name) for name in names)


def sizes_in(folder: str, options: StorageOptions) -> dict[str, int]:
    """Raise SourceError: an output, the only folder that is listed, is local or on S3."""
    raise SourceError(f"{shown(folder)}: is not a folder of an output")


def _filesystem(uri: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    # A cached listing would hide a change of the source while it is read.
    filesystem, path = url_to_fs(uri, use_listings_cache=False)
    return filesystem, path


def _failure(uri: str, error: Exception) -> SourceError:
    kind = MissingError if isinstance(error, FileNotFoundError) else SourceError
    words = "no such file" if isinstance(error, FileNotFoundError) else shown(cause_of(error))
    return kind(f"{shown(uri)}: {words}")
