"""Ranges: each line in one of them, whole, with its number, wherever the cuts fall."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter_etl.engines.ranges import Range, cuts_of, find_line_starts, range_blocks, ranges_of
from callcenter_etl.errors import SourceError
from callcenter_etl.sources.blocks import LineBlock, OversizedBlock, RecordFormat
from callcenter_etl.sources.dialect import Dialect
from callcenter_etl.sources.lines import find_lines

BYTES = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"a", b'"', b"\x00", b"\xff"])).map(b"".join)


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def ranges_in(data: bytes, start: int, size: int, read: int) -> tuple[Range, ...]:
    cuts = cuts_of(start, len(data), size)
    found = [find_line_starts(pieces(data[cut.read_from : cut.stop], read), cut) for cut in cuts]
    return ranges_of(found, first_line=5, stop=len(data))


@settings(max_examples=1500, deadline=None)
@given(BYTES, st.integers(1, 9), st.integers(1, 5), st.integers(1, 7))
def test_every_line_is_in_the_one_range_in_which_it_starts(
    body: bytes, size: int, read: int, block: int
) -> None:
    data = b"head\n" + body
    ranges = ranges_in(data, 5, size, read)
    lines = find_lines(body)
    told: list[tuple[int, int, bytes]] = []
    for each in ranges:
        shape = RecordFormat(Dialect(), fields=1)
        blocks = range_blocks(pieces(data[each.start : each.stop], read), each, shape, block)
        for item in blocks:
            assert isinstance(item, LineBlock)
            within = find_lines(item.data)
            for number in range(len(within)):
                at = item.offset + int(within.starts[number])
                raw = item.data[int(within.starts[number]) : int(within.stops[number])]
                told.append((item.first_line + number, at, raw))
    expected = [
        (
            5 + number,
            5 + int(lines.starts[number]),
            body[int(lines.starts[number]) : int(lines.stops[number])],
        )
        for number in range(len(lines))
    ]
    assert told == expected


def test_a_cut_in_the_middle_of_a_crlf_belongs_to_the_line_before() -> None:
    data = b"ab\r\ncd\r\n"
    assert ranges_in(data, 0, 3, 100) == (Range(0, 4, 5, 1), Range(4, 8, 6, 1))


def test_a_line_over_many_cuts_is_one_range() -> None:
    data = b"x" * 50 + b"\ny\n"
    assert ranges_in(data, 0, 7, 3) == (Range(0, 51, 5, 1), Range(51, 53, 6, 1))


def test_a_record_over_the_limit_comes_in_pieces_of_its_range() -> None:
    data = b"x" * 100 + b"\ny\n"
    (each,) = ranges_in(data, 0, 1000, 10)
    shape = RecordFormat(Dialect(max_record_bytes=20), fields=1)
    items = list(range_blocks(pieces(data, 10), each, shape, 10))
    assert [type(item) for item in items[:2]] == [OversizedBlock, OversizedBlock]
    assert b"".join(item.data for item in items) == data


def test_fewer_bytes_than_planned_are_an_error_and_no_end() -> None:
    (cut,) = cuts_of(0, 10, 10)
    with pytest.raises(SourceError, match="truncated"):
        find_line_starts([b"ab\n"], cut)
    with pytest.raises(SourceError, match="not what they were"):
        list(range_blocks(iter([b"ab\n"]), Range(0, 10, 1, 3), RecordFormat(Dialect(), fields=1), 10))
