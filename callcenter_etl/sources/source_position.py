"""How far a source was read, and the proof that another reader was given the same bytes up to there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from callcenter_etl.documents import Count
from callcenter_etl.errors import CheckpointMismatchError


@dataclass(frozen=True, slots=True)
class SourceOffset:
    """How far a source was taken: plain bytes and lines, and the stored bytes read for them with their SHA-256."""

    offset: Count
    lines: Count
    stored_bytes: Count
    sha256: str


class StoredBytes:
    """Counts and hashes stored bytes as they are read; checked against those of an earlier reader, which `passed` them."""

    def __init__(self, uri: str, passed: SourceOffset | None = None) -> None:
        self._uri = uri
        self._unproven = passed
        self._digest = hashlib.sha256()
        self.count = 0

    @property
    def sha256(self) -> str:
        """Hash of the bytes so far, hexadecimal."""
        return self._digest.hexdigest()

    @property
    def proven(self) -> bool:
        """Return whether all that an earlier reader had read was read again, and is the same."""
        return self._unproven is None

    def add(self, block: bytes) -> None:
        """Take the next bytes. Raises CheckpointMismatchError where they show that an earlier reader had read others."""
        if self._unproven is not None and self.count + len(block) >= self._unproven.stored_bytes:
            self._prove(block, self._unproven)
        self.count += len(block)
        self._digest.update(block)

    def _prove(self, block: bytes, passed: SourceOffset) -> None:
        digest = self._digest.copy()
        digest.update(memoryview(block)[: passed.stored_bytes - self.count])
        if digest.hexdigest() != passed.sha256:
            raise CheckpointMismatchError(f"{self._uri}: is not what it was at the checkpoint")
        self._unproven = None
