"""Storage of a table's data files, a folder or an s3:// prefix: put finished files under new names, remove files."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.errors import UsageError
from callcenter_etl.os_errors import translate_os_errors
from callcenter_etl.store.uris import bucket_and_key, is_local, is_s3, local_path, shown
from callcenter_etl.writers.permissions import PRIVATE_FILE, PRIVATE_FOLDER, make_folder, open_private
from callcenter_etl.writers.target_forms import sync_folder

_BLOCK_BYTES = 2**20


class TableStorage(Protocol):
    """Folder or prefix of a table. Readers do not see a file until a commit lists it. Methods raise OutputError."""

    def begin(self) -> None:
        """Check that files can be put."""

    def put(self, file: Path, path: str, sha256: str) -> None:
        """Put a finished local file, which may be moved, under a new relative path."""

    def remove(self, path: str) -> None:
        """Remove a file where it exists."""

    # The libraries of the formats do neither themselves.
    def settle(self, folder: str, written: Sequence[str]) -> None:
        """Make the files durable that a library has `written` in a folder, and set the permissions of all its files."""


def table_storage(uri: str, storage: StorageOptions, mode: int | None) -> TableStorage:
    """Return the storage of an address. Raises UsageError for an address that is neither local nor s3://."""
    if is_local(uri):
        return LocalTableStorage(Path(local_path(uri)), mode)
    if is_s3(uri):
        return S3TableStorage(uri, storage)
    raise UsageError(f"{shown(uri)}: tables can be local or s3:// (name a folder or a prefix)")


class LocalTableStorage:
    """A local folder, created where it is missing: for its owner alone, unless a mode is declared."""

    def __init__(self, folder: Path, mode: int | None) -> None:
        self._folder = folder
        self._mode = mode

    def begin(self) -> None:
        """Create the folder."""
        with translate_os_errors(self._folder):
            self._make(self._folder)

    def put(self, file: Path, path: str, sha256: str) -> None:  # noqa: ARG002  a rename changes no byte
        """Move a finished local file to a new relative path, durably."""
        final = self._folder / path
        with translate_os_errors(final):
            self._make(final.parent)
            _moved(file, final, self._mode)
            sync_folder(final.parent)

    def remove(self, path: str) -> None:
        """Remove a file where it exists."""
        with translate_os_errors(self._folder / path):
            (self._folder / path).unlink(missing_ok=True)

    def settle(self, folder: str, written: Sequence[str]) -> None:
        """Make the written files durable, and set the permissions of all files in the folder."""
        wanted = PRIVATE_FILE if self._mode is None else self._mode
        logs = self._folder / folder
        with translate_os_errors(logs):
            for found in os.scandir(logs):
                _set_mode(found, wanted)
            # Only the owner may change the permissions of a folder.
            if self._mode is None and logs.stat().st_uid == os.geteuid():
                logs.chmod(PRIVATE_FOLDER)
            for name in written:
                sync_file(logs / name)
            sync_folder(logs)
            sync_folder(self._folder)

    def _make(self, folder: Path) -> None:
        missing = [each for each in (folder, *folder.parents) if not each.exists()]
        for each in reversed(missing):
            with suppress(FileExistsError):  # another writer of the table was first
                make_folder(each, self._mode)
            sync_folder(each.parent)


def _set_mode(found: os.DirEntry[str], mode: int) -> None:
    """Set the permissions of a file of this user."""
    try:
        state = found.stat()
        if found.is_file() and state.st_uid == os.geteuid() and state.st_mode & 0o777 != mode:
            Path(found.path).chmod(mode)
    except FileNotFoundError:
        return  # a temporary file of another writer, which was removed since the folder was listed


def sync_file(path: Path) -> None:
    """Make a file durable that a library wrote. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _moved(file: Path, final: Path, mode: int | None) -> None:
    """Move a file, across file systems as a copy. Raises OSError."""
    try:
        file.rename(final)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        # Under another name until the copy is complete, so that no reader finds a part of the file.
        part = final.with_name(f".{final.name}.part")
        descriptor = open_private(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with file.open("rb") as source, os.fdopen(descriptor, "wb") as target:
            shutil.copyfileobj(source, target, _BLOCK_BYTES)
            target.flush()
            os.fsync(target.fileno())
        part.rename(final)


class S3TableStorage:
    """An S3 prefix; each file is uploaded with its hash as metadata, and the object is compared with the file."""

    def __init__(self, uri: str, storage: StorageOptions) -> None:
        from callcenter_etl.store.s3_uploads import Bucket  # boto3 is imported for s3:// alone

        name, key = bucket_and_key(uri)
        self._bucket = Bucket(name, storage)
        self._prefix = f"{key.rstrip('/')}/" if key.strip("/") else ""

    def begin(self) -> None:
        """Check that objects can be written below the prefix."""
        self._bucket.check_writable(f"{self._prefix}part")

    def put(self, file: Path, path: str, sha256: str) -> None:
        """Upload a finished local file to a new relative path."""
        from callcenter_etl.store.s3_uploads import Content

        labels = {"sha256": sha256}
        content = Content(file, file.stat().st_size, sha256)
        self._bucket.complete(self._bucket.prepare(f"{self._prefix}{path}", content, labels), labels)

    def remove(self, path: str) -> None:
        """Delete an object where it exists."""
        self._bucket.delete(f"{self._prefix}{path}")

    def settle(self, folder: str, written: Sequence[str]) -> None:
        """Do nothing: an object is durable when it exists, and has no file permissions."""
