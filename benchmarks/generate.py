"""Writes the call records of the benchmarks: the same bytes for the same options, at constant memory.

    python benchmarks/generate.py --records 1000000 --rejects 1 --out calls.csv

Three records in ten have a quoted note with commas. `--rejects` is the percentage of records that break at least
one rule of `calls.yaml`; `--damage` the percentage that are cut short, which makes them malformed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
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
# What a bad record has in place of a good value: (column, value); a column is a place in HEADER.
SPOILED = (
    (0, ""),
    (0, "10x42"),
    (1, "unknown"),
    (2, "B12"),
    (3, "2025-02-30"),
    (4, ""),
    (4, "25:61:00"),
    (5, "9:05:00"),
    (6, "COMPLETD"),
    (7, "-5"),
    (7, "n/a"),
    (7, "90000"),
)


def blocks(records: int, *, rejects: float, damage: float, seed: int) -> Iterator[bytes]:
    """Give the file's bytes: the header, then blocks of up to 100,000 records."""
    yield HEADER
    for number, first in enumerate(range(0, records, BLOCK)):
        generator = np.random.default_rng([seed, number])
        yield _block(generator, first, min(BLOCK, records - first), rejects=rejects, damage=damage)


def _block(generator: np.random.Generator, first: int, count: int, *, rejects: float, damage: float) -> bytes:
    start = generator.integers(0, DAY - 4_000, count)
    talk = generator.integers(0, 3_600, count)
    status = generator.choice(3, count, p=[0.8, 0.15, 0.05])
    agent = pc.binary_join_element_wise("A", _padded(generator.integers(1_000, 10_000, count), 4), "")
    agent = pc.if_else(pa.array((status > 0) & (generator.random(count) < 0.5)), "", agent)
    date = np.datetime64("2025-01-01") + generator.integers(0, 365, count)
    quoted = pa.array(generator.random(count) < 0.3)
    columns = [
        _padded(10_000_000 + np.arange(first, first + count), 8),
        _padded(generator.integers(6_000_000_000, 10_000_000_000, count), 10),
        agent,
        pa.array(np.datetime_as_string(date, unit="D").astype(object), type=pa.string()),
        _clock(start),
        _clock(start + talk),
        STATUSES.take(pa.array(status)),
        pc.cast(pa.array(talk), pa.string()),
        pc.if_else(
            quoted,
            QUOTED_NOTES.take(pa.array(generator.integers(0, len(QUOTED_NOTES), count))),
            PLAIN_NOTES.take(pa.array(generator.integers(0, len(PLAIN_NOTES), count))),
        ),
    ]
    kind = np.where(
        generator.random(count) < rejects / 100, generator.integers(0, len(SPOILED) + 1, count), -1
    )
    for number, (place, value) in enumerate(SPOILED):
        columns[place] = pc.if_else(pa.array(kind == number), value, columns[place])
    swapped = pa.array(kind == len(SPOILED))  # the call ends before it starts
    columns[4] = pc.if_else(swapped, _clock(start + talk + 1), columns[4])
    columns[5] = pc.if_else(swapped, _clock(start), columns[5])
    lines = pc.binary_join_element_wise(*columns, ",")
    cut = pa.array(generator.random(count) < damage / 100)
    lines = pc.if_else(cut, pc.binary_join_element_wise(*columns[:4], ","), lines)
    return _joined(lines)


def _joined(lines: pa.StringArray) -> bytes:
    whole = pa.ListArray.from_arrays(pa.array([0, len(lines)], type=pa.int32()), lines)
    return bytes(pc.binary_join(whole, "\n")[0].as_buffer()) + b"\n"


def _padded(numbers: np.ndarray, width: int) -> pa.StringArray:
    return pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width, padding="0")


def _clock(seconds: np.ndarray) -> pa.StringArray:
    parts = (seconds // 3600, seconds // 60 % 60, seconds % 60)
    return pc.binary_join_element_wise(*(_padded(part, 2) for part in parts), ":")


def main() -> None:
    """Write one file."""
    parser = argparse.ArgumentParser(description="write the call records of the benchmarks")
    parser.add_argument("--records", type=int, required=True)
    parser.add_argument("--rejects", type=float, default=1.0, metavar="PERCENT")
    parser.add_argument("--damage", type=float, default=0.0, metavar="PERCENT")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    with options.out.open("wb") as file:
        for block in blocks(
            options.records, rejects=options.rejects, damage=options.damage, seed=options.seed
        ):
            file.write(block)


if __name__ == "__main__":
    main()
