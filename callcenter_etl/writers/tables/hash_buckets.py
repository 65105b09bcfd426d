"""Bucket of each value of a column: Murmur3 (32 bits, seed 0), as in `bucket[N]` of the Apache Iceberg specification."""

from __future__ import annotations

import struct
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.rules.masks import valid_mask

Hashes = NDArray[np.uint32]
_C1, _C2, _N = np.uint32(0xCC9E2D51), np.uint32(0x1B873593), np.uint32(0xE6546B64)
_F1, _F2 = np.uint32(0x85EBCA6B), np.uint32(0xC2B2AE35)
_POSITIVE = np.uint32(0x7FFFFFFF)
_MASK = 0xFFFFFFFF
_LONG_TEXT = 512  # bytes; longer texts are rare, and are hashed one by one


def bucket_of(values: pa.Array, count: int) -> pa.Array:
    """Return the bucket of each value, 0 to `count` - 1 as int32, null for null; shape (values,).

    Text is hashed as UTF-8, integers and times as 8 bytes, dates as days in 8 bytes, all little-endian: the typed value
    is hashed, so that `7` and `007` are in the same bucket. Raises TypeError for other types.
    """
    valid = valid_mask(values)
    hashes = _hashes(values)
    # Iceberg drops the sign of the hash, which it takes as a signed number.
    buckets = ((hashes & _POSITIVE) % np.uint32(count)).astype(np.int32)
    return pa.array(buckets, mask=None if valid.all() else ~valid)


def murmur3(data: bytes) -> int:
    """Return the hash of bytes, 0 to 2**32 - 1, step by step as in the published algorithm."""
    whole = len(data) // 4
    found = 0
    for word in struct.unpack_from(f"<{whole}I", data):
        found ^= _mixed_word(word)
        found = (_turned(found, 13) * 5 + int(_N)) & _MASK
    found ^= _mixed_word(int.from_bytes(data[whole * 4 :], "little")) ^ len(data)
    for shift, factor in ((16, int(_F1)), (13, int(_F2))):
        found = ((found ^ found >> shift) * factor) & _MASK
    return found ^ found >> 16


def _mixed_word(word: int) -> int:
    return (_turned((word * int(_C1)) & _MASK, 15) * int(_C2)) & _MASK


def _turned(value: int, by: int) -> int:
    return (value << by | value >> (32 - by)) & _MASK


def _hashes(values: pa.Array) -> Hashes:
    kind = values.type
    if pa.types.is_string(kind):
        return _text_hashes(values)
    if pa.types.is_date32(kind):
        values = values.view(pa.int32()).cast(pa.int64())
    elif pa.types.is_timestamp(kind) or pa.types.is_time64(kind):
        values = values.view(pa.int64())
    elif pa.types.is_decimal(kind):
        return _decimal_hashes(values)
    elif not pa.types.is_int64(kind):
        raise TypeError(f"values of {kind} have no bucket")
    # Little-endian on every machine, as the specification has it.
    longs = np.asarray(pc.fill_null(values, 0).to_numpy(zero_copy_only=False), dtype="<i8")
    return _word_hashes(longs.view("<u4").reshape(len(longs), 2).T)


def _decimal_hashes(values: pa.Array) -> Hashes:
    """Return the hashes of integers beyond int64, each as its shortest two's complement, big-endian (as Iceberg does)."""
    texts = (0 if each is None else int(each) for each in values.to_pylist())
    # One more bit for the sign; -128 fits one byte as 127 does.
    return _each(
        number.to_bytes((number + (number < 0)).bit_length() // 8 + 1, "big", signed=True) for number in texts
    )


def _each(texts: Iterable[bytes]) -> Hashes:
    return np.array([murmur3(text) for text in texts], dtype=np.uint32)


def _word_hashes(words: NDArray[np.uint32]) -> Hashes:
    """Return the hashes of values with the same number of 32-bit words; `words` has the shape (words, values)."""
    found = np.zeros(words.shape[1], dtype=np.uint32)
    for word in words:
        found = _with_word(found, word)
    return _finished(found, np.uint32(4 * len(words)))


def _text_hashes(values: pa.StringArray) -> Hashes:
    offsets = np.frombuffer(values.buffers()[1], dtype=np.int32)[
        values.offset : values.offset + len(values) + 1
    ]
    data = np.frombuffer(values.buffers()[2] or b"", dtype=np.uint8)
    starts, lengths = offsets[:-1].astype(np.int64), np.diff(offsets)
    found = np.zeros(len(values), dtype=np.uint32)
    short = np.flatnonzero(lengths <= _LONG_TEXT)
    # All values of one length together, so that each step of the algorithm is an operation on a whole column.
    for length in np.unique(lengths[short]):
        places = short[lengths[short] == length]
        found[places] = _equally_long(data, starts[places], int(length))
    for place in np.flatnonzero(lengths > _LONG_TEXT):
        found[place] = murmur3(data[starts[place] : starts[place] + lengths[place]].tobytes())
    return found


def _equally_long(data: NDArray[np.uint8], starts: NDArray[np.int64], length: int) -> Hashes:
    padded = -(-length // 4) * 4
    bytes_of = np.zeros((len(starts), padded), dtype=np.uint8)
    if length:
        bytes_of[:, :length] = data[starts[:, None] + np.arange(length)]
    words = bytes_of.view("<u4").T
    found = np.zeros(len(starts), dtype=np.uint32)
    for word in words[: length // 4]:
        found = _with_word(found, word)
    # The rest of less than a word is mixed, without the rotation that follows a whole word.
    if length % 4:
        found ^= _mixed(words[-1])
    return _finished(found, np.uint32(length))


def _with_word(found: Hashes, word: NDArray[np.uint32]) -> Hashes:
    return _rotated(found ^ _mixed(word), 13) * np.uint32(5) + _N


def _mixed(word: NDArray[np.uint32]) -> Hashes:
    return _rotated(word * _C1, 15) * _C2


def _rotated(values: Hashes, by: int) -> Hashes:
    return values << np.uint32(by) | values >> np.uint32(32 - by)


def _finished(found: Hashes, length: np.uint32) -> Hashes:
    found = found ^ length
    for shift, factor in ((16, _F1), (13, _F2)):
        found = (found ^ found >> np.uint32(shift)) * factor
    return found ^ found >> np.uint32(16)
