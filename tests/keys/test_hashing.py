"""Hashes depend on the bytes of a key alone, and joined keys keep their parts apart."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter_etl.uniqueness import composite_keys, hash_keys

# Pieces of the joined form itself, to provoke a confusion.
TEXTS = st.one_of(
    st.sampled_from(["", ":", "1", "1:", ":1", "0:", "1:a", "a:1:b", "\0", "é"]), st.text(max_size=5)
)


@given(
    st.lists(
        st.one_of(st.binary(max_size=40), st.binary(min_size=250, max_size=270)), min_size=1, max_size=12
    ),
    st.integers(0, 3),
    st.integers(0, 3),
)
@settings(deadline=None)  # the first call imports
def test_a_hash_does_not_depend_on_where_the_key_stands(keys: list[bytes], before: int, after: int) -> None:
    array = pa.array([b"pad!"] * before + keys + [b"\xff" * 9] * after, type=pa.large_binary())
    alone = [int(hash_keys(pa.array([key], type=pa.large_binary()))[0]) for key in keys]
    assert hash_keys(array.slice(before, len(keys))).tolist() == alone


def test_no_two_of_many_similar_keys_share_a_hash() -> None:
    keys = [b"%d" % number for number in range(200_000)] + [b"\0" * size for size in range(1000)]
    keys += [b"same first word, other %d" % number for number in range(100_000)]
    hashes = hash_keys(pa.array(keys, type=pa.large_binary()))
    assert len(np.unique(hashes)) == len(keys)
    top = np.bincount((hashes >> np.uint64(56)).astype(np.int64), minlength=256)
    assert top.min() > 0.8 * len(keys) / 256


@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(TEXTS, min_size=width, max_size=width), max_size=12)
    )
)
@settings(deadline=None)
def test_joined_keys_are_equal_where_all_values_are(rows: list[list[str]]) -> None:
    if not rows:
        return
    keys = composite_keys(
        [pa.array(column, type=pa.string()) for column in zip(*rows, strict=True)]
    ).to_pylist()
    for key, row in zip(keys, rows, strict=True):
        assert [each == key for each in keys] == [each == row for each in rows]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_joined_keys_are_the_same_of_slices_and_of_either_text_type(kind: pa.DataType) -> None:
    first = pa.array(["x", "a", "é", ""], type=kind).slice(1)
    second = pa.array(["1", "", "22"], type=kind)
    joined = composite_keys([first, second])
    assert joined.type == pa.large_binary()
    assert joined.to_pylist() == [b"1:a:1:1", "2:é:0:".encode(), b"0::2:22"]
