"""`python -m tests.reliability.faults --runs N`: runs from S3 into S3, with a fifth of all requests failing.

Of three runs one has the usual patience, the others that for two tries more and for one, so that some have to give up.
An answer that gets lost may be the one that names a begun upload, so that parts without an object may be left.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.reliability.proofs import (
    SOUND,
    UNFINISHED,
    Done,
    Job,
    Prefix,
    Tally,
    bucket_on_moto,
    call,
    ill_said,
    is_one_run,
    work_folder,
)
from tests.storage.buckets import Drops
from tests.storage.proxy import often, proxied

KINDS = ("500", "503", "reset", "reset_body", "lost_answer")
SHARE = 0.2
TRIES: tuple[dict[str, str], ...] = ({}, {"AWS_MAX_ATTEMPTS": "3"}, {"AWS_MAX_ATTEMPTS": "2"})
# Small ranges make many requests of a small source.
IN_SMALL_RANGES = """
from callcenter_etl.cli import main
from callcenter_etl.store import s3_stream
s3_stream.RANGE_BYTES = 2**18
main()
"""
GONE = "nothing of this run counts as published, and the earlier summary is gone"


def main() -> int:
    """Give 0 if every run through the faults ends as it should, else 1."""
    parser = argparse.ArgumentParser(description="run through a proxy that fails")
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with work_folder() as folder, bucket_on_moto(folder) as drops:
        tally = through_faults(folder, drops, runs=options.runs, seed=options.seed)
    return tally.close(f"runs through faults of {SHARE:.0%}")


def through_faults(folder: Path, drops: Drops, *, runs: int, seed: int) -> Tally:
    """Run so many times; tell what is wrong."""
    tally = Tally("soak-faults")
    earlier, later = Job.make(folder, "earlier", 1000), Job.make(folder, "later", 200_000, first=10**6)
    uris = [drops.put(job.source.name, job.source.read_bytes()) for job in (earlier, later)]
    for number in range(runs):
        place = Prefix(drops, f"out-{number}")
        found = ill_said(_validate(uris[0], earlier, place), {1})
        stood = place.files()
        with proxied(
            drops.server.endpoint, often(SHARE, seed=seed + number, kinds=KINDS, most_in_a_row=20)
        ) as proxy:
            done = _validate(uris[1], later, place, AWS_ENDPOINT_URL=proxy.endpoint, **TRIES[number % 3])
            failed, asked = len(proxy.faults), len(proxy.requests)
        found += ill_said(done, {*SOUND, UNFINISHED}, "s3://")
        outcome, wrong = _judged(done, place, stood, later)
        again = _validate(uris[1], later, place)
        found += wrong + [
            f"run again: {each}" for each in ill_said(again, {1}) + is_one_run(place.files(), later.clean)
        ]
        found += [f"left behind for good: {name}" for name in place.litter()]
        tally.add(f"run {number}, {failed} of {asked} requests failed", outcome, found)
    return tally


def _validate(uri: str, job: Job, place: Prefix, **environ: str) -> Done:
    line = ("validate", uri, "-c", job.contract, "-o", place.uri, "-q", "--force")
    return Done.of(call(*line, script=IN_SMALL_RANGES, **environ))


def _judged(done: Done, place: Prefix, stood: dict[str, bytes], job: Job) -> tuple[str, list[str]]:
    files = place.files()
    if done.code in SOUND:
        return "like a clean run", is_one_run(files, job.clean)
    if files == stood:
        return "ended with 3, the earlier files untouched", []
    if "summary.json" in files:
        return "ended with 3", [f"published, and yet an error: {done.stderr!r}"]
    wrong = [] if GONE in done.stderr else [f"that the earlier summary is gone is not said: {done.stderr!r}"]
    return "ended with 3 while publishing, and said so", wrong


if __name__ == "__main__":
    sys.exit(main())
