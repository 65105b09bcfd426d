"""Time of a run by dialect: each dialect in turn in every round, on a file of the same values.

`python -m benchmarks.dialects [RECORDS]` prints the medians, and each one as a share of the plain dialect.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from callcenter_etl import load_contract, validate

ROUNDS = 5
RECORDS = 300_000
COLUMNS = (
    {"name": "call_id", "type": "digits", "required": True},
    {"name": "agent_id", "type": "digits"},
    {"name": "started", "type": "time", "required": True},
    {"name": "ended", "type": "time"},
    {"name": "status", "allowed": ["COMPLETED", "DROPPED", "FAILED"]},
    {"name": "seconds", "type": "integer", "min": 0},
    {"name": "queue"},
    {"name": "note", "max_length": 200},
)
Values = Callable[[int], Sequence[str]]


def plain(number: int) -> list[str]:
    """Return the values of one record."""
    return [
        str(number),
        str(number % 500),
        "08:00:00",
        "08:05:10",
        "COMPLETED",
        "310",
        "sales",
        f"note {number}",
    ]


def few_escapes(number: int) -> list[str]:
    """Return a record, of which every fiftieth has an escaped quote."""
    return [*plain(number)[:-1], f'"said \\"{number}\\""' if number % 50 == 0 else f"note {number}"]


def many_escapes(number: int) -> list[str]:
    """Return a record with an escaped quote, and a value that is no value."""
    return [*plain(number)[:-2], "\\N", f'"said \\"{number}\\""']


DIALECTS: dict[str, tuple[dict[str, Any], Values, str, str]] = {
    "plain": ({}, plain, ",", "\n"),
    "escape, in 2 % of the records": ({"escape": "\\"}, few_escapes, ",", "\n"),
    "escape, twice in every record": ({"escape": "\\", "empty_values": ["", "\\N"]}, many_escapes, ",", "\n"),
    "skip_initial_space, in every field": ({"skip_initial_space": True}, plain, ", ", "\n"),
    "delimiter of two characters": ({"delimiter": "||"}, plain, "||", "\n"),
    "trailing_delimiter, in every record": ({"trailing_delimiter": True}, plain, ",", ",\n"),
    "short_records: empty, in every record": (
        {"short_records": "empty"},
        lambda at: plain(at)[:-1],
        ",",
        "\n",
    ),
}


def main(records: int) -> None:
    """Print the medians as a table."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: write(Path(folder) / f"{at}.csv", name, records) for at, name in enumerate(DIALECTS)}
        seconds: dict[str, list[float]] = {name: [] for name in DIALECTS}
        for _ in range(ROUNDS + 1):
            for name, path in paths.items():
                seconds[name].append(run(path, name, Path(folder) / "output"))
        # The first round imports libraries and fills caches.
        medians = {name: statistics.median(times[1:]) for name, times in seconds.items()}
    for name, median in medians.items():
        print(f"| {name} | {median:.2f} | {median / medians['plain']:.2f} |")


def write(path: Path, name: str, records: int) -> Path:
    """Write the file of a dialect."""
    _, values, delimiter, end = DIALECTS[name]
    header = delimiter.join(str(column["name"]) for column in COLUMNS)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(header + end.replace("\n", "") + "\n")
        file.writelines(delimiter.join(values(number)) + end for number in range(records))
    return path


def run(path: Path, name: str, output: Path) -> float:
    """Return the seconds of one run."""
    contract = load_contract({"contract": "calls", "source": DIALECTS[name][0], "columns": list(COLUMNS)})
    started = time.perf_counter()
    result = validate(path, contract, output=output, force=True)
    seconds = time.perf_counter() - started
    if not result.passed:
        raise AssertionError(f"{name}: {result.summary['rules']}")
    return seconds


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS)
