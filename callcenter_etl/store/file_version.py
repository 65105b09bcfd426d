"""Version of a stored file: size, time of change or ETag."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileVersion:
    """Size in bytes and version (mtime or ETag) of a stored file; None where the storage knows neither.

    `md5` is the hash of the whole content, hexadecimal, where the store guarantees that it is.
    """

    size: int | None
    version: str | None
    md5: str | None = None


UNKNOWN = FileVersion(size=None, version=None)
