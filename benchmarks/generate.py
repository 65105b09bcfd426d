"""Writes the call records of the benchmarks: the same bytes for the same options, at constant memory.

    python benchmarks/generate.py --records 1000000 --rejects 1 --out calls.csv

Three records in ten have a quoted note with commas. `--rejects` is the percentage of records that break at least
one rule of `calls.yaml`, every rule in turn; `--damage` the percentage that are malformed: cut short, a field too
many, a quote left open, a byte that is no UTF-8. `--duplicates` is the percentage of records that take the call_id
of an earlier record's place, near or far, which breaks `call_id.unique` of `calls_unique.yaml`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

HEADER = b"call_id,caller_id,agent_id,call_date,call_start_time,call_end_time,call_status,talk_seconds,note\n"
BLOCK = 100_000
DAY = 86_400
STATUSES = pa.array(["COMPLETED", "DROPPED", "FAILED"])
PLAIN_NOTES = pa.array(
    [
        "",
        "asked for a callback in the morning",
        "billing question",
        "plan upgrade to family",
        "line was bad",
        "no answer",
    ]
)
QUOTED_NOTES = pa.array(
    [
        '"moved house, new address taken, letter sent to the old one as well"',
        '"wants a refund, was told ten working days, agreed"',
        '"said ""never again"", then renewed for two years"',
        '"password reset, two tries, solved"',
    ]
)
# What a bad record has in place of good values: (column, value) each; a column is a place in HEADER.
SPOILED = (
    ((0, ""),),
    ((0, "10x42"),),
    ((1, "unknown"),),
    ((1, "\u0664\u0662"),),  # digits, but Arabic ones
    ((2, "B12"),),
    ((2, ""), (6, "COMPLETED")),
    ((3, "2025-02-30"),),
    ((3, "2025-1-5"),),
    ((4, ""),),
    ((4, "25:61:00"),),
    ((5, ""),),
    ((5, "9:05:00"),),
    ((6, ""),),
    ((6, "COMPLETD"),),
    ((7, "-5"),),
    ((7, "n/a"),),
    ((7, "90000"),),
    ((1, "unknown"), (6, "LOST"), (7, "1.5")),
)
FIRST_ID = 10_000_000


@dataclass(frozen=True, slots=True)
class Shares:
    """Percentages of records that are bad in one way or another."""

    rejects: float = 0.0
    damage: float = 0.0
    duplicates: float = 0.0


def blocks(records: int, shares: Shares, *, seed: int) -> Iterator[bytes]:
    """Give the file's bytes: the header, then blocks of up to 100,000 records."""
    yield HEADER
    for number, first in enumerate(range(0, records, BLOCK)):
        count = min(BLOCK, records - first)
        generator = np.random.default_rng([seed, number])
        columns = _spoiled(generator, _good(generator, first, count), shares.rejects)
        if shares.duplicates:
            # A source of its own, so that files with and without duplicates differ in nothing else.
            columns[0] = _repeated(
                np.random.default_rng([seed, number, 1]), columns[0], first, shares.duplicates
            )
        yield _joined(_damaged(generator, columns, shares.damage))


def _good(generator: np.random.Generator, first: int, count: int) -> list[pa.StringArray]:
    start = generator.integers(0, DAY - 4_000, count)
    talk = generator.integers(0, 3_600, count)
    status = generator.choice(3, count, p=[0.8, 0.15, 0.05])
    agent = pc.binary_join_element_wise("A", _padded(generator.integers(1_000, 10_000, count), 4), "")
    agent = pc.if_else(pa.array((status > 0) & (generator.random(count) < 0.5)), "", agent)
    date = np.datetime64("2025-01-01") + generator.integers(0, 365, count)
    return [
        _padded(FIRST_ID + np.arange(first, first + count), 8),
        _padded(generator.integers(6_000_000_000, 10_000_000_000, count), 10),
        agent,
        pa.array(np.datetime_as_string(date, unit="D").astype(object), type=pa.string()),
        _clock(start),
        _clock(start + talk),
        STATUSES.take(pa.array(status)),
        pc.cast(pa.array(talk), pa.string()),
        pc.if_else(
            pa.array(generator.random(count) < 0.3),
            QUOTED_NOTES.take(pa.array(generator.integers(0, len(QUOTED_NOTES), count))),
            PLAIN_NOTES.take(pa.array(generator.integers(0, len(PLAIN_NOTES), count))),
        ),
    ]


def _spoiled(
    generator: np.random.Generator, columns: list[pa.StringArray], percent: float
) -> list[pa.StringArray]:
    count = len(columns[0])
    kind = np.where(
        generator.random(count) < percent / 100, generator.integers(0, len(SPOILED) + 1, count), -1
    )
    spoiled = list(columns)
    for number, changes in enumerate(SPOILED):
        for place, value in changes:
            spoiled[place] = pc.if_else(pa.array(kind == number), value, spoiled[place])
    # The last kind ends before it starts; no call ends in the last second of a day.
    swapped = pa.array(kind == len(SPOILED))
    spoiled[4] = pc.if_else(swapped, "23:59:59", spoiled[4])
    return spoiled


def _repeated(
    generator: np.random.Generator, ids: pa.StringArray, first: int, percent: float
) -> pa.StringArray:
    count = len(ids)
    chosen = (generator.random(count) < percent / 100) & (np.arange(first, first + count) > 0)
    earlier = np.floor(generator.random(count) * np.arange(first, first + count)).astype(np.int64)
    # A record that was spoiled already stays as it is.
    whole = pc.equal(ids, _padded(FIRST_ID + np.arange(first, first + count), 8))
    return pc.if_else(pc.and_(pa.array(chosen), whole), _padded(FIRST_ID + earlier, 8), ids)


def _damaged(generator: np.random.Generator, columns: list[pa.StringArray], percent: float) -> pa.BinaryArray:
    lines = pc.cast(pc.binary_join_element_wise(*columns, ","), pa.binary())
    if not percent:
        return lines
    count = len(lines)
    kind = np.where(generator.random(count) < percent / 100, generator.integers(0, 4, count), -1)
    damages = (
        pc.binary_join_element_wise(*columns[:4], ","),
        pc.binary_join_element_wise(*columns, "one too many", ","),
        pc.binary_join_element_wise(*columns[:8], '"left open', ","),
        pc.binary_join_element_wise(
            *(pc.cast(column, pa.binary()) for column in columns[:8]), b"caf\xe9", b","
        ),
    )
    for number, damaged in enumerate(damages):
        lines = pc.if_else(pa.array(kind == number), pc.cast(damaged, pa.binary()), lines)
    return lines


def _joined(lines: pa.BinaryArray) -> bytes:
    whole = pa.ListArray.from_arrays(pa.array([0, len(lines)], type=pa.int32()), lines)
    return bytes(pc.binary_join(whole, b"\n")[0].as_buffer()) + b"\n"


def _padded(numbers: np.ndarray, width: int) -> pa.StringArray:
    return pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width, padding="0")


def _clock(seconds: np.ndarray) -> pa.StringArray:
    parts = (seconds // 3600, seconds // 60 % 60, seconds % 60)
    return pc.binary_join_element_wise(*(_padded(part, 2) for part in parts), ":")


def main() -> None:
    """Write one file."""
    parser = argparse.ArgumentParser(description="write the call records of the benchmarks")
    parser.add_argument("--records", type=int, required=True)
    parser.add_argument("--rejects", type=float, default=0.0, metavar="PERCENT")
    parser.add_argument("--damage", type=float, default=0.0, metavar="PERCENT")
    parser.add_argument("--duplicates", type=float, default=0.0, metavar="PERCENT")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    shares = Shares(rejects=options.rejects, damage=options.damage, duplicates=options.duplicates)
    with options.out.open("wb") as file:
        for block in blocks(options.records, shares, seed=options.seed):
            file.write(block)


if __name__ == "__main__":
    main()
