"""Compares a peer's outputs with the product's: the same rejected lines, the same accepted records.

    python -m benchmarks.compare records|bytes OUR_FOLDER THEIR_FOLDER

Prints a JSON list of the first differences; an empty one says that both did the same job. `bytes` is for two runs
of the product itself.
"""

from __future__ import annotations

import filecmp
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

SHOWN = 5
Lines = npt.NDArray[np.int64]


def differences(ours: Path, theirs: Path) -> list[str]:
    """Give the first differences between the product's output folder and a peer's."""
    return [*_rejected_differ(ours, theirs), *_accepted_differ(ours / "target.csv", theirs / "accepted.csv")]


def _rejected_differ(ours: Path, theirs: Path) -> Iterator[str]:
    our_lines, _ = _rejects(ours / "exceptions.csv", "reject_line", "reject_reasons")
    their_lines, without_reason = _rejects(theirs / "rejected.csv", "line", "reasons")
    for text, lines in (
        ("rejected by us alone", np.setdiff1d(our_lines, their_lines)),
        ("rejected by them alone", np.setdiff1d(their_lines, our_lines)),
        ("rejected by them without a reason", without_reason),
    ):
        if len(lines):
            yield f"{text}: {len(lines):,} lines, first {', '.join(map(str, lines[:SHOWN]))}"
    if len(their_lines) != len(np.unique(their_lines)):
        yield "rejected by them more than once: some lines"


def _rejects(path: Path, line: str, reason: str) -> tuple[Lines, Lines]:
    """Give the rejected lines, and those of them that have no reason."""
    table = _read(path, [line, reason])
    lines = pc.cast(table[line], pa.int64()).to_numpy()
    unexplained = pc.equal(table[reason], "").to_numpy()
    return np.sort(lines), lines[unexplained]


def _read(path: Path, columns: list[str]) -> pa.Table:
    return csv.read_csv(path, parse_options=_parsing(), convert_options=_as_text(path, columns))


def _accepted_differ(ours: Path, theirs: Path) -> Iterator[str]:
    """Compare record by record, a batch in memory at a time."""
    place = 0
    for our_part, their_part in _side_by_side(_batches(ours), _batches(theirs)):
        if our_part is None or their_part is None:
            yield f"accepted: {'they' if our_part is None else 'we'} have records beyond the first {place:,}"
            return
        if not our_part.equals(their_part):
            yield _first_difference(our_part, their_part, place)
            return
        place += len(our_part)


def _first_difference(ours: pa.RecordBatch, theirs: pa.RecordBatch, place: int) -> str:
    if ours.schema.names != theirs.schema.names:
        return f"accepted: our header is {ours.schema.names}, theirs {theirs.schema.names}"
    unequal = [
        pc.not_equal(ours[name], theirs[name]).to_numpy(zero_copy_only=False) for name in ours.schema.names
    ]
    row = int(np.argmax(np.any(unequal, axis=0)))
    our_record, their_record = (list(part.slice(row, 1).to_pylist()[0].values()) for part in (ours, theirs))
    return f"accepted record {place + row + 1:,}: ours {our_record}, theirs {their_record}"


def _side_by_side(
    left: Iterator[pa.RecordBatch], right: Iterator[pa.RecordBatch]
) -> Iterator[tuple[pa.RecordBatch | None, pa.RecordBatch | None]]:
    """Give parts of equal length; None stands for a side that has ended before the other."""
    ours, theirs = next(left, None), next(right, None)
    while ours is not None and theirs is not None:
        length = min(len(ours), len(theirs))
        yield ours.slice(0, length), theirs.slice(0, length)
        ours = ours.slice(length) if length < len(ours) else next(left, None)
        theirs = theirs.slice(length) if length < len(theirs) else next(right, None)
    if ours is not None or theirs is not None:
        yield ours, theirs


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Give the file's records as text, never an empty batch."""
    with csv.open_csv(path, parse_options=_parsing(), convert_options=_as_text(path, None)) as reader:
        yield from (batch for batch in reader if len(batch))


def _parsing() -> csv.ParseOptions:
    return csv.ParseOptions(newlines_in_values=True)


def _as_text(path: Path, columns: list[str] | None) -> csv.ConvertOptions:
    names = _header(path)
    return csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), include_columns=columns)


def _header(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig") as file:
        return [name.strip('"') for name in file.readline().rstrip("\r\n").split(",")]


def unequal_files(first: Path, second: Path) -> list[str]:
    """Give the files of two runs of the product that are not the same, byte for byte."""
    names = ("target.csv", "exceptions.csv", "rejected.csv")
    return [
        f"{name} is not the same"
        for name in names
        if not filecmp.cmp(first / name, second / name, shallow=False)
    ]


COMPARISONS = {"records": differences, "bytes": unequal_files}


def main() -> None:
    """Compare two folders."""
    _, comparison, first, second = sys.argv
    print(json.dumps(COMPARISONS[comparison](Path(first), Path(second))))


if __name__ == "__main__":
    main()
