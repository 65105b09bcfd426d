"""Kills runs at random points and lets others go on from them: what comes out must be what a run unharmed gives.

`python -m tests.reliability.kill_loop --kills 200 --output local|s3`
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.reliability.resume_support import (
    FILES,
    dirty,
    outcome,
    started,
    words,
    write_contract,
    write_source,
)

CHAINED = 0.4  # so many of the runs that go on are killed as well
NEVER = "0"


@dataclass(slots=True)
class Tally:
    """What the loop did, so that it can be told from one that hit nothing."""

    kills: int = 0
    with_checkpoint: int = 0
    resumed: int = 0
    too_late: int = 0
    rounds: int = 0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.kills} kills in {self.rounds} rounds: {self.with_checkpoint} of them left a checkpoint,"
            f" {self.resumed} runs went on from one, {self.too_late} ended before they were killed,"
            f" {len(self.wrong)} wrong outcomes"
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where runs publish: given a name, the output to name to the product; how to read it, and what is staged."""

    output: Callable[[str], str]
    outcome: Callable[[str], dict[str, Any]]
    checkpoints: Callable[[str], list[Path]]
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A source with the block size it is read by, what a run unharmed gives, and how long that takes."""

    name: str
    source: Path
    contract: Path
    block_bytes: int
    expected: dict[str, Any]
    seconds: float


def kill_loop(
    place: Place, cases: list[Case], folder: Path, *, kills: int, seed: int, checkpoint_seconds: str
) -> Tally:
    """Kill `kills` runs, each followed by one that goes on; those are killed too now and then."""
    chance, tally = random.Random(seed), Tally()
    while tally.kills < kills:
        case, name = chance.choice(cases), f"round-{tally.rounds}"
        tally.rounds += 1
        _round(
            place,
            case,
            name,
            said=folder / "said.txt",
            chance=chance,
            tally=tally,
            seconds=checkpoint_seconds,
        )
        found = place.outcome(name)
        differing = [what for what in case.expected if found[what] != case.expected[what]]
        if differing:
            tally.wrong.append(f"{name} of {case.name}: {', '.join(differing)}")
        left = place.checkpoints(name)
        if left:
            tally.wrong.append(f"{name} of {case.name}: left {left}")
        print(f"\r{tally}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return tally


def _round(
    place: Place, case: Case, name: str, *, said: Path, chance: random.Random, tally: Tally, seconds: str
) -> None:
    deadly = True
    while True:
        workers = chance.choice((1, 2))
        options = (*place.options, "--workers", workers, "--force")
        line = words(case.source, case.contract, place.output(name), *options)
        delay = chance.uniform(0, 0.9) * case.seconds if deadly else None
        with started(line, block_bytes=case.block_bytes, said=said, seconds=seconds) as process:
            ended = _killed_or_ended(process, said, delay)
        if "run_resumed" in said.read_text(errors="replace"):
            tally.resumed += 1
        if ended is not None:
            assert ended in (0, 1), said.read_text(errors="replace")
            tally.too_late += deadly
            return
        tally.kills += 1
        tally.with_checkpoint += bool(place.checkpoints(name))
        deadly = chance.random() < CHAINED


def _killed_or_ended(process: subprocess.Popen[bytes], said: Path, delay: float | None) -> int | None:
    """Wait for a run, or kill it some time after it began to read; None where it was killed."""
    if delay is not None:
        _wait_until_it_reads(process, said)
        time.sleep(delay)
        process.kill()
    code = process.wait(600)
    return None if code < 0 else code


def _wait_until_it_reads(process: subprocess.Popen[bytes], said: Path) -> None:
    while process.poll() is None and b"run_started" not in said.read_bytes():
        time.sleep(0.01)


def cases_of(
    folder: Path,
    place: Place,
    *,
    records: int,
    block_bytes: int,
    checkpoint_seconds: str,
    names: tuple[str, ...] = ("s.csv", "s.csv.gz", "u.csv"),
) -> list[Case]:
    """Make the sources, and run each unharmed: without checkpoints for what comes out, with some for the time."""
    made: list[Case] = []
    data = dirty(records)
    utf16 = data.replace(b"\xff", b"").decode().encode("utf-16")
    for name in names:
        content, source = (utf16, {"encoding": "utf-16"}) if name == "u.csv" else (data, {})
        home = folder / f"case-{len(made)}"
        home.mkdir()
        path, contract = write_source(home, content, name), write_contract(home, source=source)
        for label, seconds in (("clean", NEVER), ("timed", checkpoint_seconds)):
            output = f"{label}-{len(made)}"
            line = words(path, contract, place.output(output), *place.options)
            said = folder / "said.txt"
            with started(line, block_bytes=block_bytes, said=said, seconds=seconds) as process:
                _wait_until_it_reads(process, said)
                start = time.monotonic()
                process.wait(600)
                taken = time.monotonic() - start
            assert process.returncode in (0, 1), said.read_text(errors="replace")
        made.append(Case(name, path, contract, block_bytes, place.outcome(f"clean-{len(made)}"), taken))
        assert place.outcome(output) == made[-1].expected
    return made


def local_place(folder: Path) -> Place:
    return Place(
        output=lambda name: str(folder / name),
        outcome=lambda name: outcome(folder / name),
        checkpoints=lambda name: sorted((folder / name).glob(".staging-*/checkpoint.json")),
    )


@contextmanager
def s3_place(folder: Path) -> Iterator[Place]:
    """Give a place on an S3 server, which is started and stopped."""
    import boto3

    from tests.storage.servers import KEY, SECRET, moto_server

    with moto_server(folder) as server:
        names = {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": server.endpoint,
        }
        os.environ.update(names)
        client = boto3.client("s3")
        client.create_bucket(Bucket="drops")
        home = folder / "staging"

        def fetched(name: str) -> dict[str, Any]:
            copy = folder / f"copy-of-{name}"
            copy.mkdir()
            for file in (*FILES, "summary.json"):
                client.download_file("drops", f"{name}/{file}", str(copy / file))
            found = outcome(copy)
            shutil.rmtree(copy)
            return found

        yield Place(
            output=lambda name: f"s3://drops/{name}",
            outcome=fetched,
            checkpoints=lambda name: sorted(home.glob("callcenter_etl-*/checkpoint.json")),
            options=("--staging", str(home)),
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--output", choices=("local", "s3"), default="local")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--block-bytes", type=int, default=65_536)
    parser.add_argument("--checkpoint-seconds", default="0.05")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kill-loop-") as name:
        folder = Path(name)
        if asked.output == "local":
            tally = _loop(local_place(folder), folder, asked)
        else:
            with s3_place(folder) as place:
                tally = _loop(place, folder, asked)
    print(tally, *tally.wrong, sep="\n")
    return int(bool(tally.wrong) or tally.resumed < tally.kills // 4)


def _loop(place: Place, folder: Path, asked: argparse.Namespace) -> Tally:
    cases = cases_of(
        folder,
        place,
        records=asked.records,
        block_bytes=asked.block_bytes,
        checkpoint_seconds=asked.checkpoint_seconds,
    )
    return kill_loop(
        place,
        cases,
        folder,
        kills=asked.kills,
        seed=asked.seed,
        checkpoint_seconds=asked.checkpoint_seconds,
    )


if __name__ == "__main__":
    sys.exit(main())
