"""Registry of the keys of a stream, each with the line of its first occurrence, at constant memory.

A Bloom filter excludes most new keys. The others are looked up in sorted runs of hashes, and compared by their bytes with
a log of all keys, so that two keys with the same hash are never confused.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.errors import CheckpointMismatchError
from callcenter_etl.os_errors import translate_os_errors
from callcenter_etl.store.file_checkpoint import FileCheckpoint
from callcenter_etl.temporary import system_folder
from callcenter_etl.uniqueness.bloom import BloomFilter
from callcenter_etl.uniqueness.hashing import Hashes, Ints, hash_keys, key_bytes, key_offsets
from callcenter_etl.uniqueness.scratch_file import KeptFile, ScratchFile
from callcenter_etl.uniqueness.sorted_runs import LENGTH, LINE, PLACE, DiskRun, Entries, merge_runs

FILTER_BYTES = 32 * 2**20
# A filter starts with this size, and gets its full one when keys are first written to disk: with transparent huge pages
# even a few keys would make all of a large filter resident, for every unique rule of a contract.
FIRST_FILTER_BYTES = 2**18
MEMORY_ENTRIES = 150_000
# Above this number of runs the smallest ones are merged, so that each entry is rewritten log(entries) times.
MAX_RUNS, MERGED_RUNS = 16, 9
KEYS_NAME, LINES_NAME = "keys", "lines"
_FACT_BYTES = 16
_REPLAYED = 65_536


@dataclass(frozen=True, slots=True)
class KeyOffset:
    """Number of bytes in a registry's files of keys and of their lines."""

    keys: int
    lines: int


@dataclass(frozen=True, slots=True)
class KeyCheckpoint:
    """Checkpoints of a registry's two files, at the same moment."""

    keys: FileCheckpoint
    lines: FileCheckpoint


class KeyRegistry:
    """The keys of a stream with the line of each first occurrence. Use within `with`.

    Its files in `directory` have no names, so that none remains after a kill. After `keep` or `resume` the keys and their
    lines are in named files, from which another process can resume; runs and filter are rebuilt from these.
    """

    def __init__(
        self,
        directory: Path,
        *,
        memory_entries: int = MEMORY_ENTRIES,
        filter_bytes: int = FILTER_BYTES,
        max_runs: int = MAX_RUNS,
        hash_function: Callable[[pa.LargeBinaryArray], Hashes] = hash_keys,
    ) -> None:
        self._directory = directory
        self._memory_entries = memory_entries
        self._hash = hash_function
        self._filter_bytes = filter_bytes
        self._filter = BloomFilter(min(filter_bytes, FIRST_FILTER_BYTES))
        self._max_runs = max_runs
        self._merged_runs = min(MERGED_RUNS, max_runs)
        self._recent: list[Entries] = []
        self._runs: list[DiskRun] = []
        self._made_directory = False

    @classmethod
    def temporary(cls) -> KeyRegistry:
        """Return a registry in the system's temporary folder, with a small filter."""
        return cls(system_folder(), filter_bytes=2**20)

    def __enter__(self) -> Self:
        with translate_os_errors(self._directory):
            self._made_directory = not self._directory.exists()
            self._directory.mkdir(parents=True, exist_ok=True)
        self._log = ScratchFile(self._directory)
        self._lines: ScratchFile | None = None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        files: list[ScratchFile | DiskRun] = [
            self._log,
            *([] if self._lines is None else [self._lines]),
            *self._runs,
        ]
        for file in files:
            with suppress(OSError):  # nobody needs the content any more, and the system frees it
                file.close()
        if self._made_directory:
            # Not empty where it holds the files of a checkpoint; it is removed with the staging folder then.
            with suppress(OSError):
                self._directory.rmdir()

    def keep(self) -> None:
        """Keep the keys in named files, for checkpoints; call it before the first key. Raises OutputError."""
        self._log.close()
        self._log = KeptFile(self._directory / KEYS_NAME)
        self._lines = KeptFile(self._directory / LINES_NAME)

    def resume(self, checkpoint: KeyCheckpoint) -> None:
        """Load the keys that another process kept in this directory up to its checkpoint, and keep the following ones.

        Raises CheckpointMismatchError where the files changed since the checkpoint.
        """
        self._log.close()
        self._log = KeptFile(self._directory / KEYS_NAME, checkpoint.keys)
        self._lines = KeptFile(self._directory / LINES_NAME, checkpoint.lines)
        if self._lines.size % _FACT_BYTES:
            raise CheckpointMismatchError(f"{self._directory}: the lines of the keys are not whole")
        start = 0
        for place in range(0, self._lines.size, _REPLAYED * _FACT_BYTES):
            data = self._lines.read(place, min(place + _REPLAYED * _FACT_BYTES, self._lines.size))
            lines, lengths = np.frombuffer(data, dtype=np.int64).reshape(-1, 2).T
            # Each length is checked before they are added: the sum of forged ones may overflow.
            if lengths.min() < 0 or lengths.max() > self._log.size or lines.min() < 1:
                raise CheckpointMismatchError(
                    f"{self._directory}: the lines of the keys changed since the checkpoint"
                )
            stops = start + np.cumsum(lengths)
            if int(stops[-1]) > self._log.size:
                raise CheckpointMismatchError(f"{self._directory}: the keys are shorter than their lengths")
            self._replay(lines, stops - lengths, stops)
            start = int(stops[-1])

    @property
    def key_offset(self) -> KeyOffset:
        """Number of bytes kept so far, valid between two calls of `first_lines`."""
        lines = self._lines
        return KeyOffset(self._log.size, 0 if lines is None else lines.size)

    def checkpoint(self, key_offset: KeyOffset) -> KeyCheckpoint:
        """Make the kept files durable up to an offset, and return their checkpoints.

        One other thread may call this while `first_lines` runs. Raises OutputError.
        """
        if not isinstance(self._log, KeptFile) or not isinstance(self._lines, KeptFile):
            raise TypeError("this registry keeps nothing")
        return KeyCheckpoint(self._log.checkpoint(key_offset.keys), self._lines.checkpoint(key_offset.lines))

    def _replay(self, lines: Ints, starts: Ints, stops: Ints) -> None:
        """Index keys that are in the log already, a bounded number of bytes at a time."""
        for part, buffer, places in self._log.gather(starts, stops):
            offsets = np.append(places, len(buffer))
            keys = pa.LargeBinaryArray.from_buffers(
                pa.large_binary(), len(places), [None, pa.py_buffer(offsets), pa.py_buffer(buffer)]
            )
            hashes = self._hash(keys)
            facts = np.column_stack((lines[part], starts[part], stops[part] - starts[part]))
            order = np.argsort(hashes, kind="stable")
            self._index(hashes[order], facts[order])

    def first_lines(self, keys: pa.BinaryArray | pa.LargeBinaryArray, lines: Ints) -> Ints:
        """Return for each key the line of its first occurrence in the stream, -1 where this is the first one.

        `keys` (without nulls), `lines` and the result have the shape (keys,). Raises OutputError when the disk fails.
        """
        # First the duplicates within the batch are found, so that only one of each needs to be looked up.
        keys = pc.cast(keys, pa.large_binary())
        hashes = self._hash(keys)
        order = np.argsort(hashes, kind="stable")
        leader = _leaders(keys, hashes, order)
        first = leader == np.arange(len(keys))
        candidates = np.flatnonzero(first)
        suspects = candidates[self._filter.may_hold(hashes[candidates])]
        found = np.full(len(keys), -1, dtype=np.int64)
        found[suspects] = self._look_up(keys.take(pa.array(suspects)), hashes[suspects])
        fresh = first & (found < 0)
        known = found[leader]
        answer = np.where(known >= 0, known, np.where(first, -1, lines[leader]))
        if fresh.any():
            self._remember(keys, hashes, lines, order[fresh[order]], fresh)
        return answer

    def _look_up(self, keys: pa.LargeBinaryArray, hashes: Hashes) -> Ints:
        """Return the line of each key's first occurrence, -1 where the key is new, shape (keys,)."""
        found = np.full(len(keys), -1, dtype=np.int64)
        if not len(keys):
            return found
        lengths = np.diff(key_offsets(keys))
        sources: list[Entries | DiskRun] = [*self._recent, *self._runs]
        for source in sources:
            facts, owner = source.matching(hashes)
            likely = facts[:, LENGTH] == lengths[owner]
            facts, owner = facts[likely], owner[likely]
            same = self._same_bytes(keys, owner, facts)
            found[owner[same]] = facts[same, LINE]
        return found

    def _same_bytes(self, keys: pa.LargeBinaryArray, owner: Ints, facts: Ints) -> NDArray[np.bool_]:
        """Return which entries have the bytes of the key that they were found for, shape (entries,)."""
        same = np.zeros(len(owner), dtype=bool)
        if not len(owner):
            return same
        # Read in the order of the log, so that neighbouring keys come with one system call.
        starts, stops = facts[:, PLACE], facts[:, PLACE] + facts[:, LENGTH]
        order = np.lexsort((stops, starts))
        starts, stops, owner = starts[order], stops[order], owner[order]
        for part, buffer, places in self._log.gather(starts, stops):
            stored = _spans(buffer, places, places + stops[part] - starts[part])
            equal = pc.equal(stored, keys.take(pa.array(owner[part])))
            same[order[part]] = equal.to_numpy(zero_copy_only=False)
        return same

    def _remember(
        self, keys: pa.LargeBinaryArray, hashes: Hashes, lines: Ints, ordered: Ints, fresh: NDArray[np.bool_]
    ) -> None:
        """Append the new keys to the log, and index them; `ordered` are their indices in the order of their hashes."""
        lengths = np.diff(key_offsets(keys))
        sizes = np.where(fresh, lengths, 0)
        places = self._log.size + np.cumsum(sizes) - sizes
        self._log.append(key_bytes(keys if fresh.all() else keys.filter(pa.array(fresh))))
        if self._lines is not None:
            kept = np.column_stack((lines[fresh], lengths[fresh])).astype(np.int64, copy=False)
            self._lines.append(memoryview(kept.tobytes()))
        self._index(hashes[ordered], np.column_stack((lines[ordered], places[ordered], lengths[ordered])))

    def _index(self, hashes: Hashes, facts: Ints) -> None:
        """Add keys of the log to filter and entries; they come in the order of their hashes."""
        self._filter.add(hashes)
        self._recent.append(Entries(hashes, facts))
        if sum(len(part) for part in self._recent) >= self._memory_entries:
            self._spill()
        elif len(self._recent) > MAX_RUNS:
            self._recent.sort(key=len, reverse=True)
            self._recent[-MERGED_RUNS:] = [Entries.merged(self._recent[-MERGED_RUNS:])]

    def _spill(self) -> None:
        merged = Entries.merged(self._recent)
        self._recent = []
        if not self._runs and self._filter_bytes > FIRST_FILTER_BYTES:
            # Before the first run, these entries are all that the small filter holds: so the large one can be filled.
            self._filter = BloomFilter(self._filter_bytes)
            self._filter.add(merged.hashes)
        self._runs.append(DiskRun.write(self._directory, [merged], total=len(merged)))
        if len(self._runs) > self._max_runs:
            self._runs.sort(key=len, reverse=True)
            self._runs[-self._merged_runs :] = [merge_runs(self._directory, self._runs[-self._merged_runs :])]


def _spans(buffer: bytes, starts: Ints, stops: Ints) -> pa.LargeBinaryArray:
    """Return spans of a buffer as an array; they must be sorted, and equal or disjoint."""
    again = np.concatenate(([False], (starts[1:] == starts[:-1]) & (stops[1:] == stops[:-1])))
    # Without a copy of the bytes: the gaps between the spans are elements too, which `take` leaves out.
    offsets = np.column_stack((starts[~again], stops[~again])).ravel()
    array = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(offsets) - 1, [None, pa.py_buffer(offsets), pa.py_buffer(buffer)]
    )
    return array.take(pa.array(2 * (np.cumsum(~again) - 1)))


def _leaders(keys: pa.LargeBinaryArray, hashes: Hashes, order: Ints) -> Ints:
    """Return for each key the index of its first occurrence in this batch, shape (keys,).

    `order` sorts the hashes and is stable, so that of equal keys the first one comes first.
    """
    leader = np.arange(len(keys))
    ordered = hashes[order]
    same = ordered[1:] == ordered[:-1]
    if not same.any():
        return leader
    starts = np.flatnonzero(np.concatenate(([True], ~same)))
    leader[order] = order[np.repeat(starts, np.diff(np.append(starts, len(order))))]
    repeated = np.flatnonzero(leader != np.arange(len(keys)))
    equal = pc.equal(keys.take(pa.array(repeated)), keys.take(pa.array(leader[repeated])))
    colliding = repeated[~np.asarray(equal.to_numpy(zero_copy_only=False), dtype=bool)]
    if len(colliding):
        # Different keys with the same hash are so rare that they are handled one by one.
        seen: dict[bytes, int] = {}
        for index in np.flatnonzero(np.isin(hashes, hashes[colliding])).tolist():
            leader[index] = seen.setdefault(keys[index].as_py(), index)
    return leader
