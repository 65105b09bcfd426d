"""Entries about first occurrences, sorted by hash, in memory and as runs on disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from callcenter_etl.uniqueness.hashing import Hashes, Ints
from callcenter_etl.uniqueness.scratch_file import ScratchFile

LINE, PLACE, LENGTH = range(3)
_RECORD_BYTES = 32
_ENTRIES_A_BUCKET = 64
_MIN_BITS, _MAX_BITS = 1, 18
_BLOCK = 16_384


@dataclass(frozen=True, slots=True)
class Entries:
    """Entries of first occurrences, sorted by hash.

    `hashes` has the shape (entries,), `facts` (entries, 3): line, offset of the key in the key log, length of the key.
    """

    hashes: Hashes
    facts: Ints

    def __len__(self) -> int:
        return len(self.hashes)

    def __getitem__(self, span: slice) -> Entries:
        return Entries(self.hashes[span], self.facts[span])

    @classmethod
    def merged(cls, parts: Sequence[Entries]) -> Self:
        """Return the entries of all parts, sorted by hash."""
        hashes = np.concatenate([part.hashes for part in parts])
        order = np.argsort(hashes, kind="stable")
        return cls(hashes[order], np.concatenate([part.facts for part in parts])[order])

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the entries in a part of a run's file."""
        records = np.frombuffer(data, dtype=np.int64).reshape(-1, _RECORD_BYTES // 8)
        return cls(np.ascontiguousarray(records[:, 0]).view(np.uint64), records[:, 1:])

    def to_bytes(self) -> memoryview:
        """Return the entries in the format of a run's file: 32 bytes each."""
        return memoryview(np.column_stack((self.hashes.view(np.int64), self.facts)).tobytes())

    def matching(self, wanted: Hashes) -> tuple[Ints, Ints]:
        """Return the facts of all entries with a wanted hash, and for each entry the index of that hash in `wanted`."""
        left = np.searchsorted(self.hashes, wanted, side="left")
        counts = np.searchsorted(self.hashes, wanted, side="right") - left
        owner = np.repeat(np.arange(len(wanted)), counts)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
        return self.facts[left[owner] + within], owner


class DiskRun:
    """Sorted entries in a file, with an index in memory over the top bits of the hash."""

    def __init__(self, file: ScratchFile, index: Ints, shift: np.uint64) -> None:
        self._file = file
        self._index = index
        self._shift = shift

    @classmethod
    def write(cls, directory: Path, blocks: Iterable[Entries], *, total: int) -> Self:
        """Write `total` entries, which come sorted, block by block. Raises OutputError when the disk fails."""
        bits = min(max((total // _ENTRIES_A_BUCKET).bit_length(), _MIN_BITS), _MAX_BITS)
        shift = np.uint64(64 - bits)
        counts = np.zeros(2**bits, dtype=np.int64)
        file = ScratchFile(directory)
        try:
            for block in blocks:
                file.append(block.to_bytes())
                counts += np.bincount((block.hashes >> shift).astype(np.int64), minlength=2**bits)
        except BaseException:
            file.close()
            raise
        return cls(file, np.concatenate(([0], np.cumsum(counts))), shift)

    def __len__(self) -> int:
        return int(self._index[-1])

    def matching(self, wanted: Hashes) -> tuple[Ints, Ints]:
        """Return the same as `Entries.matching`; the buckets of the wanted hashes are read in bounded portions."""
        order = np.argsort(wanted, kind="stable")
        ordered = wanted[order]
        buckets = (ordered >> self._shift).astype(np.int64)
        starts, stops = self._index[buckets] * _RECORD_BYTES, self._index[buckets + 1] * _RECORD_BYTES
        facts, owners = [np.empty((0, 3), dtype=np.int64)], [np.empty(0, dtype=np.int64)]
        for part, buffer, _ in self._file.gather(starts, stops):
            found, owner = Entries.from_bytes(buffer).matching(ordered[part])
            facts.append(found)
            owners.append(order[part][owner])
        return np.concatenate(facts), np.concatenate(owners)

    def blocks(self) -> Iterator[Entries]:
        """Yield all entries in order, a bounded number at a time."""
        for start in range(0, len(self), _BLOCK):
            stop = min(start + _BLOCK, len(self))
            yield Entries.from_bytes(self._file.read(start * _RECORD_BYTES, stop * _RECORD_BYTES))

    def close(self) -> None:
        """Free the file."""
        self._file.close()


def merge_runs(directory: Path, runs: Sequence[DiskRun]) -> DiskRun:
    """Merge runs to a new one at constant memory; the old ones are closed. Raises OutputError when the disk fails."""
    merged = DiskRun.write(directory, _merged_blocks(runs), total=sum(len(run) for run in runs))
    for run in runs:
        run.close()
    return merged


def _merged_blocks(runs: Sequence[DiskRun]) -> Iterator[Entries]:
    sources = [run.blocks() for run in runs]
    heads = [block for source in sources for block in (next(source, None),)]
    while any(head is not None for head in heads):
        # The entries of every run up to this hash are in memory, so all of them can be merged and yielded.
        bound = min(head.hashes[-1] for head in heads if head is not None)
        taken: list[Entries] = []
        for number, head in enumerate(heads):
            if head is None:
                continue
            cut = int(np.searchsorted(head.hashes, bound, side="right"))
            taken.append(head[:cut])
            heads[number] = head[cut:] if cut < len(head) else next(sources[number], None)
        yield Entries.merged(taken)
