"""The hash of buckets is the published one: Murmur3, 32 bits, seed 0, as Iceberg's specification has it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter_etl.writers.tables.hash_buckets import bucket_of, murmur3

# Appendix B of Iceberg's table specification, its signed results as unsigned ones.
VECTORS = [
    (pa.array([34]), 2017239379),
    (pa.array([date(2017, 11, 16)]), -653330422),
    (pa.array([time(22, 31, 8)], pa.time64("us")), -662762989),
    (pa.array([datetime(2017, 11, 16, 22, 31, 8, tzinfo=UTC)], pa.timestamp("us", "UTC")), -2047944441),
    (pa.array(["iceberg"]), 1210000089),
]
TEXTS = st.lists(
    st.one_of(st.none(), st.text(max_size=40), st.text("ab", min_size=500, max_size=600)), max_size=20
)


@pytest.mark.parametrize(("values", "expected"), VECTORS, ids=lambda each: str(each)[:20].strip())
def test_the_vectors_of_the_specification_hold(values: pa.Array, expected: int) -> None:
    for count in (1, 16, 100, 9973):
        assert bucket_of(values, count).to_pylist() == [(expected & 0x7FFFFFFF) % count]


def test_a_number_beyond_int64_hashes_by_its_fewest_bytes() -> None:
    for number in (0, 127, 128, -128, -129, 1420, 10**30):
        size = next(size for size in range(1, 20) if -(2 ** (8 * size - 1)) <= number < 2 ** (8 * size - 1))
        expected = murmur3(number.to_bytes(size, "big", signed=True)) & 0x7FFFFFFF
        values = pa.array([Decimal(number)], pa.decimal128(38, 0))
        assert bucket_of(values, 1000).to_pylist() == [expected % 1000]


@settings(deadline=None)
@given(TEXTS, st.integers(0, 3), st.integers(1, 50))
def test_whole_columns_hash_as_each_value_does(texts: list[str | None], start: int, count: int) -> None:
    values = pa.array(texts, type=pa.string())[start:]
    expected = [
        None if text is None else (murmur3(text.encode()) & 0x7FFFFFFF) % count for text in texts[start:]
    ]
    assert bucket_of(values, count).to_pylist() == expected


def test_the_vectors_in_the_documentation_hold() -> None:
    page = (Path(__file__).parents[2] / "docs" / "tables.md").read_text(encoding="utf-8")
    rows = re.findall(r"\| `\"(.*?)\"` \| `(\d+)` \| `(\d+)` \|", page)
    assert len(rows) >= 5
    for text, expected, bucket in rows:
        assert murmur3(text.encode()) == int(expected)
        assert bucket_of(pa.array([text]), 16).to_pylist() == [int(bucket)]


def test_what_has_no_bucket_says_so() -> None:
    with pytest.raises(TypeError, match="values of bool have no bucket"):
        bucket_of(pa.array([True]), 4)
