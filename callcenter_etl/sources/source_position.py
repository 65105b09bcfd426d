"""Position of a reader in a source, and the check that a resumed run reads the same bytes up to it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from callcenter_etl.documents import Count
from callcenter_etl.errors import CheckpointMismatchError


@dataclass(frozen=True, slots=True)
class SourceOffset:
    """Position in a source: plain bytes and lines consumed, and the stored bytes read so far with their SHA-256."""

    offset: Count
    lines: Count
    stored_bytes: Count
    sha256: str


class StoredBytes:
    """Count and hash of the stored bytes read, compared with those of an earlier reader at its position `passed`."""

    def __init__(self, uri: str, passed: SourceOffset | None = None) -> None:
        self._uri = uri
        self._unproven = passed
        self._digest = hashlib.sha256()
        self._others: dict[str, hashlib._Hash] = {}
        self.count = 0

    @property
    def sha256(self) -> str:
        """Hash of the bytes so far, hexadecimal."""
        return self._digest.hexdigest()

    def hash_with(self, algorithm: str) -> None:
        """Hash the bytes to come with a further algorithm, such as md5."""
        # MD5 is no protection here: the sender chose it, and it finds a delivery that was cut short all the same.
        if algorithm != "sha256":
            self._others[algorithm] = hashlib.new(algorithm, usedforsecurity=False)

    def digest(self, algorithm: str) -> str:
        """Return the hash of the bytes so far by SHA-256 or a further algorithm, hexadecimal."""
        return self.sha256 if algorithm == "sha256" else self._others[algorithm].hexdigest()

    @property
    def proven(self) -> bool:
        """Return whether all bytes that the earlier reader had read were read again, and are the same."""
        return self._unproven is None

    def add(self, block: bytes) -> None:
        """Count and hash the next bytes. Raises CheckpointMismatchError where the earlier reader had read others."""
        if self._unproven is not None and self.count + len(block) >= self._unproven.stored_bytes:
            self._prove(block, self._unproven)
        self.count += len(block)
        self._digest.update(block)
        for other in self._others.values():
            other.update(block)

    def _prove(self, block: bytes, passed: SourceOffset) -> None:
        # The earlier reader's blocks may have ended elsewhere: only the part of this block up to its position counts.
        digest = self._digest.copy()
        digest.update(memoryview(block)[: passed.stored_bytes - self.count])
        if digest.hexdigest() != passed.sha256:
            raise CheckpointMismatchError(f"{self._uri}: changed since the checkpoint")
        self._unproven = None
