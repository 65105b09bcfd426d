"""The registry says of every key what a dict of all keys would say."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from tempfile import gettempdir

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from callcenter_etl.errors import OutputError
from callcenter_etl.uniqueness import KeyRegistry, hash_keys
from callcenter_etl.uniqueness.sorted_runs import DiskRun, Entries, merge_runs

Hashes = NDArray[np.uint64]
Batches = list[list[bytes]]

KEYS = st.one_of(
    st.sampled_from([b"", b"\0", b"\0\0", b"a", b"b", b"ab", b"12345678", b"123456789"]),
    st.binary(max_size=40),
)
BATCHES = st.lists(st.lists(KEYS, max_size=20), max_size=12)


def three_values(keys: pa.LargeBinaryArray) -> Hashes:
    """A hash as bad as can be, that reaches both ends of its range."""
    values = np.array([0, 2**63, 2**64 - 1], dtype=np.uint64)
    return np.asarray(values[hash_keys(keys) % np.uint64(3)], dtype=np.uint64)


def expected_lines(batches: Batches, step: int) -> list[int]:
    seen: dict[bytes, int] = {}
    found: list[int] = []
    for line, key in enumerate((key for batch in batches for key in batch), start=2):
        found.append(seen.get(key, -1))
        seen.setdefault(key, line * step)
    return found


def registry_lines(registry: KeyRegistry, batches: Batches, step: int) -> list[int]:
    found: list[int] = []
    for batch in batches:
        lines = (np.arange(len(batch), dtype=np.int64) + 2 + len(found)) * step
        found += registry.first_lines(pa.array(batch, type=pa.large_binary()), lines).tolist()
    return found


@pytest.mark.parametrize("hash_function", [hash_keys, three_values])
@pytest.mark.parametrize("sizes", [(1, 1), (4, 3), (4, 4096), (1000, 1)])
@given(batches=BATCHES, step=st.sampled_from([1, 10**12]))
@example(batches=[[b"%d" % n] for n in range(60)] + [[b"%d" % n for n in range(70)]], step=1)
@settings(max_examples=40, deadline=None)
def test_it_answers_as_a_dict_does(
    hash_function: Callable[[pa.LargeBinaryArray], Hashes],
    sizes: tuple[int, int],
    batches: Batches,
    step: int,
) -> None:
    with KeyRegistry(
        Path(gettempdir()), memory_entries=sizes[0], filter_bytes=sizes[1], hash_function=hash_function
    ) as registry:
        assert registry_lines(registry, batches, step) == expected_lines(batches, step)


@given(batches=BATCHES, cuts=st.lists(st.integers(0, 300), max_size=6))
@settings(max_examples=60, deadline=None)
def test_how_the_stream_is_cut_changes_nothing(batches: Batches, cuts: list[int]) -> None:
    whole = [key for batch in batches for key in batch]
    edges = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    again = [whole[first:last] for first, last in pairwise(edges)]
    with KeyRegistry(Path(gettempdir()), memory_entries=4, filter_bytes=8) as registry:
        assert registry_lines(registry, again, 1) == expected_lines([whole], 1)


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary()])
def test_slices_of_either_binary_type_are_taken(tmp_path: Path, kind: pa.DataType) -> None:
    array = pa.array([b"before", b"a", b"", b"a", b"", b"b", b"after"], type=kind).slice(1, 5)
    with KeyRegistry(tmp_path) as registry:
        assert registry.first_lines(array, np.arange(2, 7)).tolist() == [-1, -1, 2, 3, -1]
        assert registry.first_lines(array.slice(4), np.array([9])).tolist() == [6]
        assert registry.first_lines(array.slice(0, 0), np.array([], dtype=np.int64)).tolist() == []


def test_long_keys_that_differ_in_their_last_byte_are_told_apart(tmp_path: Path) -> None:
    stem = b"x" * 3_000_000
    keys = pa.array([stem + b"1", stem + b"2", stem + b"1", stem], type=pa.large_binary())
    with KeyRegistry(tmp_path, memory_entries=1) as registry:
        assert registry.first_lines(keys, np.arange(4)).tolist() == [-1, -1, 0, -1]
        assert registry.first_lines(keys, np.arange(4, 8)).tolist() == [0, 1, 0, 3]


def test_many_distinct_repeats_are_found_on_disk(tmp_path: Path) -> None:
    numbers = np.random.default_rng(7).permutation(60_000)
    with KeyRegistry(tmp_path, memory_entries=2_000, filter_bytes=1024) as registry:
        for first in range(0, 60_000, 5_000):
            keys = pa.array([b"%d" % n for n in numbers[first : first + 5_000].tolist()])
            lines = np.arange(first, first + 5_000)
            assert (registry.first_lines(keys, lines) == -1).all()
        assert len(registry._runs) <= 16
        again = registry.first_lines(pa.array([b"%d" % n for n in range(60_001)]), np.arange(60_001))
    assert again[numbers].tolist() == list(range(60_000))
    assert again[60_000] == -1


def test_runs_stay_few_and_hold_every_entry_in_order(tmp_path: Path) -> None:
    with KeyRegistry(tmp_path, memory_entries=4, filter_bytes=64) as registry:
        for number in range(300):
            registry.first_lines(pa.array([b"%d-%d" % (number, each) for each in range(4)]), np.arange(4))
            assert len(registry._runs) <= 16
        assert sum(len(run) for run in registry._runs) == 1200
        for run in registry._runs:
            hashes = np.concatenate([block.hashes for block in run.blocks()])
            assert (np.sort(hashes) == hashes).all()


def test_runs_longer_than_a_block_are_merged_whole(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    runs, everything = [], []
    for size in (40_000, 1, 16_384, 20_000):
        hashes = np.sort(
            random.integers(0, 2**64, size, dtype=np.uint64) >> np.uint64(random.integers(0, 60))
        )
        everything.append(hashes)
        facts = np.column_stack([hashes.view(np.int64)] * 3)
        runs.append(DiskRun.write(tmp_path, [Entries(hashes, facts)], total=size))
    merged = merge_runs(tmp_path, runs)
    blocks = list(merged.blocks())
    assert len(merged) == 76_385
    assert np.array_equal(
        np.concatenate([block.hashes for block in blocks]), np.sort(np.concatenate(everything))
    )
    assert all((block.facts == block.hashes.view(np.int64)[:, None]).all() for block in blocks)
    merged.close()


def test_small_batches_do_not_pile_up(tmp_path: Path) -> None:
    with KeyRegistry(tmp_path, filter_bytes=4096) as registry:
        for number in range(500):
            registry.first_lines(pa.array([b"%d" % number]), np.array([number]))
            assert len(registry._recent) <= 16


def test_the_same_key_a_hundred_thousand_times_names_the_first_line(tmp_path: Path) -> None:
    keys = pa.array([b"same"] * 100_000)
    with KeyRegistry(tmp_path) as registry:
        assert registry.first_lines(keys, np.arange(5, 100_005)).tolist() == [-1] + [5] * 99_999
        assert (registry.first_lines(keys, np.arange(100_005, 200_005)) == 5).all()


def stopped_run(directory: Path) -> None:
    with KeyRegistry(directory, memory_entries=1) as registry:
        registry.first_lines(pa.array([b"a", b"b"]), np.arange(2))
        raise RuntimeError("stopped")


def test_nothing_is_left_on_disk(tmp_path: Path) -> None:
    made, given = tmp_path / "a" / "keys", tmp_path / "given"
    given.mkdir()
    (given / "other").touch()
    for directory in (made, given):
        with pytest.raises(RuntimeError, match="stopped"):
            stopped_run(directory)
    assert not made.exists()
    assert [path.name for path in given.iterdir()] == ["other"]


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_open_files_do_not_add_up(tmp_path: Path) -> None:
    before = open_files()
    for _ in range(3):
        with KeyRegistry(tmp_path, memory_entries=1) as registry:
            for number in range(40):
                registry.first_lines(pa.array([b"%d" % number]), np.array([number]))
            assert open_files() <= before + 17
    assert open_files() == before


@pytest.mark.parametrize("hash_function", [hash_keys, three_values])
@given(batches=BATCHES, cut=st.integers(0, 12), later=st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_a_registry_goes_on_where_another_one_was_marked(
    hash_function: Callable[[pa.LargeBinaryArray], Hashes], batches: Batches, cut: int, later: int
) -> None:
    before, after = batches[:cut], batches[cut:]
    expected = expected_lines(batches, 1)
    with tempfile.TemporaryDirectory() as name:
        first = KeyRegistry(Path(name), memory_entries=4, filter_bytes=8, hash_function=hash_function)
        with first:
            first.keep()
            found = registry_lines(first, before, 1)
            checkpoint = first.checkpoint(first.key_offset)
            registry_lines(first, after[:later], 1)  # what comes after the checkpoint is cut off
        second = KeyRegistry(Path(name), memory_entries=3, filter_bytes=8, hash_function=hash_function)
        with second:
            second.resume(checkpoint)
            start = len(found)
            for batch in after:
                lines = np.arange(len(batch), dtype=np.int64) + 2 + start
                found += second.first_lines(pa.array(batch, type=pa.large_binary()), lines).tolist()
                start += len(batch)
            again = second.checkpoint(second.key_offset)
        assert found == expected
        with KeyRegistry(Path(name), hash_function=hash_function) as third:
            third.resume(again)
            keys = list(dict.fromkeys(key for batch in batches for key in batch))
            lines = third.first_lines(pa.array(keys, type=pa.large_binary()), np.arange(len(keys)))
        assert (lines >= 2).all()


def test_a_marked_registry_of_many_keys_is_filled_again_in_pieces(tmp_path: Path) -> None:
    keys = pa.array([b"%d" % n * 8 for n in range(200_000)])
    with KeyRegistry(tmp_path, memory_entries=50_000) as registry:
        registry.keep()
        registry.first_lines(keys, np.arange(2, 200_002))
        checkpoint = registry.checkpoint(registry.key_offset)
    with KeyRegistry(tmp_path, memory_entries=50_000) as registry:
        registry.resume(checkpoint)
        assert sum(map(len, registry._recent)) < 50_000
        assert registry.first_lines(keys, np.arange(200_000)).tolist() == list(range(2, 200_002))


def test_a_folder_that_cannot_be_made_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    registry = KeyRegistry(tmp_path / "file" / "keys")
    with pytest.raises(OutputError, match="file/keys"):
        registry.__enter__()
