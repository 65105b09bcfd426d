"""Read stored files: each address is passed to the storage that its scheme names."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from typing import IO

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.documents import MAX_DOCUMENT_BYTES, open_regular_file, read_regular_file
from callcenter_etl.errors import SourceError
from callcenter_etl.os_errors import translate_os_errors
from callcenter_etl.store.archive_names import split_member
from callcenter_etl.store.file_version import UNKNOWN, FileVersion
from callcenter_etl.store.local_files import neighbour_hint
from callcenter_etl.store.storage_modules import StorageModule, plain_storage
from callcenter_etl.store.store_errors import MissingError, cause_of
from callcenter_etl.store.uris import is_local, is_s3, local_path, shown

DEFAULTS = StorageOptions()
_BLOCK_BYTES = 2**20


def read_bytes(uri: str, options: StorageOptions = DEFAULTS, *, most: int | None = None) -> bytes:
    """Return the content of a small file, such as a contract or a lookup, cut off after `most` bytes.

    Raises SourceError when it cannot be read.
    """
    # A plain local file need not be examined first, a member of an archive has to be found in it.
    plain = is_local(uri) and not is_member(uri, options)
    identity = UNKNOWN if plain else identify(uri, options)
    data = bytearray()
    with open_stream(uri, identity, options) as stream, translate_os_errors(shown(uri), SourceError):
        # A single read of `most` bytes would allocate that many bytes, however small the file is.
        while block := stream.read(_BLOCK_BYTES if most is None else min(_BLOCK_BYTES, most - len(data))):
            data += block
    return bytes(data)


def read_document(uri: str, options: StorageOptions = DEFAULTS) -> bytes:
    """Return the content of a JSON document that this program wrote, cut off after MAX_DOCUMENT_BYTES + 1 bytes.

    Raises MissingError where it does not exist, SourceError where it cannot be read or is a pipe, device or socket.
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
    """Raise SourceError where a local file of this program is a pipe, a device or a socket."""
    if not is_local(uri):
        return
    try:
        # Somebody may have put a pipe in the place of the file: a plain open of it would block for ever.
        open_regular_file(local_path(uri)).close()
    except FileNotFoundError as error:
        raise MissingError(f"{uri}: {cause_of(error)}{neighbour_hint(local_path(uri))}") from error
    except (OSError, ValueError) as error:
        raise SourceError(f"{uri}: {cause_of(error)}") from error


def open_stream(
    uri: str, identity: FileVersion, options: StorageOptions = DEFAULTS
) -> AbstractContextManager[IO[bytes]]:
    """Open a stored file in the version that `identify` returned, or standard input for `-`, for reading bytes.

    Raises SourceError when it cannot be opened; later reads raise SourceError or OSError.
    """
    return _storage_module(uri, options).open_stream(uri, identity, options)


def open_range(
    uri: str, identity: FileVersion, *, start: int, stop: int, options: StorageOptions = DEFAULTS
) -> AbstractContextManager[IO[bytes]]:
    """Open the bytes from `start` to `stop` (exclusive) of a stored file in the version that `identify` returned.

    Raises SourceError when it cannot be opened, has changed since, or cannot be read in ranges.
    """
    return _storage_module(uri, options).open_range(uri, identity, start, stop, options)


def identify(uri: str, options: StorageOptions = DEFAULTS) -> FileVersion:
    """Return the version of a stored file, which changes when its content does. Raises SourceError."""
    return _storage_module(uri, options).identify(uri, options)


def change_since(uri: str, identity: FileVersion, options: StorageOptions = DEFAULTS) -> str | None:
    """Return a sentence about how a stored file changed since it was identified, None where it did not."""
    try:
        now = identify(uri, options)
    except MissingError:
        return f"{shown(uri)}: was deleted while it was read (run again when the sender has finished)"
    if now != identity:
        return f"{shown(uri)}: changed while it was read (run again when the sender has finished)"
    return None


def expand(pattern: str, options: StorageOptions = DEFAULTS) -> tuple[str, ...]:
    """Return the files that match a glob, or an S3 prefix that ends in /, sorted; a plain name is returned as it is.

    Raises SourceError when no file matches.
    """
    return _storage_module(pattern, options).expand(pattern, options)


def sizes_in(folder: str, options: StorageOptions = DEFAULTS) -> dict[str, int]:
    """Return the size in bytes of each file directly in a folder or prefix, by name; empty where it does not exist.

    Raises SourceError when the folder cannot be listed.
    """
    return _storage_module(folder, options).sizes_in(folder, options)


def has_objects(prefix: str, options: StorageOptions = DEFAULTS) -> bool:
    """Return whether an object store has an object under a prefix. Raises SourceError where it cannot be listed."""
    try:
        return bool(expand(f"{prefix.rstrip('/')}/", options))
    except MissingError:
        return False


def is_member(uri: str, options: StorageOptions = DEFAULTS) -> bool:
    """Return whether an address names a member of an archive that exists. Raises SourceError."""
    # A folder, or a part of a key, may be named like an archive.
    found = split_member(uri)
    if found is None:
        return False
    archive, _ = found
    if is_local(archive):
        return os.path.isfile(local_path(archive))
    try:
        return is_s3(archive) and plain_storage(archive).identify(archive, options).size is not None
    except MissingError:
        return False


def _storage_module(uri: str, options: StorageOptions) -> StorageModule:
    if not is_member(uri, options):
        return plain_storage(uri)
    # Imported here, so that runs over plain files import no reader of archives.
    from callcenter_etl.store import archives

    return archives
