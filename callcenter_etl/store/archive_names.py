"""Addresses of the members of archives: ARCHIVE/MEMBER, and which names of members are safe."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

# The longest suffix first, since a name ends in one alone.
ARCHIVE_SUFFIXES = (
    ".tar.bz2", ".tar.zst", ".tar.gz", ".tar.xz", ".tbz2", ".tar", ".tgz", ".txz", ".tzst", ".zip",
)  # fmt: skip
# The compression of the whole archive, as suffixes of compressed files.
_COMPRESSION = {
    ".tar.bz2": ".bz2", ".tbz2": ".bz2", ".tar.zst": ".zst", ".tzst": ".zst",
    ".tar.gz": ".gz", ".tgz": ".gz", ".tar.xz": ".xz", ".txz": ".xz",
}  # fmt: skip
_ARCHIVE = re.compile(rf"[^/](?:{'|'.join(map(re.escape, ARCHIVE_SUFFIXES))})/", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")
# Written by macOS beside each file, with its attributes.
_FOREIGN = "__MACOSX"


def archive_suffix(name: str) -> str | None:
    """Return the suffix of an archive's name, None for the name of any other file."""
    return next((suffix for suffix in ARCHIVE_SUFFIXES if name.lower().endswith(suffix)), None)


def compression_of(name: str) -> str | None:
    """Return the compression suffix of a whole archive, such as `.gz` of `.tgz`, None where it has none."""
    return _COMPRESSION.get(archive_suffix(name) or "")


def split_member(uri: str) -> tuple[str, str] | None:
    """Return the archive and the member that an address may name, None where no part is named like an archive."""
    found = _ARCHIVE.search(uri)
    if found is None or found.end() == len(uri):
        return None
    return uri[: found.end() - 1], uri[found.end() :]


def unsafe_name(name: str) -> str | None:
    """Return why the name of a member cannot be the name of a source, None where it can."""
    if not name or any(ord(character) < 32 or ord(character) == 127 for character in name):
        return "its name is empty or holds control characters"
    if name.startswith("/") or _DRIVE.match(name):
        return "its name is an absolute path"
    if "\\" in name:
        return "its name holds a backslash"
    if not {"", ".", ".."}.isdisjoint(name.split("/")):
        return "its name leads out of the archive, or is not in its shortest form"
    return None


def is_foreign(name: str) -> bool:
    """Return whether a member is none of the sender's own: the attributes that macOS adds to a zip archive."""
    return name.split("/", 1)[0] == _FOREIGN


def matches(name: str, pattern: str) -> bool:
    """Return whether a member has a name that a glob matches; one without / is compared with the last part alone."""
    return fnmatchcase(name if "/" in pattern else name.rsplit("/", 1)[-1], pattern)
