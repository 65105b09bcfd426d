"""Exact uniqueness of keys over a whole stream, in one pass and at constant memory.

A Bloom filter (Bloom 1970) says of most keys that they are certainly new. The others are looked up in sorted
runs of (hash, line, place in the key log), and verified by their bytes, so that nothing rests on a hash alone.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.errors import OutputError

Hashes = NDArray[np.uint64]
Ints = NDArray[np.int64]

FILTER_BYTES = 32 * 2**20
MEMORY_ENTRIES = 250_000
BUCKET_BITS = 16
_ENTRY = np.dtype([("hash", np.uint64), ("line", np.int64), ("place", np.int64), ("length", np.int64)])
_PROBES = 3
_PRIME_1, _PRIME_2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)
_PRIME_3 = np.uint64(0x94D049BB133111EB)


def hash_keys(keys: pa.LargeBinaryArray) -> Hashes:
    """Hash byte strings of any length to 64 bits, of shape (keys,): words of 8 bytes, mixed as splitmix64 does."""
    offsets = np.frombuffer(keys.buffers()[1], dtype=np.int64)[keys.offset : keys.offset + len(keys) + 1]
    lengths = np.diff(offsets)
    mixed = _mix(lengths.astype(np.uint64) * _PRIME_1)
    buffer = keys.buffers()[2]
    if buffer is None or not len(keys):
        return mixed
    padded = np.concatenate(
        (np.frombuffer(buffer, dtype=np.uint8)[: offsets[-1]], np.zeros(8, dtype=np.uint8))
    )
    words = np.lib.stride_tricks.as_strided(
        padded[:8].view(np.uint64), shape=(len(padded) - 7,), strides=(1,)
    )
    active = np.flatnonzero(lengths > 0)
    step = 0
    while len(active):
        left = lengths[active] - step
        word = words[offsets[:-1][active] + step]
        cut = (8 - np.minimum(left, 8)).astype(np.uint64) * np.uint64(8)
        word = (word << cut) >> cut
        mixed[active] = _mix(mixed[active] ^ _mix(word + np.uint64(int(_PRIME_1) * (step + 1) % 2**64)))
        step += 8
        active = active[lengths[active] > step]
    return mixed


def _mix(value: Hashes) -> Hashes:
    value = (value ^ (value >> np.uint64(30))) * _PRIME_2
    value = (value ^ (value >> np.uint64(27))) * _PRIME_3
    return value ^ (value >> np.uint64(31))


def composite_keys(columns: Sequence[pa.StringArray]) -> pa.LargeBinaryArray:
    """Join several text columns to keys that differ wherever any value does: each value after its length."""
    pieces: list[pa.Array] = []
    for column in columns:
        pieces += [pc.cast(pc.binary_length(column), pa.string()), column]
    joined = pc.binary_join_element_wise(*pieces, ":")
    return pc.cast(pc.cast(joined, pa.binary()), pa.large_binary())


class KeyRegistry:
    """Remembers the keys of a stream with the line of each first occurrence. Use within `with`."""

    def __init__(
        self,
        directory: Path,
        *,
        memory_entries: int = MEMORY_ENTRIES,
        filter_bytes: int = FILTER_BYTES,
        hash_function: Callable[[pa.LargeBinaryArray], Hashes] = hash_keys,
    ) -> None:
        self._directory = directory
        self._memory_entries = memory_entries
        self._hash = hash_function
        self._filter = _Filter(filter_bytes)
        self._recent: list[NDArray[np.void]] = []
        self._runs: list[_Run] = []
        self._logged = 0
        self._made = 0

    @classmethod
    def temporary(cls) -> KeyRegistry:
        """Give a registry in a temporary folder of its own, with a small filter."""
        return cls(Path(tempfile.mkdtemp(prefix="callcenter_etl-keys-")) / "keys", filter_bytes=2**20)

    def __enter__(self) -> Self:
        try:
            self._directory.mkdir(parents=True)
            self._log = os.open(self._directory / "log", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise OutputError(f"{self._directory}: {error.strerror or error}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._log)
        for run in self._runs:
            run.close()
        shutil.rmtree(self._directory, ignore_errors=True)

    def first_lines(self, keys: pa.LargeBinaryArray, lines: Ints) -> Ints:
        """Give, for each key, the line of its first occurrence in the stream, or -1 where this is the first.

        `keys` without nulls and `lines` have the shape (keys,), and so has the result. Raises OutputError when
        the disk does not take the keys.
        """
        if not len(keys):
            return np.empty(0, dtype=np.int64)
        hashes = self._hash(keys)
        found = np.full(len(keys), -1, dtype=np.int64)
        leader = _leaders(keys, hashes)
        firsts = np.flatnonzero(leader == np.arange(len(keys)))
        suspects = firsts[self._filter.may_hold(hashes[firsts])]
        if len(suspects):
            found[suspects] = self._look_up(keys, hashes, suspects)
        known = found[leader]
        repeated = leader != np.arange(len(keys))
        found = np.where(known >= 0, known, np.where(repeated, lines[leader], -1))
        self._remember(keys, hashes, lines, firsts[found[firsts] < 0])
        return found

    def _look_up(self, keys: pa.LargeBinaryArray, hashes: Hashes, suspects: Ints) -> Ints:
        """Give the line of each suspect's first occurrence, -1 where it is new after all."""
        found = np.full(len(suspects), -1, dtype=np.int64)
        wanted = hashes[suspects]
        answers = [run.entries(wanted) for run in self._runs] + [
            _matching(part, wanted) for part in self._recent
        ]
        for entries, owner in answers:
            for entry, position in zip(entries, owner.tolist(), strict=True):
                if found[position] < 0:
                    key = keys[int(suspects[position])].as_py()
                    if len(key) == entry["length"] and self._logged_key(entry) == key:
                        found[position] = entry["line"]
        return found

    def _logged_key(self, entry: np.void) -> bytes:
        return os.pread(self._log, int(entry["length"]), int(entry["place"]))

    def _remember(self, keys: pa.LargeBinaryArray, hashes: Hashes, lines: Ints, new: Ints) -> None:
        if not len(new):
            return
        fresh = keys if len(new) == len(keys) else keys.take(pa.array(new))
        offsets = np.frombuffer(fresh.buffers()[1], dtype=np.int64)[
            fresh.offset : fresh.offset + len(fresh) + 1
        ]
        data = memoryview(fresh.buffers()[2] or b"")[int(offsets[0]) : int(offsets[-1])]
        _write_all(self._log, data, self._directory)
        entries = np.empty(len(new), dtype=_ENTRY)
        entries["hash"], entries["line"] = hashes[new], lines[new]
        entries["place"], entries["length"] = self._logged + offsets[:-1] - offsets[0], np.diff(offsets)
        self._logged += len(data)
        self._filter.add(entries["hash"])
        self._recent.append(entries[np.argsort(entries["hash"], kind="stable")])
        if sum(len(part) for part in self._recent) >= self._memory_entries:
            self._spill()

    def _spill(self) -> None:
        merged = np.concatenate(self._recent)
        merged = merged[np.argsort(merged["hash"], kind="stable")]
        self._runs.append(_Run.write(self._directory / f"run-{self._made}", merged))
        self._made += 1
        self._recent = []


def _leaders(keys: pa.LargeBinaryArray, hashes: Hashes) -> Ints:
    """Give, for each key, the index of its first occurrence in this batch."""
    leader = np.arange(len(keys))
    order = np.argsort(hashes, kind="stable")
    same = hashes[order][1:] == hashes[order][:-1]
    if not same.any():
        return leader
    starts = np.flatnonzero(np.concatenate(([True], ~same)))
    group_first = order[np.repeat(starts, np.diff(np.append(starts, len(order))))]
    leader[order] = group_first
    repeated = np.flatnonzero(leader != np.arange(len(keys)))
    equal = pc.equal(keys.take(pa.array(repeated)), keys.take(pa.array(leader[repeated])))
    colliding = repeated[~np.asarray(equal.to_numpy(zero_copy_only=False), dtype=bool)]
    if len(colliding):
        # Other keys of the same hash: next to never, so one by one.
        groups = np.flatnonzero(np.isin(hashes, hashes[colliding]))
        seen: dict[bytes, int] = {}
        for index in groups.tolist():
            leader[index] = seen.setdefault(keys[index].as_py(), index)
    return leader


def _matching(entries: NDArray[np.void], wanted: Hashes) -> tuple[NDArray[np.void], Ints]:
    """Give the entries (sorted by hash) whose hash is wanted, and for each the index of the hash it answers."""
    left = np.searchsorted(entries["hash"], wanted, side="left")
    right = np.searchsorted(entries["hash"], wanted, side="right")
    counts = right - left
    owner = np.repeat(np.arange(len(wanted)), counts)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    return entries[left[owner] + within], owner


class _Filter:
    """A Bloom filter of a fixed size: 'no' is certain, 'perhaps' is not."""

    def __init__(self, size: int) -> None:
        self._bits = np.zeros(size, dtype=np.uint8)
        self._count = np.uint64(size * 8)

    def _probes(self, hashes: Hashes) -> list[Hashes]:
        second = _mix(hashes) | np.uint64(1)
        return [(hashes + np.uint64(probe) * second) % self._count for probe in range(_PROBES)]

    def may_hold(self, hashes: Hashes) -> NDArray[np.bool_]:
        held = np.ones(len(hashes), dtype=bool)
        for bit in self._probes(hashes):
            held &= (self._bits[bit >> np.uint64(3)] >> (bit & np.uint64(7)).astype(np.uint8)) & 1 == 1
        return held

    def add(self, hashes: Hashes) -> None:
        for bit in self._probes(hashes):
            place, mask = (
                bit >> np.uint64(3),
                np.left_shift(1, (bit & np.uint64(7)).astype(np.uint8)).astype(np.uint8),
            )
            while len(place):
                # Two bits of one byte in one batch: the later assignment wins, so those that lost go again.
                self._bits[place] |= mask
                lost = self._bits[place] & mask == 0
                place, mask = place[lost], mask[lost]


class _Run:
    """Entries sorted by hash in a file, found through an index over the hash's top bits."""

    def __init__(self, descriptor: int, index: Ints) -> None:
        self._descriptor = descriptor
        self._index = index

    @classmethod
    def write(cls, path: Path, entries: NDArray[np.void]) -> _Run:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        _write_all(descriptor, memoryview(entries.tobytes()), path)
        tops = np.arange(2**BUCKET_BITS, dtype=np.uint64) << np.uint64(64 - BUCKET_BITS)
        return cls(descriptor, np.append(np.searchsorted(entries["hash"], tops), len(entries)))

    def entries(self, wanted: Hashes) -> tuple[NDArray[np.void], Ints]:
        """Give the entries whose hash is wanted, and for each the index of the hash it answers."""
        buckets = (wanted >> np.uint64(64 - BUCKET_BITS)).astype(np.int64)
        distinct = np.unique(buckets)
        if len(distinct) * 16 > 2**BUCKET_BITS:
            spans = [
                (int(self._index[low]), int(self._index[min(low + 4096, 2**BUCKET_BITS)]))
                for low in range(0, 2**BUCKET_BITS, 4096)
            ]
        else:
            spans = [(int(self._index[bucket]), int(self._index[bucket + 1])) for bucket in distinct.tolist()]
        found, owners = [np.empty(0, dtype=_ENTRY)], [np.empty(0, dtype=np.int64)]
        order = np.argsort(wanted, kind="stable")
        ordered = wanted[order]
        for start, stop in spans:
            if start == stop:
                continue
            size = _ENTRY.itemsize
            part = np.frombuffer(
                os.pread(self._descriptor, (stop - start) * size, start * size), dtype=_ENTRY
            )
            low = np.searchsorted(ordered, part["hash"][0], side="left")
            high = np.searchsorted(ordered, part["hash"][-1], side="right")
            entries, owner = _matching(part, ordered[low:high])
            found.append(entries)
            owners.append(order[low + owner])
        return np.concatenate(found), np.concatenate(owners)

    def close(self) -> None:
        os.close(self._descriptor)


def _write_all(descriptor: int, data: memoryview, path: Path) -> None:
    try:
        while len(data):
            data = data[os.write(descriptor, data) :]
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror or error}") from error
