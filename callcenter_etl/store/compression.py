"""Decompress sources as a stream, and detect truncation, corruption and decompression bombs."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Protocol

from callcenter_etl.errors import SourceError

READ_BYTES = 1 << 20
# zstandard's object cannot bound its output, and one byte of input may decompress to 32 KiB: so it is fed in small steps.
FEED_BYTES = 4096
MAX_RATIO = 1000
# A small file of equal lines compresses beyond the ratio without any harm: the ratio counts from here on.
RATIO_GRACE_BYTES = 1 << 24


class Decompressor(Protocol):
    """The common interface of the standard library's decompressor objects."""

    @property
    def eof(self) -> bool:
        """Return whether the end of the compressed stream was reached."""
        ...

    @property
    def unused_data(self) -> bytes:
        """Return the bytes after the end of the compressed stream."""
        ...

    def decompress(self, data: bytes, /) -> bytes:
        """Return the plain bytes of the next compressed ones."""
        ...


def _gzip() -> Decompressor:
    return zlib.decompressobj(wbits=31)


def _zstd() -> Decompressor:
    import zstandard

    return zstandard.ZstdDecompressor().decompressobj()


SUFFIXES: dict[str, tuple[str, bytes, Callable[[], Decompressor]]] = {
    ".gz": ("gzip", b"\x1f\x8b", _gzip),
    ".zst": ("zstd", b"\x28\xb5\x2f\xfd", _zstd),
    ".bz2": ("bzip2", b"BZh", bz2.BZ2Decompressor),
    ".xz": ("xz", b"\xfd7zXZ\x00", lzma.LZMADecompressor),
}


def suffix_of(name: str) -> str | None:
    """Return the compression suffix of a file name, such as `.gz`, None where it has none."""
    return next((suffix for suffix in SUFFIXES if name.lower().endswith(suffix)), None)


def read_blocks(stream: IO[bytes], size: int) -> Iterator[bytes]:
    """Yield the bytes of a stream to its end, up to `size` at a time."""
    while block := stream.read(size):
        yield block


def decompressed(blocks: Iterator[bytes], *, suffix: str, uri: str, max_bytes: int) -> Iterator[bytes]:
    """Yield the plain bytes of a compressed stream; concatenated members are decompressed one after the other.

    Raises SourceError where the stream is corrupt or truncated, grows over `max_bytes`, or over 1,000:1.
    """
    name, _, make = SUFFIXES[suffix]
    consumed = produced = 0
    current: Decompressor | None = None
    for block in blocks:
        for start in range(0, len(block), FEED_BYTES):
            data = block[start : start + FEED_BYTES]
            consumed += len(data)
            while data:
                current = current or make()
                try:
                    output = current.decompress(data)
                except (zlib.error, OSError, lzma.LZMAError, ValueError, RuntimeError) as error:
                    raise SourceError(
                        f"{uri}: corrupt {name} data near compressed byte {consumed:,}: {error}"
                    ) from error
                except Exception as error:
                    # By name: zstandard, which defines the class, is imported only for `.zst` sources.
                    if type(error).__name__ != "ZstdError":
                        raise
                    raise SourceError(
                        f"{uri}: corrupt {name} data near compressed byte {consumed:,}: {error}"
                    ) from error
                produced += len(output)
                _check_growth(uri, consumed, produced, max_bytes)
                if output:
                    yield output
                data = b""
                if current.eof:
                    data = current.unused_data.lstrip(b"\x00")  # gzip members may be padded with zeros
                    current = None
    # A truncated file decompresses to complete records: only the missing end mark shows that others are lost.
    if current is not None:
        raise SourceError(f"{uri}: truncated: the {name} data ends before its end mark")


def _check_growth(uri: str, consumed: int, produced: int, max_bytes: int) -> None:
    if produced > max_bytes:
        raise SourceError(
            f"{uri}: over {max_bytes:,} bytes when decompressed (raise source.max_bytes if that is right)"
        )
    if produced > RATIO_GRACE_BYTES and produced > consumed * MAX_RATIO:
        raise SourceError(
            f"{uri}: grows more than {MAX_RATIO:,}:1 when decompressed, as a decompression bomb does"
        )
