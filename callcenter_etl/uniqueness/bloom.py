"""Bloom filter (Bloom 1970) of a fixed size: its negative answers are certain, its positive ones are not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from callcenter_etl.uniqueness.hashing import Hashes, mix

_PROBES = 3


class BloomFilter:
    """A set of hashes in `size` bytes, which may report hashes that were never added."""

    def __init__(self, size: int) -> None:
        # np.zeros allocates lazily: pages of the filter that are never touched use no memory.
        self._bits = np.zeros(size, dtype=np.uint8)
        self._count = np.uint64(size * 8)

    def may_hold(self, hashes: Hashes) -> NDArray[np.bool_]:
        """Return which hashes may have been added, shape (hashes,); False is certain."""
        held = np.ones(len(hashes), dtype=bool)
        for place, mask in self._probes(hashes):
            held &= (self._bits[place] & mask) != 0
        return held

    def add(self, hashes: Hashes) -> None:
        """Add hashes."""
        for place, mask in self._probes(hashes):
            rest, bit = place, mask
            while len(rest):
                # With two bits of one byte in a batch numpy assigns the later one alone, so the lost bits are set again.
                self._bits[rest] |= bit
                lost = (self._bits[rest] & bit) == 0
                rest, bit = rest[lost], bit[lost]

    def _probes(self, hashes: Hashes) -> list[tuple[NDArray[np.int64], NDArray[np.uint8]]]:
        # Double hashing (Kirsch and Mitzenmacher 2006): two hashes give any number of probes.
        second = mix(hashes) | np.uint64(1)
        bits = [(hashes + np.uint64(probe) * second) % self._count for probe in range(_PROBES)]
        one = np.uint8(1)
        return [
            (
                (bit >> np.uint64(3)).astype(np.int64),
                np.left_shift(one, (bit & np.uint64(7)).astype(np.uint8)),
            )
            for bit in bits
        ]
