"""Find the digest of a file in a checksum file: alone, or in a list as sha256sum, md5sum or BSD write it."""

from __future__ import annotations

import re

_BARE = re.compile(r"[0-9A-Fa-f]+")
# A backslash before the digest means that the name has escapes, `*` that the file was read as bytes.
_GNU = re.compile(r"(?P<escaped>\\?)(?P<digest>[0-9A-Fa-f]+) [ *](?P<name>.+)")
_BSD = re.compile(r"(?:SHA256|MD5) \((?P<name>.+)\) ?= ?(?P<digest>[0-9A-Fa-f]+)")
_ESCAPES = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}


def digests_in(text: str, name: str) -> list[str]:
    """Return the digests of a file by its name, in lower case; a digest without a name is the only line."""
    filled = [line.strip(" \t") for line in text.split("\n") if line.strip(" \t")]
    if len(filled) == 1 and _BARE.fullmatch(filled[0]):
        return [filled[0].lower()]
    matches = (_GNU.fullmatch(line) or _BSD.fullmatch(line) for line in filled)
    return [match["digest"].lower() for match in matches if match is not None and name in _names_of(match)]


def _names_of(match: re.Match[str]) -> tuple[str, str]:
    """Return the name in a line, with and without the folder in which the sender computed the digest."""
    name = match["name"]
    if match.groupdict().get("escaped"):
        name = re.sub(r"\\[\\nr]", lambda escape: _ESCAPES[escape[0]], name)
    return name, name.replace("\\", "/").rpartition("/")[2]
