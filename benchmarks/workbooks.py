"""Processor time of a run over a workbook, of reading it alone, and of a run over its values as CSV.

`python -m benchmarks.workbooks [ROWS]` prints the medians of rounds in which each has its turn.
"""

from __future__ import annotations

import io
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import python_calamine

from callcenter_etl import load_contract, validate
from tests.workbooks import boolean, number, text, write_xlsx

ROUNDS = 3
ROWS = 300_000
COLUMNS = [{"name": f"c{at}"} for at in range(8)]


def cells(row: int) -> list[str]:
    """Return the cells of one row: numbers, texts, a time of day, a date and a boolean."""
    return [
        number(str(row)),
        text(f"agent {row % 97}"),
        number(f"{row * 7919 % 100_000 / 100}"),
        number(f"{45000 + row / 86400:.5f}", 2),
        number("45000", 1),
        boolean(row % 2),
        text("a,b" if row % 50 == 0 else "COMPLETED"),
        number(str(row % 600)),
    ]


def read_alone(path: Path) -> None:
    """Read the first sheet."""
    book = python_calamine.load_workbook(io.BytesIO(path.read_bytes()))
    for _ in book.get_sheet_by_index(0).iter_rows():
        continue


def main() -> None:
    """Print the medians."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        header = {1: [text(column["name"]) for column in COLUMNS]}
        book = write_xlsx(
            Path(folder) / "a.xlsx", {"S": header | {at: cells(at) for at in range(2, rows + 2)}}
        )
        excel = load_contract({"contract": "c", "source": {"format": "excel"}, "columns": COLUMNS})
        plain = load_contract({"contract": "c", "columns": COLUMNS})
        validate(book, excel, output=out)
        csv = (out / "target.csv").rename(Path(folder) / "a.csv")
        turns: dict[str, Callable[[], object]] = {
            "workbook": lambda: validate(book, excel, output=out, force=True),
            "reading it alone": lambda: read_alone(book),
            "CSV of its values": lambda: validate(csv, plain, output=out, force=True),
        }
        seconds: dict[str, list[float]] = {name: [] for name in turns}
        for _ in range(ROUNDS):
            for name, turn in turns.items():
                start = time.process_time()
                turn()
                seconds[name].append(time.process_time() - start)
    for name, each in seconds.items():
        print(f"| {name} | {statistics.median(each):.2f} |")


if __name__ == "__main__":
    main()
