"""What tells one version of a stored file from another."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileVersion:
    """Size in bytes and version (mtime or ETag) of a stored file; None where the storage cannot say.

    `md5` is the hash of the whole content, hexadecimal, where the store vouches for it.
    """

    size: int | None
    version: str | None
    md5: str | None = None


UNKNOWN = FileVersion(size=None, version=None)
