"""The one way to stored files: each address goes to the storage that its scheme names."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import IO, Protocol

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.documents import MAX_DOCUMENT_BYTES, open_regular_file, read_regular_file
from callcenter_etl.errors import SourceError
from callcenter_etl.os_errors import translate_os_errors
from callcenter_etl.store.file_version import UNKNOWN, FileVersion
from callcenter_etl.store.local_files import neighbour_hint
from callcenter_etl.store.store_errors import MissingError, cause_of
from callcenter_etl.store.uris import is_local, is_s3, local_path, shown

DEFAULTS = StorageOptions()
_BLOCK_BYTES = 2**20


class _Home(Protocol):
    """What each storage offers; all of it raises SourceError."""

    @property
    def identify(self) -> Callable[[str, StorageOptions], FileVersion]: ...

    @property
    def open_stream(
        self,
    ) -> Callable[[str, FileVersion, StorageOptions], AbstractContextManager[IO[bytes]]]: ...

    @property
    def open_range(
        self,
    ) -> Callable[[str, FileVersion, int, int, StorageOptions], AbstractContextManager[IO[bytes]]]: ...

    @property
    def expand(self) -> Callable[[str, StorageOptions], tuple[str, ...]]: ...

    @property
    def sizes_in(self) -> Callable[[str, StorageOptions], dict[str, int]]: ...


def read_bytes(uri: str, options: StorageOptions = DEFAULTS, *, most: int | None = None) -> bytes:
    """Return the whole content of a small file, such as a contract or a lookup; no more than `most` bytes of it.

    Raises SourceError when it cannot be read.
    """
    identity = UNKNOWN if is_local(uri) else identify(uri, options)
    data = bytearray()
    with open_stream(uri, identity, options) as stream, translate_os_errors(shown(uri), SourceError):
        # A read of `most` bytes at once would take the memory for as many.
        while block := stream.read(_BLOCK_BYTES if most is None else min(_BLOCK_BYTES, most - len(data))):
            data += block
    return bytes(data)


def read_document(uri: str, options: StorageOptions = DEFAULTS) -> bytes:
    """Return the content of a JSON document that this program wrote; more than one may have is not read.

    Raises MissingError where there is none, SourceError where it cannot be read, or is a pipe, device or socket now.
    """
    if not is_local(uri):
        return read_bytes(uri, options, most=MAX_DOCUMENT_BYTES + 1)
    try:
        return read_regular_file(local_path(uri))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MissingError(f"{uri}: {cause_of(error)}") from error
    except (OSError, ValueError) as error:
        raise SourceError(f"{uri}: {cause_of(error)}") from error


def check_regular(uri: str) -> None:
    """Raise SourceError where a local file of this program is a pipe, a device or a socket now: it could block for ever."""
    if not is_local(uri):
        return
    try:
        open_regular_file(local_path(uri)).close()
    except FileNotFoundError as error:
        raise MissingError(f"{uri}: {cause_of(error)}{neighbour_hint(local_path(uri))}") from error
    except (OSError, ValueError) as error:
        raise SourceError(f"{uri}: {cause_of(error)}") from error


def open_stream(
    uri: str, identity: FileVersion, options: StorageOptions = DEFAULTS
) -> AbstractContextManager[IO[bytes]]:
    """Open the version of a stored file that `identify` gave, or standard input for `-`, for reading bytes.

    Raises SourceError when it cannot be opened; later reads raise SourceError or OSError.
    """
    return _home(uri).open_stream(uri, identity, options)


def open_range(
    uri: str, identity: FileVersion, *, start: int, stop: int, options: StorageOptions = DEFAULTS
) -> AbstractContextManager[IO[bytes]]:
    """Open the bytes from `start` to `stop` (exclusive) of the version of a stored file that `identify` gave.

    Raises SourceError when it cannot be opened, is another version by now, or cannot be read in parts.
    """
    return _home(uri).open_range(uri, identity, start, stop, options)


def identify(uri: str, options: StorageOptions = DEFAULTS) -> FileVersion:
    """Return what tells this version of a stored file from another. Raises SourceError."""
    return _home(uri).identify(uri, options)


def what_changed(uri: str, identity: FileVersion, options: StorageOptions = DEFAULTS) -> str | None:
    """Return what became of a stored file since it was identified, None where nothing did."""
    try:
        now = identify(uri, options)
    except MissingError:
        return f"{shown(uri)}: was deleted while it was read (run again when the sender has finished)"
    if now != identity:
        return f"{shown(uri)}: changed while it was read (run again when the sender has finished)"
    return None


def expand(pattern: str, options: StorageOptions = DEFAULTS) -> tuple[str, ...]:
    """Return the files that a glob, or an S3 prefix that ends in /, names, sorted; a plain name gives itself.

    Raises SourceError when nothing has such a name.
    """
    return _home(pattern).expand(pattern, options)


def sizes_in(folder: str, options: StorageOptions = DEFAULTS) -> dict[str, int]:
    """Return the names and bytes of the files right in a folder or prefix, none where it is not there. Raises SourceError."""
    return _home(folder).sizes_in(folder, options)


def has_objects(prefix: str, options: StorageOptions = DEFAULTS) -> bool:
    """Return whether an object store has anything under a prefix. Raises SourceError where it cannot be asked."""
    try:
        return bool(expand(f"{prefix.rstrip('/')}/", options))
    except MissingError:
        return False


def _home(uri: str) -> _Home:
    if is_local(uri):
        from callcenter_etl.store import local_files

        return local_files
    if is_s3(uri):
        from callcenter_etl.store import s3_objects

        return s3_objects
    from callcenter_etl.store import fsspec_files

    return fsspec_files
