"""The storage modules: which reads the files of an address, local ones, S3 objects, or those that fsspec knows."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import IO, Protocol

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.store.file_version import FileVersion
from callcenter_etl.store.uris import is_local, is_s3


class StorageModule(Protocol):
    """The functions of one storage module; each raises SourceError."""

    # Properties of a Callable type, not methods, so that each module may name its parameters as it needs.

    @property
    def identify(self) -> Callable[[str, StorageOptions], FileVersion]:
        """Function that returns the version of a file."""

    @property
    def open_stream(
        self,
    ) -> Callable[[str, FileVersion, StorageOptions], AbstractContextManager[IO[bytes]]]:
        """Function that opens a file in a version."""

    @property
    def open_range(
        self,
    ) -> Callable[[str, FileVersion, int, int, StorageOptions], AbstractContextManager[IO[bytes]]]:
        """Function that opens bytes of a file in a version."""

    @property
    def expand(self) -> Callable[[str, StorageOptions], tuple[str, ...]]:
        """Function that returns the files that a glob matches."""

    @property
    def sizes_in(self) -> Callable[[str, StorageOptions], dict[str, int]]:
        """Function that returns the sizes of the files in a folder."""


def plain_storage(uri: str) -> StorageModule:
    """Return the module that reads an address as a file of its own, and not as a member of an archive."""
    # Imported here, so that a run over local files imports neither s3fs nor fsspec.
    if is_local(uri):
        from callcenter_etl.store import local_files

        return local_files
    if is_s3(uri):
        from callcenter_etl.store import s3_objects

        return s3_objects
    from callcenter_etl.store import fsspec_files

    return fsspec_files
