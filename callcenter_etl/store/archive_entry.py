"""A member of an archive, as the archive's own directory describes it."""

from __future__ import annotations

from dataclasses import dataclass

# Listing an archive holds each of its members in memory.
MAX_MEMBERS = 100_000


@dataclass(frozen=True, slots=True)
class ArchiveEntry:
    """A file in an archive: its name, plain size, and `mark`, which differs for another content or place.

    `offset` is where its bytes are in the archive without the archive's own compression. `fault` is why it cannot be
    read, None where it can.
    """

    name: str
    size: int
    mark: str
    offset: int
    fault: str | None = None
