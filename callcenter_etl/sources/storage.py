"""All access to files, local or remote, through fsspec."""

from __future__ import annotations

import glob as globbing
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, cast

import fsspec
from fsspec.core import url_to_fs

from callcenter_etl.errors import SourceError

STANDARD_INPUT = "-"
_BLOCK_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells one version of a stored file from another; None where the storage cannot say."""

    size: int | None
    version: str | None


def read_bytes(uri: str, *, most: int | None = None) -> bytes:
    """Give the whole content of a small file, such as a contract or a lookup; no more than `most` bytes of it.

    Raises SourceError when it cannot be read.
    """
    try:
        with open_stream(uri) as stream:
            if most is None:
                return stream.read()
            data = bytearray()
            while len(data) < most and (block := stream.read(min(_BLOCK_BYTES, most - len(data)))):
                data += block  # a read of `most` bytes at once would take the memory for as many
            return bytes(data)
    except OSError as error:
        raise SourceError(f"{uri}: {_cause(error)}") from error


@contextmanager
def open_stream(uri: str) -> Iterator[IO[bytes]]:
    """Open a stored file, or standard input for `-`, for reading bytes.

    Raises SourceError when it cannot be opened; later reads raise OSError.
    """
    if uri == STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    try:
        stream = fsspec.open(uri, "rb").open()
    except (OSError, ValueError, ImportError) as error:
        raise SourceError(f"{uri}: {_cause(error)}") from error
    with stream:  # outside of the try: what goes wrong with the bytes is no failure of the storage
        yield cast("IO[bytes]", stream)


def identify(uri: str) -> Identity:
    """Give the size in bytes and the version (mtime or ETag) of a stored file."""
    if uri == STANDARD_INPUT:
        return Identity(size=None, version=None)
    try:
        filesystem, path = url_to_fs(uri)
        info = filesystem.info(path)
    except (OSError, ValueError, ImportError) as error:
        raise SourceError(f"{uri}: {_cause(error)}") from error
    if info.get("type") == "directory":
        raise SourceError(
            f"{uri}: is a folder, not a file (name a file, or a glob such as {uri.rstrip('/')}/*.csv)"
        )
    version = info.get("ETag") or (f"{info['mtime']}-{info.get('ino')}" if "mtime" in info else None)
    size = info.get("size")
    return Identity(size=None if size is None else int(size), version=version)


def is_pattern(uri: str) -> bool:
    """Tell whether `uri` is a glob: it has wildcards and no file has that very name."""
    return globbing.has_magic(uri) and not ("://" not in uri and os.path.lexists(uri))


def expand(pattern: str) -> tuple[str, ...]:
    """Give the files that a glob names, sorted; a plain name gives itself.

    Raises SourceError when a glob names no file.
    """
    if not is_pattern(pattern):
        return (pattern,)
    try:
        filesystem, path = url_to_fs(pattern)
        found = sorted(str(name) for name in filesystem.glob(path) if filesystem.isfile(name))
    except (OSError, ValueError, ImportError) as error:
        raise SourceError(f"{pattern}: {_cause(error)}") from error
    if not found:
        raise SourceError(f"{pattern}: no file matches")
    if "://" not in pattern:
        return tuple(os.path.relpath(name) if not os.path.isabs(pattern) else name for name in found)
    return tuple(filesystem.unstrip_protocol(name) for name in found)


def base_name(uri: str) -> str:
    """Give the last part of a path or address."""
    return uri.rstrip("/").replace("\\", "/").rsplit("/", 1)[-1] if "://" in uri else os.path.basename(uri)


def beside(origin: str | None, name: str) -> str:
    """Give the address of `name` as seen from the file `origin`: relative paths are relative to it."""
    if origin is None or "://" in name or os.path.isabs(name):
        return name
    if "://" in origin:
        return origin.rsplit("/", 1)[0] + "/" + name
    return os.path.join(os.path.dirname(origin), name)


def _cause(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error) or type(error).__name__
