"""Members of zip archives: their directory, and one member as a stream, from a file or by ranges."""

from __future__ import annotations

import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from callcenter_etl.errors import SourceError
from callcenter_etl.store.archive_entry import MAX_MEMBERS, ArchiveEntry
from callcenter_etl.store.archive_names import unsafe_name
from callcenter_etl.store.compression import MAX_RATIO, RATIO_GRACE_BYTES
from callcenter_etl.store.uris import shown

_ENCRYPTED = 0x1
# Other methods decompress blocks of any size at once, so that a small member could fill the memory.
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_NAMES = {8: "deflate", 9: "deflate64", 12: "bzip2", 14: "lzma", 93: "zstandard", 95: "xz", 99: "AES"}
_DAMAGE = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError, struct.error,
    EOFError, NotImplementedError, RuntimeError, OSError, ValueError, LookupError,
)  # fmt: skip


def zip_entries(stream: IO[bytes], uri: str) -> tuple[ArchiveEntry, ...]:
    """Return the files of a zip archive in the order of its directory. Raises SourceError."""
    with _translate_damage(uri), zipfile.ZipFile(stream) as archive:
        found = archive.infolist()
    if len(found) > MAX_MEMBERS:
        raise SourceError(f"{shown(uri)}: has {len(found):,} members, at most {MAX_MEMBERS:,} are read")
    return tuple(
        ArchiveEntry(
            info.filename,
            info.file_size,
            f"{info.header_offset}-{info.CRC:08x}",
            info.header_offset,
            _fault(info),
        )
        for info in found
        if not info.is_dir()
    )


def _fault(info: zipfile.ZipInfo) -> str | None:
    mode = info.external_attr >> 16
    if info.flag_bits & _ENCRYPTED:
        return "it is encrypted (ask the sender for an archive without a password)"
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "it is a link or a device, not a file"
    if info.compress_type not in _METHODS:
        method = _NAMES.get(info.compress_type, f"method {info.compress_type}")
        return f"it is compressed with {method} (stored and deflated members are read)"
    if info.file_size > RATIO_GRACE_BYTES and info.file_size > info.compress_size * MAX_RATIO:
        return f"it grows more than {MAX_RATIO:,}:1 when decompressed, as a decompression bomb does"
    return unsafe_name(info.filename)


@contextmanager
def zip_stream(stream: IO[bytes], entry: ArchiveEntry, uri: str) -> Iterator[IO[bytes]]:
    """Open a member of a zip archive; its CRC is checked at its end. Raises SourceError, as reads do."""
    with _translate_damage(uri):
        archive = zipfile.ZipFile(stream)
        # By its place: another member may have the same name.
        info = next(each for each in archive.infolist() if each.header_offset == entry.offset)
        member = archive.open(info)
    with member:
        yield io.BufferedReader(_Member(member, entry.size, uri))


class _Member(io.RawIOBase):
    """A member that is read once; raises SourceError where it is damaged or ends early."""

    def __init__(self, member: IO[bytes], size: int, uri: str) -> None:
        self._member = member
        self._left = size
        self._uri = uri

    def readable(self) -> bool:
        """Return that the file can be read."""
        return True

    def readinto(self, buffer: object, /) -> int:
        """Read the next bytes into a buffer, and return their number. Raises SourceError."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]  # any buffer, as RawIOBase has it
        with _translate_damage(self._uri):
            data = self._member.read(len(view))
        self._left -= len(data)
        if not data and self._left:
            raise SourceError(
                f"{shown(self._uri)}: truncated: {self._left:,} bytes are missing in the archive"
            )
        view[: len(data)] = data
        return len(data)


@contextmanager
def _translate_damage(uri: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise SourceError(f"{shown(uri)}: the zip archive is damaged: {error}") from error
