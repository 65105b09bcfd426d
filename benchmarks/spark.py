"""What the passes of the Spark engine cost, and what a run costs with 1 and 2 tasks: `python -m benchmarks.spark`.

Processor seconds are told beside the time that passed, as other programs may use the same cores; each figure is the
least of several rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from callcenter_etl import load_contract
from callcenter_etl.engines.ranges import RANGE_BYTES, cuts_of, find_line_starts, ranges_of
from callcenter_etl.engines.task_context import TaskContext
from callcenter_etl.engines.task_messages import HEAD, REPEATS, batch_of
from callcenter_etl.engines.tasks import count_lines, judge_ranges, range_keys
from callcenter_etl.judge.validator import Validator
from callcenter_etl.sources.lookups import load_lookups
from callcenter_etl.sources.source import BLOCK_BYTES
from callcenter_etl.sources.source_formats import open_source
from callcenter_etl.writers.staged_file import StagedFile

ROOT = Path(__file__).parent.parent
CONTRACT = ROOT / "contracts" / "call_center.yaml"
WAYS = (
    ("local, 1 worker", {"engine": "local", "workers": 1}),
    ("spark, 1 task", {"engine": "spark", "workers": 1}),
    ("spark, 2 tasks", {"engine": "spark", "workers": 2}),
    ("spark, 2 tasks, parts", {"engine": "spark", "workers": 2, "parts": True}),
)


def main() -> int:
    """Print the figures as one JSON object, ready for docs/scale.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--contract", type=Path, default=CONTRACT)
    parser.add_argument("--run", help=argparse.SUPPRESS)  # one way, in a process of its own
    parser.add_argument("--source", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run is not None:
        print(json.dumps(_one_run(json.loads(options.run), options)))
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "call_center_raw_202503.csv"
        command = [sys.executable, ROOT / "tools" / "make_samples.py", "--records", str(options.records)]
        subprocess.run([*map(str, command), "--out", str(source)], check=True, stdout=sys.stderr)  # noqa: S603  ours
        told: dict[str, Any] = {"bytes": source.stat().st_size, "records": options.records}
        told["load_before"] = os.getloadavg()[0]
        told["passes"] = _passes(options.contract, source, Path(scratch), options.rounds)
        for name, way in WAYS:
            told[name] = _in_a_process(way, source, options)
            print(name, told[name], file=sys.stderr, flush=True)
        told["load_after"] = os.getloadavg()[0]
    print(json.dumps(told, indent=2))
    return 0


def _passes(contract: Path, source: Path, scratch: Path, rounds: int) -> dict[str, float]:
    """Give processor seconds for a GB of source of each pass, in this process and without Spark."""
    document = load_contract(contract).document
    with open_source(str(source), document) as reader:
        layout = reader.open().layout
        start, first_line = reader.plain_position
        identity = reader.identity
    validator = Validator(document, lookups=load_lookups(document, str(contract)))
    work = TaskContext("bench", str(source), identity, validator, layout, None, BLOCK_BYTES)
    size = source.stat().st_size
    cuts = cuts_of(start, size, RANGE_BYTES)
    ranges = ranges_of(
        [find_line_starts(work.cut(cut), cut) for cut in cuts], first_line=first_line, stop=size
    )
    ids = [pa.RecordBatch.from_pydict({"id": list(range(len(ranges)))})]

    def judge() -> Iterator[object]:
        for part in range(len(ranges)):
            head = batch_of(REPEATS, part=[part], line=[HEAD], rule=[HEAD])
            yield from judge_ranges(work, ranges, iter([head]))

    def read() -> Iterator[object]:
        with open_source(str(source), document) as reader:
            reader.open()
            for block in reader.blocks():
                yield len(block.data)

    def write() -> Iterator[object]:
        file = StagedFile.new(scratch / f"written-{time.monotonic_ns()}")
        with work.stored(0, size) as blocks:
            for block in blocks:
                file.write(block)
                yield len(block)
        file.close()
        file.path.unlink()

    ways: dict[str, Callable[[], Iterable[object]]] = {
        "count lines (executor)": lambda: count_lines(work, cuts, iter(ids)),
        "give keys (executor)": lambda: range_keys(work, ranges, iter(ids)),
        "judge (executor)": judge,
        "read, hash and count (driver)": read,
        "write and hash (driver)": write,
    }
    return {name: round(_cpu(way, rounds) / size * 1e9, 2) for name, way in ways.items()}


def _cpu(way: Callable[[], Iterable[object]], rounds: int) -> float:
    """Give the least processor seconds of several rounds; one before them imports and compiles."""
    found = []
    for _ in range(rounds + 1):
        begun = time.process_time()
        for _item in way():
            pass
        found.append(time.process_time() - begun)
    return min(found[1:])


def _in_a_process(way: dict[str, Any], source: Path, options: argparse.Namespace) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.spark", "--run", json.dumps(way), "--source", str(source)]
    command += ["--rounds", str(options.rounds), "--contract", str(options.contract)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=ROOT)  # noqa: S603  ours
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _one_run(way: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """Run a few times in this process; the first one starts Spark and its workers and is told apart."""
    from callcenter_etl import validate

    contract, found = load_contract(options.contract), []
    for number in range(options.rounds + 1):
        with tempfile.TemporaryDirectory() as output:
            begun, cpu = time.monotonic(), _tree_seconds()
            summary = validate(options.source, contract, output=output, **way).summary
            found.append((round(time.monotonic() - begun, 1), round(_tree_seconds() - cpu, 1)))
        if summary["records"]["read"] == 0:
            raise SystemExit(f"round {number} read nothing")
    seconds, processor = (min(each) for each in zip(*found[1:], strict=True))
    return {"first_seconds": found[0][0], "seconds": seconds, "processor_seconds": processor}


def _tree_seconds() -> float:
    """Give the processor seconds of this process and all below it, living or waited for."""
    stats = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has ended meanwhile
                continue
            stats[int(entry.name)] = (int(fields[1]), sum(map(int, fields[11:15])))
    below, grown = {os.getpid()}, True
    while grown:
        more = {pid for pid, (parent, _) in stats.items() if parent in below} | below
        grown, below = more != below, more
    return sum(stats[pid][1] for pid in below if pid in stats) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
