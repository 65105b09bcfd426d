"""Keys as byte strings, and their 64-bit hashes."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Ints = NDArray[np.int64]

_WORD, _LONG = 8, 256
_PRIME_1, _PRIME_2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)
_PRIME_3 = np.uint64(0x94D049BB133111EB)


def key_offsets(keys: pa.LargeBinaryArray) -> Ints:
    """Return the offsets in the value buffer at which the keys start, and the end of the last, shape (keys + 1,)."""
    if not len(keys):
        return np.zeros(1, dtype=np.int64)
    return np.frombuffer(keys.buffers()[1], dtype=np.int64)[keys.offset : keys.offset + len(keys) + 1]


def key_bytes(keys: pa.LargeBinaryArray) -> memoryview:
    """Return the bytes of all keys, concatenated, without a copy."""
    offsets = key_offsets(keys)
    return memoryview(keys.buffers()[2] or b"")[int(offsets[0]) : int(offsets[-1])]


def hash_keys(keys: pa.LargeBinaryArray) -> Hashes:
    """Return 64-bit hashes of byte strings of any length, shape (keys,).

    Words of 8 bytes are mixed as in splitmix64; keys over 256 bytes are hashed by BLAKE2b.
    """
    # Vectorised over the keys: in each step the next word of all keys that have one. A hash only selects candidates,
    # which are compared by their bytes, so it needs to be fast and well spread, not cryptographic.
    offsets = key_offsets(keys)
    lengths = np.diff(offsets)
    mixed = mix(lengths.astype(np.uint64) * _PRIME_1 + _PRIME_3)
    starts = offsets[:-1] - offsets[0]
    padded = np.concatenate((np.frombuffer(key_bytes(keys), dtype=np.uint8), np.zeros(_WORD, dtype=np.uint8)))
    # A word starts at every byte; the padding lets the last key's word be read whole.
    words = np.lib.stride_tricks.as_strided(
        padded[:_WORD].view(np.uint64), shape=(len(padded) - _WORD + 1,), strides=(1,)
    )
    active = np.flatnonzero((lengths > 0) & (lengths <= _LONG))
    step = 0
    while len(active):
        left = np.minimum(lengths[active] - step, _WORD)
        cut = (_WORD - left).astype(np.uint64) * np.uint64(8)
        word = (words[starts[active] + step] << cut) >> cut
        salt = np.uint64(int(_PRIME_1) * (step + 1) % 2**64)
        mixed[active] = mix(mixed[active] ^ mix(word + salt))
        step += _WORD
        active = active[lengths[active] > step]
    for index in np.flatnonzero(lengths > _LONG).tolist():
        # One call for each long key costs less than a step of the loop above for each word of the longest key.
        digest = blake2b(keys[index].as_buffer(), digest_size=_WORD).digest()
        mixed[index] = int.from_bytes(digest, "little")
    return mixed


def mix(value: Hashes) -> Hashes:
    """Return the values mixed, so that each bit affects all bits; different values stay different."""
    value = (value ^ (value >> np.uint64(30))) * _PRIME_2
    value = (value ^ (value >> np.uint64(27))) * _PRIME_3
    return value ^ (value >> np.uint64(31))


def composite_keys(columns: Sequence[pa.Array]) -> pa.LargeBinaryArray:
    """Return one key a record from text columns of one length; keys differ wherever any value differs."""
    # Each value is preceded by its length: joined without it, `a`, `bc` and `ab`, `c` would be the same key.
    pieces: list[pa.Array] = []
    for column in columns:
        values = pc.cast(pc.cast(column, pa.large_string()), pa.large_binary())
        sizes = pc.cast(pc.cast(pc.binary_length(values), pa.large_string()), pa.large_binary())
        pieces += [sizes, values]
    return pc.binary_join_element_wise(*pieces, pa.scalar(b":", pa.large_binary()))
