"""Uniqueness is exact for any batches, any memory, and any hash function."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from callcenter_etl.uniqueness import KeyRegistry, composite_keys, hash_keys


def colliding(keys: Any) -> Any:
    return np.array([len(key.as_py()) % 3 for key in keys], dtype=np.uint64)


def any_key(rng: random.Random) -> bytes:
    return rng.choice(
        [b"", b"a", b"ab" * rng.randrange(1, 20), str(rng.randrange(30)).encode(), b"\0" * rng.randrange(10)]
    )


@pytest.mark.parametrize("hash_function", [hash_keys, colliding])
@pytest.mark.parametrize("memory_entries", [4, 50])
@pytest.mark.parametrize("filter_bytes", [8, 1024])
def test_first_lines_are_those_of_a_dictionary(
    tmp_path: Path, hash_function: Callable[[Any], Any], memory_entries: int, filter_bytes: int
) -> None:
    for seed in range(40):
        rng = random.Random(seed)
        seen: dict[bytes, int] = {}
        line = 2
        with KeyRegistry(
            tmp_path / str(seed),
            memory_entries=memory_entries,
            filter_bytes=filter_bytes,
            hash_function=hash_function,
        ) as registry:
            for _ in range(rng.randrange(1, 8)):
                keys = [any_key(rng) for _ in range(rng.randrange(30))]
                lines = np.arange(line, line + len(keys))
                line += len(keys)
                expected = []
                for key, at in zip(keys, lines.tolist(), strict=True):
                    expected.append(seen.get(key, -1))
                    seen.setdefault(key, at)
                found = registry.first_lines(pa.array(keys, type=pa.large_binary()), lines)
                assert found.tolist() == expected, seed
        assert not (tmp_path / str(seed)).exists()


def test_composite_keys_differ_wherever_a_value_does() -> None:
    columns = [pa.array(["a", "a:1", "", "1:a"]), pa.array(["1:b", "b", "a", ""])]
    assert len(set(composite_keys(columns).to_pylist())) == 4


def test_a_sliced_array_hashes_as_its_copy() -> None:
    keys = pa.array([b"zero", b"one", b"a longer key of many words", b""], type=pa.large_binary())
    assert hash_keys(keys[1:]).tolist() == hash_keys(keys).tolist()[1:]
