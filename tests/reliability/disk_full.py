"""`python -m tests.reliability.disk_full --sizes N`: runs on a disk that gets full, at N random sizes.

A third of them writes to S3 and stages on the full disk; of the others, every second one logs there too.
"""

from __future__ import annotations

import argparse
import gzip
import random
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from callcenter_etl.run.ledger.sqlite_ledger import FILE_NAME
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
    kept_in,
    work_folder,
)
from tests.reliability.tmpfs import Tmpfs, mounted, why_not
from tests.storage.buckets import Drops

ROOMY = 2**28
MORE_THAN_NEEDED = 1.05
CAUSES = (
    "no space left on device",
    "database or disk is full",
    "disk i/o error",
    "unable to open database file",
)


@dataclass(frozen=True, slots=True)
class ContractTest:
    """One size of the disk: `room` bytes beside what an earlier run left there."""

    number: int
    room: int
    log: bool


@dataclass(frozen=True, slots=True)
class Jobs:
    """What was published while there was room, and what is to replace it; the former as it stands in a folder."""

    earlier: Job
    later: Job
    published: Path


def main() -> int:
    """Give 0 if every run on a full disk ends as it should, else 1."""
    parser = argparse.ArgumentParser(description="run on disks that get full")
    parser.add_argument("--sizes", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--records", type=int, default=400_000)
    options = parser.parse_args()
    with work_folder() as folder:
        reason = why_not(folder)
        if reason is not None:
            print(f"soak-disk: skipped: {reason}")
            return 0
        with bucket_on_moto(folder) as drops:
            tally = fill_disks(folder, drops, sizes=options.sizes, seed=options.seed, records=options.records)
    return tally.close("sizes of a full disk")


def fill_disks(folder: Path, drops: Drops, *, sizes: int, seed: int, records: int) -> Tally:
    """Run at so many sizes; tell what is wrong."""
    tally = Tally("soak-disk")
    chance = random.Random(seed)
    later = Job.make(folder, "later", records, first=10**6)
    earlier, published = Job.make(folder, "earlier", 1000), folder / "published"
    _validate(earlier.source, earlier, Folder(published))
    jobs = Jobs(earlier, later, published)
    packed = (
        folder / "later.csv.gz"
    )  # how much it will be is not known, so that no run is turned away at once
    packed.write_bytes(gzip.compress(later.source.read_bytes(), 1))
    most = _most_used(folder / "measured", later)
    for number in range(sizes):
        room = int(chance.random() * MORE_THAN_NEEDED * most)
        contract_test = ContractTest(number, room, log=number % 2 == 0)
        remote = number % 3 == 2
        source = packed if remote and number % 2 else later.source
        if remote:
            prefix = Prefix(drops, f"out-{number}")
            outcome, found = _staged_on_full_disk(folder / "disk", contract_test, prefix, jobs, source)
        else:
            outcome, found = _published_on_full_disk(folder / "disk", contract_test, jobs)
        (folder / "disk").rmdir()
        tally.add(f"trial {number}, {room:,} bytes, {'S3' if remote else 'local'}", outcome, found)
    return tally


def _most_used(folder: Path, job: Job) -> int:
    """Give how many bytes a clean run takes of a disk, at its peak."""
    with mounted(folder, ROOMY) as disk:
        before, most, over = disk.used, 0, threading.Event()

        def watch() -> None:
            nonlocal most
            while not over.is_set():
                most = max(most, disk.used)
                time.sleep(0.001)

        thread = threading.Thread(target=watch)
        thread.start()
        Done.of(call("validate", job.source, "-c", job.contract, "-o", folder / "out", "-q"))
        over.set()
        thread.join()
    folder.rmdir()
    return most - before


def _published_on_full_disk(folder: Path, contract_test: ContractTest, jobs: Jobs) -> tuple[str, list[str]]:
    environ = {"CALLCENTER_ETL_LOG_DIRECTORY": str(folder / "logs")} if contract_test.log else {}
    with mounted(folder, ROOMY) as disk:
        output = Folder(shutil.copytree(jobs.published, folder / "out"))
        with _limited(disk, contract_test.room):
            done = _validate(jobs.later.source, jobs.later, output, **environ)
            outcome, found = _judged(done, output, jobs, folder)
            found += _ledger_unread(output)
        return outcome, found + _after_making_room(jobs.later, output)


def _staged_on_full_disk(
    folder: Path, contract_test: ContractTest, output: Place, jobs: Jobs, source: Path
) -> tuple[str, list[str]]:
    _validate(jobs.earlier.source, jobs.earlier, output)
    with mounted(folder, ROOMY) as disk:
        stage = ("--staging", folder / "stage")
        with _limited(disk, contract_test.room):
            outcome, found = _judged(_validate(source, jobs.later, output, *stage), output, jobs, folder)
            found += _left(folder / "stage", kept_in(folder / "stage"))
        return outcome, found + _after_making_room(jobs.later, output, *stage) + _left(folder / "stage", [])


def _left(stage: Path, kept: list[str]) -> list[str]:
    left = [path.name for path in stage.glob("*") if path.name not in kept]
    return [f"left in the staging folder: {left}"] if left else []


@contextmanager
def _limited(disk: Tmpfs, room: int) -> Iterator[None]:
    disk.resize(disk.used + room)
    try:
        yield
    finally:
        disk.resize(ROOMY)


def _validate(source: Path, job: Job, output: Place, *words: object, **environ: str) -> Done:
    line = ("validate", source, "-c", job.contract, "-o", output.uri, "-q", "--force", *words)
    return Done.of(call(*line, **environ))


def _judged(done: Done, output: Place, jobs: Jobs, disk: Path) -> tuple[str, list[str]]:
    found = ill_said(done, {*SOUND, UNFINISHED}, str(disk))
    files = output.files()
    if done.code in SOUND:
        return "fitted", [*found, *is_one_run(files, jobs.later.clean), *_litter(output)]
    causes = (*CAUSES, "bytes are free")
    if not any(cause in done.stderr.lower() for cause in causes):
        found.append(f"the cause is not said: {done.stderr[-600:]!r}")
    found += is_one_run(files, jobs.earlier.clean)  # as it stood
    left = output.litter() if isinstance(output, Folder) else _litter(output)
    # SQLite's own files stay beside the ledger while there is no room to put them away.
    return "ended with 3", found + [f"left behind: {name}" for name in left if not name.startswith(FILE_NAME)]


def _litter(output: Place) -> list[str]:
    return [*output.litter(), *output.unseen()]


def _ledger_unread(output: Place) -> list[str]:
    done = Done.of(call("runs", "list", "-o", output.uri))
    return [] if done.code == 0 else [f"the ledger cannot be read: {done.stderr[-600:]!r}"]


def _after_making_room(job: Job, output: Place, *words: object) -> list[str]:
    done = _validate(job.source, job, output, *words)
    found = [f"after making room: {sentence}" for sentence in (*ill_said(done, {1}), *_litter(output))]
    return found + is_one_run(output.files(), job.clean)


if __name__ == "__main__":
    sys.exit(main())
