"""Members of tar archives, which are found by reading the archive from its start."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator

from callcenter_etl.errors import SourceError
from callcenter_etl.store.archive_entry import MAX_MEMBERS, ArchiveEntry
from callcenter_etl.store.archive_names import unsafe_name
from callcenter_etl.store.uris import shown

# A header is read at once, and its size is the sender's: names and attributes never need as much.
_MAX_READ = 2**24
_SKIP_BYTES = 2**20


def tar_entries(blocks: Iterator[bytes], uri: str) -> tuple[ArchiveEntry, ...]:
    """Return the files, links and devices of a tar archive, in order; reads it to its end. Raises SourceError."""
    stream = ForwardReader(blocks, uri)
    found: list[ArchiveEntry] = []
    try:
        with tarfile.open(fileobj=stream, mode="r:") as archive:
            for info in archive:
                if not info.isdir():
                    found.append(
                        ArchiveEntry(
                            info.name, info.size, str(info.offset_data), info.offset_data, _fault(info)
                        )
                    )
                if len(found) > MAX_MEMBERS:
                    raise SourceError(f"{shown(uri)}: has more than {MAX_MEMBERS:,} members")
            # tarfile takes the end of the file for the end of the archive, so that lost members would not show.
            marked = stream.tell() > archive.offset
    except (tarfile.TarError, OSError, ValueError, LookupError) as error:
        raise SourceError(f"{shown(uri)}: the tar archive is damaged: {error}") from error
    if not marked:
        raise SourceError(f"{shown(uri)}: truncated: the tar archive ends before its end mark")
    # The compression has a checksum at its end.
    for _ in blocks:
        continue
    return tuple(found)


def _fault(info: tarfile.TarInfo) -> str | None:
    if not info.isreg() or info.issparse():
        return "it is a link, a device or a sparse file, not a plain file"
    return unsafe_name(info.name)


class ForwardReader(io.RawIOBase):
    """A file over blocks of bytes, which are read once: it can be sought forwards alone."""

    def __init__(self, blocks: Iterator[bytes], uri: str) -> None:
        self._blocks = blocks
        self._uri = uri
        self._held = memoryview(b"")
        self._at = 0

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
        """Skip to an offset. Raises SourceError for one that was passed."""
        if whence != io.SEEK_SET or offset < self._at:
            raise SourceError(
                f"{shown(self._uri)}: the tar archive is damaged: a member is before its header"
            )
        while self._at < offset and self.read(min(offset - self._at, _SKIP_BYTES)):
            continue
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes, fewer at the end alone. Raises SourceError for more than 16 MiB."""
        if not 0 <= size <= _MAX_READ:
            raise SourceError(f"{shown(self._uri)}: the tar archive has a header of over {_MAX_READ:,} bytes")
        parts = bytearray()
        while len(parts) < size:
            if not self._held:
                block = next(self._blocks, None)
                if block is None:
                    break
                self._held = memoryview(block)
            piece, self._held = self._held[: size - len(parts)], self._held[size - len(parts) :]
            parts += piece
        self._at += len(parts)
        return bytes(parts)


class TarMember:
    """The bytes of one member of a tar archive, read once."""

    def __init__(self, reader: ForwardReader, entry: ArchiveEntry, uri: str) -> None:
        self._reader = reader
        self._left = entry.size
        self._uri = uri
        reader.seek(entry.offset)

    def read(self, size: int) -> bytes:
        """Return up to `size` of the next bytes, an empty value at the end. Raises SourceError where they end early."""
        data = self._reader.read(min(size, self._left, _SKIP_BYTES))
        self._left -= len(data)
        if not data and self._left:
            raise SourceError(
                f"{shown(self._uri)}: truncated: {self._left:,} bytes are missing in the archive"
            )
        return data
