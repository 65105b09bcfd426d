"""`python -m tests.reliability.pairs --rounds N`: two or three runs started together into one output, N times each.

Into a folder and into a prefix on S3, of different sources and of one and the same.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.reliability.proofs import (
    SOUND,
    UNFINISHED,
    Done,
    Folder,
    Job,
    Place,
    Prefix,
    Tally,
    bucket_on_moto,
    call,
    ill_said,
    is_one_run,
    work_folder,
)
from tests.storage.buckets import Drops

# All is imported before the start, so that those who wait for it are not seconds apart.
TOGETHER = """
import sys
import callcenter_etl.api, callcenter_etl.writers.s3_output, callcenter_etl.store.s3_prefix, pandera.pandas
from callcenter_etl.cli import main
print("ready", flush=True)
sys.stdin.readline()
main()
"""
READY = b"ready\n"
SAID_BY_LOSERS = (
    "is writing there",
    "is publishing there",
    "published there while",
    "or failed to; this run",
)


def main() -> int:
    """Give 0 if every round ends as it should, else 1."""
    parser = argparse.ArgumentParser(description="start runs together into one output")
    parser.add_argument("--rounds", type=int, default=50)
    options = parser.parse_args()
    with work_folder() as folder, bucket_on_moto(folder) as drops:
        tally = race(folder, drops, rounds=options.rounds)
    return tally.close("runs started together")


def race(folder: Path, drops: Drops, *, rounds: int) -> Tally:
    """Race so many times into a folder and into a prefix; tell what is wrong."""
    tally = Tally("soak-pairs")
    jobs = [Job.make(folder, name, 20_000, first=first * 10**6) for first, name in enumerate("abc")]
    for number in range(rounds):
        few, same = 2 + number % 2, number % 4 >= 2
        # Without --force an output takes one source, so that equal racers have one of their own.
        name = f"out-{number}" if same else f"out-{number // 5}"
        for place in (Folder(folder / name), Prefix(drops, name)):
            racers = [jobs[number % 3]] * few if same else jobs[:few]
            outcomes, found = _round(place, racers, () if same else ("--force",))
            for outcome in outcomes:
                tally.add(f"round {number} into {place.uri}", outcome, found)
                found = []
    return tally


def _round(place: Place, jobs: Sequence[Job], words: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Start one run a job at the same moment; give how each ended and what is wrong."""
    line = ("-o", place.uri, "-q", "--format", "json", *words)
    runs = [call("validate", job.source, "-c", job.contract, *line, script=TOGETHER) for job in jobs]
    for run in runs:
        if run.stdout is None or run.stdin is None or run.stdout.readline() != READY:
            raise RuntimeError(f"a run did not get ready: {run.communicate()}")
    for run in runs:
        if run.stdin is not None:
            run.stdin.write(b"\n")
            run.stdin.flush()
    done = [Done.of(run) for run in runs]
    winners = {_run_id(each): job for each, job in zip(done, jobs, strict=True) if each.code in SOUND}
    found = [sentence for each in done for sentence in _ill_ended(each)]
    if not winners:
        found.append(f"nobody published: {done}")
    else:
        found += _ill_published(place, winners)
    return [_outcome(each, Counter(map(_run_id, done))) for each in done], found


def _ill_ended(done: Done) -> list[str]:
    found = ill_said(done, {*SOUND, UNFINISHED})
    if done.code == UNFINISHED and not any(words in done.stderr for words in SAID_BY_LOSERS):
        found.append(f"a loser that does not say who won: {done.stderr!r}")
    return found


def _ill_published(place: Place, winners: dict[str, Job]) -> list[str]:
    files = place.files()
    published = json.loads(files.get("summary.json", b"{}")).get("run_id")
    if published not in winners:
        return [f"{published} is published, the winners are {list(winners)}"]
    found = is_one_run(files, winners[published].clean) + place.litter() + place.unseen()
    listed = Done.of(call("runs", "list", "-o", place.uri, "--format", "json"))
    ended = {run["run_id"]: run["status"] for run in json.loads(listed.stdout)}
    if any(ended.get(run_id) != "rejects" for run_id in winners) or "running" in ended.values():
        found.append(f"the ledger tells {ended}, the winners are {list(winners)}")
    return found


def _run_id(done: Done) -> str:
    return str(json.loads(done.stdout)["run_id"]) if done.code in SOUND else ""


def _outcome(done: Done, told: Counter[str]) -> str:
    if done.code not in SOUND:
        return f"ended with {done.code}"
    return "published" if told[_run_id(done)] == 1 else "published or found it done"


if __name__ == "__main__":
    sys.exit(main())
