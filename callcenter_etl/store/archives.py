"""Read members of archives as files: list, identify, and open a stream of one member."""

from __future__ import annotations

import errno
import glob
import io
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import IO, cast

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.contract.suggestions import did_you_mean
from callcenter_etl.errors import CallcenterEtlError, SourceError, UsageError
from callcenter_etl.store.archive_entry import ArchiveEntry
from callcenter_etl.store.archive_names import compression_of, is_foreign, matches, split_member
from callcenter_etl.store.compression import READ_BYTES, decompressed, read_blocks
from callcenter_etl.store.file_version import FileVersion
from callcenter_etl.store.ranged_file import RangedFile
from callcenter_etl.store.storage_modules import plain_storage
from callcenter_etl.store.store_errors import MissingError
from callcenter_etl.store.tar_members import ForwardReader, TarMember, tar_entries
from callcenter_etl.store.uris import is_local, shown
from callcenter_etl.store.zip_members import zip_entries, zip_stream

_MAX_KEPT, _MAX_NAMED = 8, 10
# Listings by address and version: a compressed tar archive has to be read to its end for one.
_kept: dict[tuple[str, FileVersion], tuple[ArchiveEntry, ...]] = {}


def members(uri: str, pattern: str | None, options: StorageOptions, *, declared: bool) -> tuple[str, ...]:
    """Return the addresses of the members that the glob of a contract matches, in order; None matches the only one.

    Without a contract (`declared` is false) the advice is to name a member. Raises UsageError where several are there
    without a pattern or none matches, SourceError where a match, or the archive, cannot be read or it has no member.
    """
    entries = _entries(uri, plain_storage(uri).identify(uri, options), options)
    found = [entry.name for entry in entries if not is_foreign(entry.name)]
    if pattern is None and len(found) > 1:
        advice = (
            "name those to read in source.member: '*.csv'"
            if declared
            else f"name one of them, such as {shown(f'{uri}/{found[0]}')!r}"
        )
        raise UsageError(f"{shown(uri)}: has {len(found):,} members, {_listed(found)} ({advice})")
    # Another pattern in the contract would mend it, but no pattern finds a member in an archive that has none.
    return _matching(uri, pattern, entries, without=UsageError if found else SourceError)


def _matching(
    uri: str, pattern: str | None, entries: tuple[ArchiveEntry, ...], *, without: type[CallcenterEtlError]
) -> tuple[str, ...]:
    """Return the addresses of the members that a glob matches. Raises `without` where none does, SourceError."""
    found = [entry for entry in entries if not is_foreign(entry.name)]
    wanted = [entry for entry in found if pattern is None or matches(entry.name, pattern)]
    if not wanted:
        which = "no member" if pattern is None else f"no member that matches {pattern!r}"
        names = f" (it has {_listed([entry.name for entry in found])})" if found else ""
        raise without(f"{shown(uri)}: has {which}{names}")
    for entry in wanted:
        _check(uri, entry, entries)
    return tuple(f"{uri}/{entry.name}" for entry in wanted)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MAX_NAMED:,} more" if len(names) > _MAX_NAMED else ""
    return ", ".join(map(repr, names[:_MAX_NAMED])) + more


def _check(uri: str, entry: ArchiveEntry, entries: tuple[ArchiveEntry, ...]) -> None:
    """Raise SourceError for a member that cannot be read, or is not the only one of its name."""
    fault = entry.fault
    if fault is None and sum(each.name == entry.name for each in entries) > 1:
        fault = "several members have this name"
    if fault is not None:
        raise SourceError(f"{shown(uri)}: member {entry.name!r} cannot be read: {fault}")


def identify(uri: str, options: StorageOptions) -> FileVersion:
    """Return the plain size of a member, and a version of archive and member. Raises SourceError."""
    _, entry, version = _found(uri, options)
    return FileVersion(size=entry.size, version=f"{version.version}:{entry.mark}")


@contextmanager
def open_stream(uri: str, identity: FileVersion, options: StorageOptions) -> Iterator[IO[bytes]]:
    """Open a member for reading its plain bytes. Raises SourceError."""
    archive, entry, version = _found(uri, options)
    if identity.version != f"{version.version}:{entry.mark}":
        raise SourceError(f"{shown(uri)}: changed while it was read (run again when the sender has finished)")
    if archive.lower().endswith(".zip"):
        with _seekable(archive, version, options) as stream, zip_stream(stream, entry, uri) as member:
            yield member
        return
    with _plain_blocks(archive, version, options) as blocks:
        yield cast("IO[bytes]", TarMember(ForwardReader(blocks, uri), entry, uri))


def open_range(
    uri: str, identity: FileVersion, start: int, stop: int, options: StorageOptions
) -> AbstractContextManager[IO[bytes]]:
    """Raise SourceError: a compressed member has no ranges."""
    raise SourceError(f"{shown(uri)}: a member of an archive cannot be read in parts")


def expand(uri: str, options: StorageOptions) -> tuple[str, ...]:
    """Return the members that a glob behind the archive's name matches; a plain name as it is. Raises SourceError."""
    archive, member = _split(uri)
    if not glob.has_magic(member):
        return (uri,)
    version = plain_storage(archive).identify(archive, options)
    return _matching(archive, member, _entries(archive, version, options), without=SourceError)


def sizes_in(folder: str, options: StorageOptions) -> dict[str, int]:
    """Return nothing: no output is in an archive."""
    return {}


def _split(uri: str) -> tuple[str, str]:
    found = split_member(uri)
    if found is None:
        raise ValueError(f"{uri!r} names no member of an archive")
    return found


def _found(uri: str, options: StorageOptions) -> tuple[str, ArchiveEntry, FileVersion]:
    """Return archive, entry and the archive's version of an address. Raises SourceError."""
    archive, name = _split(uri)
    version = plain_storage(archive).identify(archive, options)
    entries = _entries(archive, version, options)
    entry = next((each for each in entries if each.name == name), None)
    if entry is None:
        hint = did_you_mean(name, [each.name for each in entries])
        raise MissingError(f"{shown(archive)}: has no member {name!r}{hint}")
    _check(archive, entry, entries)
    return archive, entry, version


def _entries(uri: str, version: FileVersion, options: StorageOptions) -> tuple[ArchiveEntry, ...]:
    if version.size is None:
        raise SourceError(f"{shown(uri)}: an archive is read from a file or from s3://, not from a pipe")
    known = _kept.get((uri, version))
    if known is None:
        while len(_kept) >= _MAX_KEPT:
            _kept.pop(next(iter(_kept)), None)
        known = _kept[uri, version] = _listing(uri, version, options)
    return known


def _listing(uri: str, version: FileVersion, options: StorageOptions) -> tuple[ArchiveEntry, ...]:
    if uri.lower().endswith(".zip"):
        with _seekable(uri, version, options) as stream:
            return zip_entries(stream, uri)
    with _plain_blocks(uri, version, options) as blocks:
        return tar_entries(blocks, uri)


@contextmanager
def _seekable(uri: str, version: FileVersion, options: StorageOptions) -> Iterator[IO[bytes]]:
    if is_local(uri):
        with plain_storage(uri).open_stream(uri, version, options) as stream:
            yield cast("IO[bytes]", _LocalArchive(stream, version.size or 0))
        return
    with RangedFile(uri, version, options) as ranges:
        yield io.BufferedReader(ranges, READ_BYTES)


@contextmanager
def _plain_blocks(uri: str, version: FileVersion, options: StorageOptions) -> Iterator[Iterator[bytes]]:
    """Yield the plain bytes of a tar archive in blocks."""
    with plain_storage(uri).open_stream(uri, version, options) as stream:
        blocks = read_blocks(stream, READ_BYTES)
        suffix = compression_of(uri)
        # The bound of source.max_bytes is that of a member; the ratio bounds the whole archive.
        yield (
            blocks
            if suffix is None
            else decompressed(blocks, suffix=suffix, uri=shown(uri), max_bytes=sys.maxsize)
        )


class _LocalArchive:
    """A local file as zipfile expects it, which looks behind the start of a small file and expects an OSError."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self._stream = stream
        self._size = size
        self.read, self.tell = stream.read, stream.tell

    def seek(self, offset: int, whence: int = 0) -> int:
        """Set the offset of the next byte, and return it. Raises OSError for one before the start."""
        if whence == io.SEEK_END and offset < -self._size:
            raise OSError(errno.EINVAL, "before the start of the file")
        return self._stream.seek(offset, whence)

    def seekable(self) -> bool:
        """Return that the file can be sought."""
        return True
