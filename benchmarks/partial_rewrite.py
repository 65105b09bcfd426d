"""What it costs to rewrite one day of a hundred, and one bucket of a hundred, against writing all of them.

`python benchmarks/partial_rewrite.py [RECORDS]`; prints a table in Markdown, times as the median of three.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from callcenter_etl import load_contract, validate
from callcenter_etl.writers.tables.hash_buckets import bucket_of

PARTS, TRIES = 100, 3
HEADER = "call_id,call_date,caller_id,talk_seconds,note\n"
COLUMNS = [
    {"name": "call_id", "type": "digits", "required": True},
    {"name": "call_date", "type": "date", "required": True},
    {"name": "caller_id", "type": "digits"},
    {"name": "talk_seconds", "type": "integer", "min": 0, "max": 86400},
    {"name": "note", "max_length": 40},
]
LAYOUTS: dict[str, dict[str, Any]] = {
    "day": {"partition_by": ["call_date"], "sort_by": ["call_id"]},
    "bucket": {"buckets": {"column": "call_id", "count": PARTS}},
}


def write_source(path: Path, numbers: Iterable[int]) -> None:
    """Write a record for each number: a hundred days one after the other, ids that look random."""
    first = date(2025, 1, 1)
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        for number in numbers:
            day = first + timedelta(days=number % PARTS)
            scattered = number * 2654435761 % 2**32
            file.write(f"{10**9 + number},{day},{scattered},{scattered % 7200},note {scattered % 9973}\n")


def one_part(records: int, layout: str) -> list[int]:
    """Give the numbers whose records fall into one day, or into one bucket, of all."""
    if layout == "day":
        return list(range(7, records, PARTS))
    texts = pa.array([str(10**9 + number) for number in range(records)])
    return np.flatnonzero(np.asarray(bucket_of(texts, PARTS)) == 7).tolist()


def timed(act: Callable[[], object]) -> float:
    """Give the seconds that a call takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def changed_bytes(target: Path, before: dict[Path, int]) -> tuple[int, int]:
    """Give how many data files are new since `before` (inodes by path), and their bytes."""
    new = [path for path in target.rglob("*.parquet") if before.get(path) != path.stat().st_ino]
    return len(new), sum(path.stat().st_size for path in new)


def measure(folder: Path, records: int, layout: str) -> dict[str, Any]:
    """Write all, then one part of a hundred, `TRIES` times each."""
    run = {"target_format": "parquet", "write": "replace_partitions", "layout": LAYOUTS[layout]}
    contract = load_contract({"contract": "calls", "columns": COLUMNS, "run": run})
    whole, part, output = folder / "all.csv", folder / f"{layout}.csv", folder / layout
    write_source(part, one_part(records, layout))
    all_seconds, part_seconds = [], []
    found = (0, 0)
    for _ in range(TRIES):
        shutil.rmtree(output, ignore_errors=True)
        all_seconds.append(timed(lambda: validate(whole, contract, output=output, force=True)))
        before = {path: path.stat().st_ino for path in (output / "target").rglob("*.parquet")}
        part_seconds.append(timed(lambda: validate(part, contract, output=output, force=True)))
        found = changed_bytes(output / "target", before)
    return {
        "layout": layout,
        "files": (len(before), found[0]),
        "bytes": (sum(path.stat().st_size for path in (output / "target").rglob("*.parquet")), found[1]),
        "seconds": (statistics.median(all_seconds), statistics.median(part_seconds)),
    }


def nothing(folder: Path) -> float:
    """Give what a run without records costs in itself: imports are done, files are made and synced."""
    contract = load_contract({"contract": "calls", "columns": COLUMNS, "run": {"target_format": "parquet"}})
    source = folder / "none.csv"
    source.write_text(HEADER + "1,2025-01-01,1,1,x\n", encoding="utf-8")
    return statistics.median(
        timed(lambda: validate(source, contract, output=folder / "none", force=True)) for _ in range(TRIES)
    )


def main() -> None:
    """Print the table."""
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as name:
        folder = Path(name)
        write_source(folder / "all.csv", range(records))
        base = nothing(folder)
        print(
            f"{records:,} records, {(folder / 'all.csv').stat().st_size:,} bytes; a run of one record: {base:.2f} s\n"
        )
        print("| | all | one of a hundred | share |\n|---|---:|---:|---:|")
        for layout in LAYOUTS:
            found = measure(folder, records, layout)
            for what, form in (("files", ",d"), ("bytes", ",d"), ("seconds", ".2f")):
                everything, part = found[what]
                share = part / everything
                print(f"| {what} written, by {layout} | {everything:{form}} | {part:{form}} | {share:.1%} |")


if __name__ == "__main__":
    main()
