"""Runs the benchmarks: whole processes in turns, outputs compared before a time counts.

    python -m benchmarks.run --results output/bench --sizes 1000 100000 --rejects 1 --runs 3

Each series is warmed up once, outputs are compared, and then every contestant has its turn in every round. One whose
warm-up took longer than `--slow` seconds is not run again: that run is its time.
"""

from __future__ import annotations

import argparse
import compileall
import json
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import machine
from benchmarks.contestants import OUR_BIN, PEER_PYTHON, PEERS, REPOSITORY
from benchmarks.measure import Measurement, measure
from benchmarks.plan import Entry, Series, all_series, chosen_pairs, chosen_peers


@dataclass(frozen=True, slots=True)
class RecordEvaluator:
    """Where sources and outputs lie, and how often is measured."""

    cache: Path
    runs: int
    slow: float

    def folder(self, place: int) -> Path:
        """Give the output folder of a series' entry, which is made by whoever writes into it."""
        return self.cache / "out" / str(place)


@dataclass(slots=True)
class Outcome:
    """What is known of an entry: its measurements, and why they do not count."""

    entry: Entry
    measurements: list[Measurement] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)

    def as_json(self, series: str) -> dict[str, object]:
        """Give the outcome as it stands in results.json."""
        case = self.entry.case
        return {
            "series": series,
            "contestant": self.entry.contestant.name,
            "records": case.records,
            "rejects": case.rejects,
            "damage": case.damage,
            "duplicates": case.duplicates,
            "differences": self.differences,
            "seconds": [round(each.seconds, 4) for each in self.measurements],
            "cpu_seconds": [round(each.cpu_seconds, 4) for each in self.measurements],
            "peak_bytes": [each.peak_bytes for each in self.measurements],
        }


def run_series(series: Series, record_evaluator: RecordEvaluator) -> list[Outcome]:
    """Measure one series."""
    # As pip leaves a package: an editable one is compiled by its first run, unless the environment forbids it.
    compileall.compile_dir(REPOSITORY / "callcenter_etl", quiet=1)
    shutil.rmtree(record_evaluator.cache / "out", ignore_errors=True)
    (record_evaluator.cache / "out").mkdir(parents=True)
    outcomes = [Outcome(entry) for entry in series.entries]
    for place, outcome in enumerate(outcomes):
        _warm_up(series, place, outcome, record_evaluator)
    for number in range(record_evaluator.runs):
        for place, outcome in enumerate(outcomes):
            if _is_run_again(outcome, record_evaluator):
                if number == 0:
                    outcome.measurements.clear()
                _measured(outcome, place, record_evaluator)
                _removed(record_evaluator.folder(place))
    return outcomes


def _is_run_again(outcome: Outcome, record_evaluator: RecordEvaluator) -> bool:
    warm_up_was_slow = (
        len(outcome.measurements) == 1 and outcome.measurements[0].seconds > record_evaluator.slow
    )
    return not outcome.differences and not warm_up_was_slow


def _warm_up(series: Series, place: int, outcome: Outcome, record_evaluator: RecordEvaluator) -> None:
    """Run an entry once and compare its outputs; those that others are compared with stay until then."""
    entry = outcome.entry
    _said(f"{series.name}: {entry.contestant.name}")
    _measured(outcome, place, record_evaluator)
    reference = series.reference_of(entry)
    if reference is not None and not outcome.differences:
        ours = record_evaluator.folder(series.entries.index(reference))
        comparison = "bytes" if entry.contestant.role == "ours" else "records"
        outcome.differences.extend(_compared(comparison, ours, record_evaluator.folder(place)))
    for difference in outcome.differences:
        _said(f"  does not count: {difference}")
    if entry.contestant.role != "ours":
        _removed(record_evaluator.folder(place))


def _measured(outcome: Outcome, place: int, record_evaluator: RecordEvaluator) -> None:
    """Add one run to the outcome; one that failed speaks against it."""
    contestant, out = outcome.entry.contestant, record_evaluator.folder(place)
    _removed(out)
    one = measure(
        contestant.started_on(outcome.entry.case.source(record_evaluator.cache), out), _log(record_evaluator)
    )
    outcome.measurements.append(one)
    if one.exit_code not in contestant.sound_exits:
        log = _log(record_evaluator).read_text(encoding="utf-8", errors="replace").strip().splitlines()
        outcome.differences.append(f"exit code {one.exit_code}: {log[-1] if log else 'nothing printed'}")


def _log(record_evaluator: RecordEvaluator) -> Path:
    return record_evaluator.cache / "log.txt"


def _removed(out: Path) -> None:
    if out.is_dir():
        shutil.rmtree(out)
    else:
        out.unlink(missing_ok=True)


def _compared(comparison: str, ours: Path, theirs: Path) -> list[str]:
    """Compare in another process, since what this one holds in memory would count as everybody's peak."""
    done = subprocess.run(  # noqa: S603 (our own module)
        [OUR_BIN / "python", "-m", "benchmarks.compare", comparison, ours, theirs],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
    )
    if done.returncode:
        return [f"outputs cannot be compared: {done.stderr.strip().splitlines()[-1]}"]
    found: list[str] = json.loads(done.stdout)
    return found


def _said(text: str) -> None:
    print(text, flush=True)


def _written(
    results: Path, outcomes: Iterable[tuple[Series, Outcome]], record_evaluator: RecordEvaluator
) -> None:
    document = {
        "machine": machine.described(),
        "runs": record_evaluator.runs,
        "measurements": [outcome.as_json(series.name) for series, outcome in outcomes],
    }
    (results / "results.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _limit(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    return name, int(number)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="measure the product and its peers")
    parser.add_argument("--results", type=Path, required=True, metavar="DIR")
    parser.add_argument("--cache", type=Path, default=Path("benchmarks/.cache"), metavar="DIR")
    parser.add_argument("--sizes", type=int, nargs="+", default=[], metavar="RECORDS")
    parser.add_argument("--rejects", type=int, nargs="+", default=[], metavar="PERCENT")
    parser.add_argument(
        "--peers", nargs="+", default=[], metavar="NAME", help=", ".join(p.name for p in PEERS)
    )
    parser.add_argument("--limit", type=_limit, nargs="+", default=[], metavar="NAME=RECORDS")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--slow", type=float, default=30.0, metavar="SECONDS")
    parser.add_argument(
        "--page", type=Path, metavar="FILE", help="the page of the docs that gets the new table"
    )
    return parser.parse_args()


def main() -> None:
    """Measure everything that was asked for, then write tables and plots."""
    options = _options()
    pairs = chosen_pairs(tuple(options.sizes), tuple(options.rejects))
    series = all_series(pairs, chosen_peers(tuple(options.peers)), dict(options.limit))
    record_evaluator = RecordEvaluator(options.cache.resolve(), options.runs, options.slow)
    options.results.mkdir(parents=True, exist_ok=True)
    record_evaluator.cache.mkdir(parents=True, exist_ok=True)
    for case in {entry.case for one in series for entry in one.entries}:
        case.source(record_evaluator.cache)
    outcomes: list[tuple[Series, Outcome]] = []
    for one in series:
        outcomes += [(one, outcome) for outcome in run_series(one, record_evaluator)]
        # What is measured is kept, should a later series be interrupted.
        _written(options.results, outcomes, record_evaluator)
    page = ["--page", options.page] if options.page else []
    for python, module, extra in (
        (OUR_BIN / "python", "benchmarks.report", page),
        (PEER_PYTHON, "benchmarks.plots", []),
    ):
        subprocess.run([python, "-m", module, options.results, *extra], check=True)  # noqa: S603 (our own)


if __name__ == "__main__":
    main()
