"""`python -m tests.reliability.signals --points N`: SIGINT and SIGTERM at N moments each, of runs into a folder and S3.

The moments are random ones of a whole run, and every request that a run into S3 makes, in turn.
"""

from __future__ import annotations

import argparse
import itertools
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from tests.reliability.proofs import (
    HANGS_AFTER,
    INTERRUPTED,
    SOUND,
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
from tests.storage.proxy import Request, proxied

SIGNALS = (signal.SIGINT, signal.SIGTERM)
# Before the program listens, a signal ends any Python program in Python's own way.
LISTENING = """
import sys
from callcenter_etl.cli import main
print("listening", file=sys.stderr, flush=True)
main()
"""
NOTHING, SOMETHING = "interrupted: nothing was published", "had published its files"
Send = Callable[["subprocess.Popen[bytes]"], object]


def main() -> int:
    """Give 0 if every interrupted run ends as it should, else 1."""
    parser = argparse.ArgumentParser(description="interrupt runs")
    parser.add_argument(
        "--points", type=int, default=50, help="random moments, of each signal and each place"
    )
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    tally = Tally("soak-signals")
    with work_folder() as folder, bucket_on_moto(folder) as drops:
        jobs = (Job.make(folder, "earlier", 1000), Job.make(folder, "later", options.records, first=10**6))
        for place in (Folder(folder / "out"), Prefix(drops, "out")):
            at_random_moments(tally, place, jobs, points=options.points, chance=random.Random(options.seed))
        at_every_request(tally, drops, jobs)
    return tally.close("runs interrupted")


def at_random_moments(
    tally: Tally, place: Place, jobs: tuple[Job, Job], *, points: int, chance: random.Random
) -> None:
    """Interrupt runs into one place at random moments from the time when they listen."""
    start = time.monotonic()
    _start(jobs[1], place).communicate()
    seconds = time.monotonic() - start
    for number, sent in itertools.product(range(points), SIGNALS):
        delay = chance.uniform(0, seconds)

        def send(run: subprocess.Popen[bytes], sent: signal.Signals = sent, delay: float = delay) -> None:
            time.sleep(delay)
            run.send_signal(sent)

        outcome, found = interrupted(place, jobs, send)
        tally.add(f"{sent.name} after {delay:.3f} s, {number}, into {place.uri}", outcome, found)


def at_every_request(tally: Tally, drops: Drops, jobs: tuple[Job, Job], *, step: int = 1) -> None:
    """Interrupt runs into S3 at each of their requests in turn, as long as there are any."""
    place = Prefix(drops, "requests")
    signals = itertools.cycle(SIGNALS)
    for last in range(1, 1000, step):
        sent = next(signals)
        with proxied(drops.server.endpoint) as proxy, pytest.MonkeyPatch.context() as patch:

            def send(run: subprocess.Popen[bytes], sent: signal.Signals = sent, last: int = last) -> None:
                def plan(request: Request) -> None:
                    if len(proxy.requests) == last:
                        run.send_signal(sent)

                proxy.plan = plan
                run.wait(HANGS_AFTER)

            outcome, found = interrupted(
                place, jobs, send, before=lambda: patch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
            )
            reached = len(proxy.requests) >= last
        tally.add(f"{sent.name} at request {last}", outcome, found)
        if not reached:
            return


def interrupted(
    place: Place, jobs: tuple[Job, Job], send: Send, *, before: Callable[[], object] = lambda: None
) -> tuple[str, list[str]]:
    """Publish the first job, interrupt the second one over it, run it again; give the outcome and what is wrong."""
    earlier, later = jobs
    found = ill_said(_validate(earlier, place), {1})
    stood = place.files()
    before()
    run = _start(later, place)
    send(run)
    done = Done.of(run)
    found += ill_said(done, {*SOUND, INTERRUPTED})
    files = place.files()
    found += is_one_run(files, (earlier if files == stood else later).clean)
    said = (f"{NOTHING}\n", f"{SOMETHING}: {place.uri}/summary.json\n")
    if done.code == INTERRUPTED and not any(each in done.stderr for each in said):
        found.append(f"what stands is not said: {done.stderr!r}")
    if (NOTHING in done.stderr) is not (files == stood):
        found.append(f"what is said is not true: {done.stderr!r}, published anew: {files != stood}")
    found += [f"left behind: {name}" for name in place.litter()]
    again = _validate(later, place)
    found += [
        f"run again: {each}" for each in (*ill_said(again, {1}), *is_one_run(place.files(), later.clean))
    ]
    kept = (
        place.unseen() if isinstance(place, Folder) else []
    )  # parts of uploads stay, until the store removes them
    found += [f"left behind for good: {name}" for name in (*place.litter(), *kept)]
    if done.code != INTERRUPTED:
        return "too late: the run had ended", found
    return "interrupted after publishing" if files != stood else "interrupted before it", found


def _start(job: Job, place: Place) -> subprocess.Popen[bytes]:
    run = call("validate", job.source, "-c", job.contract, "-o", place.uri, "-q", "--force", script=LISTENING)
    if run.stderr is None or run.stderr.readline() != b"listening\n":
        raise RuntimeError(f"a run does not listen: {run.communicate()}")
    return run


def _validate(job: Job, place: Place) -> Done:
    return Done.of(call("validate", job.source, "-c", job.contract, "-o", place.uri, "-q", "--force"))


if __name__ == "__main__":
    sys.exit(main())
