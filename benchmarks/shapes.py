"""Runs the product, DuckDB and polars on the shapes that cripple others.

python -m benchmarks.shapes --results output/bench --scale 0.01
"""

from __future__ import annotations

import argparse
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import machine
from benchmarks.contestants import HERE, MILLION, OUR_BIN, PEER_PYTHON, REPOSITORY, Contestant
from benchmarks.plan import Entry, Series
from benchmarks.run import Outcome, RecordEvaluator, run_series

# What each shape is, and its records.
SIZES = {
    "wide": ("200 columns", 100_000),
    "one_column": ("one column", 10 * MILLION),
    "long_values": ("values of 10 KB", 30_000),
    "unique_keys": ("unique keys, all different", 10 * MILLION),
    "patterns": ("a pattern on each of 10 columns", MILLION),
    "all_different": ("every value different", MILLION),
}


@dataclass(frozen=True, slots=True)
class ShapeCase:
    """A shape's source, with its contract beside it."""

    shape: str
    records: int
    rejects: int = 1
    damage: int = 0
    duplicates: int = 0

    def folder(self, cache: Path) -> Path:
        """Give the folder of source and contract."""
        return cache / f"shape_{self.shape}_{self.records}"

    def source(self, cache: Path) -> Path:
        """Give the source's file, which is generated if it is not there."""
        folder = self.folder(cache)
        generator = HERE / "shapes_data.py"
        contract = folder / "contract.json"
        if not contract.exists() or contract.stat().st_mtime < generator.stat().st_mtime:
            subprocess.run(  # noqa: S603 (our own module)
                [
                    OUR_BIN / "python",
                    "-m",
                    "benchmarks.shapes_data",
                    self.shape,
                    folder,
                    "--records",
                    str(self.records),
                ],
                check=True,
                cwd=REPOSITORY,
            )
        return folder / "source.csv"


def _contestants(contract: Path) -> tuple[Contestant, ...]:
    ours = (str(OUR_BIN / "callcenter-etl"), "validate", "{source}", "-c", str(contract), "-o", "{out}", "-q")
    return (
        Contestant("ours", "callcenter_etl", "ours", ours, sound_exits=(0, 1)),
        *(
            Contestant(
                name,
                label,
                "peer",
                (str(PEER_PYTHON), str(HERE / "peers" / f"{name}.py"), "{source}", "{out}", str(contract)),
            )
            for name, label in (("shape_duckdb", "DuckDB"), ("shape_polars", "polars"))
        ),
    )


def _series(shape: str, records: int, cache: Path) -> Series:
    case = ShapeCase(shape, records)
    contract = case.folder(cache) / "contract.json"
    return Series(f"shape {shape}", tuple(Entry(each, case) for each in _contestants(contract)))


def _row(shape: str, outcome: Outcome, size: int) -> str:
    seconds = median(each.seconds for each in outcome.measurements)
    peak = median(each.peak_bytes for each in outcome.measurements) / 2**20
    figures = [f"{seconds:.2f}", f"{size / 1e6 / seconds:,.0f}", f"{peak:,.0f}"]
    if outcome.differences:
        figures = [
            "other outputs" if outcome.measurements[0].exit_code in (0, 1) else "failed",
            "",
            f"{peak:,.0f}",
        ]
    about = f"{SIZES[shape][0]}; {outcome.entry.case.records:,} records, {size / 1e6:,.0f} MB"
    return f"| {about} | {outcome.entry.contestant.label} | {' | '.join(figures)} |\n"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="measure the shapes that cripple others")
    parser.add_argument("--results", type=Path, required=True, metavar="DIR")
    parser.add_argument("--cache", type=Path, default=Path("benchmarks/.cache"), metavar="DIR")
    parser.add_argument("--shapes", nargs="+", choices=SIZES, default=list(SIZES), metavar="NAME")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the records")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--slow", type=float, default=60.0, metavar="SECONDS")
    return parser.parse_args()


def main() -> None:
    """Measure every shape; write shapes.json and shapes.md."""
    options = _options()
    record_evaluator = RecordEvaluator(options.cache.resolve(), options.runs, options.slow)
    options.results.mkdir(parents=True, exist_ok=True)
    rows = [
        "# Shapes that cripple others\n\nOne record in a hundred is bad. Outputs are compared before a time counts.\n\n",
        "| shape | | seconds | MB/s | peak MiB |\n| --- | --- | ---: | ---: | ---: |\n",
    ]
    measurements = []
    for shape in options.shapes:
        series = _series(shape, max(1, int(SIZES[shape][1] * options.scale)), record_evaluator.cache)
        size = series.entries[0].case.source(record_evaluator.cache).stat().st_size
        for outcome in run_series(series, record_evaluator):
            rows.append(_row(shape, outcome, size))
            measurements.append({**outcome.as_json(series.name), "source_bytes": size})
    document = {"machine": machine.described(), "runs": options.runs, "measurements": measurements}
    (options.results / "shapes.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    (options.results / "shapes.md").write_text("".join(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
