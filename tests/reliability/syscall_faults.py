"""`python -m tests.reliability.syscall_faults`: every system call of every kind of run fails once.

For each job of `syscall_jobs` its calls on paths of its own are listed; then the job runs once for each of them and for
each error, with that call failing. The run must end with exit code 3, naming place and cause, or come out as if nothing
had failed (where a log, a lock's name or the tidying up failed); what was published before must be there, or the new
files whole; and the same command must then work and give what an undisturbed run gives.

Which faults are the product's: only calls on paths in the job's folder fail (`strace --trace-path`), so that none hits the
imports of the interpreter, which no program can answer for.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.reliability.proofs import SOUND, UNFINISHED, Tally, bucket_on_moto, work_folder
from tests.reliability.syscall_forks import Runner, Traced
from tests.reliability.syscall_jobs import LOCAL_JOBS, Contents, Job, copied, environ_of, job_on_s3
from tests.reliability.syscall_trace import Point, points_of, why_no_strace, with_fault

NAME = "soak-calls"
OPENING = frozenset({"openat", "mkdir", "mkdirat"})
NAMING = frozenset({"rename", "renameat", "renameat2", "unlink", "unlinkat", "link", "linkat", "rmdir"})
TAKING_ROOM = frozenset({"write", "pwrite64", "writev", "fsync", "fdatasync", "ftruncate", "fallocate"})
SYNCING = frozenset(
    {"fsync"}
)  # SQLite's own are fdatasync: the ledger follows the summary, and may lag behind
CAUSES = {
    "EIO": (
        "input/output error",
        "i/o error",
        "unable to open database",
        "errno 5",
        "malformed",
        "error closing file",
    ),
    "ENOSPC": ("no space left on device", "disk is full", "disk i/o error", "unable to open", "errno 28"),
    "EMFILE": ("too many open files", "unable to open database", "i/o error", "errno 24"),
    "EACCES": ("permission denied", "unable to open database", "readonly database", "i/o error", "errno 13"),
}
# Libraries that lose the cause: SQLite opens a file for reading when opening it for writing fails, and delta-rs takes a
# folder of which it cannot get the status for none.
WITHOUT_CAUSE = ("it could be opened for reading alone", "invalid table location")
PLACES = ("log directory", "calls.daily", "catalog 'own'")
TIDY = (".callcenter_etl.lock", "ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm")


@dataclass(frozen=True, slots=True)
class Lane:
    """A job that is prepared in a folder of its own: what is there before, and what must come out."""

    job: Job
    calls: Runner
    home: Path
    before: Path
    earlier: Contents
    clean: Contents

    @classmethod
    @contextmanager
    def of(cls, job: Job, folder: Path) -> Iterator[Lane]:
        """Prepare the job in a new folder, which is removed at the end."""
        home, before = folder / "home", folder / "before"
        folder.mkdir()
        job.prepare(home, environ_of(home, 0, job.environ))
        earlier = job.observe(home)
        copied(home, before)
        environ = environ_of(home, 1, job.environ)
        with job.runner(environ) as calls:
            done = calls.run(job.words(home), environ)
            if done.code not in job.codes:
                raise RuntimeError(f"{job.name}: an undisturbed run ended with {done.code}: {done.stderr}")
            lane = cls(job, calls, home, before, earlier, clean=job.observe(home))
            lane.restore()
            yield lane
        shutil.rmtree(folder)

    def restore(self) -> None:
        """Put back what was there before."""
        copied(self.before, self.home)
        self.job.restore()

    def points(self) -> list[Point]:
        """Return the points of an undisturbed run."""
        environ = environ_of(self.home, 1, self.job.environ)
        found = points_of(
            self.calls, self.job.words(self.home), self.home, self.home.parent / "logs", environ
        )
        self.restore()
        return found

    def contract_test(self, point: Point, error: str) -> tuple[str, list[str]]:
        """Let one call fail; return how the run ended, and what is wrong."""
        words, more = self.job.words(self.home), self.job.environ
        log = self.home.parent / "log"
        done, reached = with_fault(
            self.calls, words, environ_of(self.home, 1, more), point, error=error, log=log
        )
        if not reached:
            self.restore()
            return "not reached", []
        outcome = "ended with 3" if done.code == UNFINISHED else "came out whole"
        found = [*self._ill_said(done, error), *self._ill_left(done, point)]
        next_run = self.calls.run(words, environ_of(self.home, 2, more))
        found += [f"the next run: {sentence}" for sentence in self._ill_repeated(next_run)]
        self.restore()
        return outcome, found

    def _ill_said(self, done: Traced, error: str) -> Iterator[str]:
        said = done.stdout + done.stderr
        if done.code not in {*self.job.codes, UNFINISHED}:
            yield f"exit code {done.code}: {done.stderr[-600:]!r}"
            for file in (self.home / "tmp").glob("callcenter_etl-traceback-*"):
                yield f"its traceback: {file.read_text()[-900:]}"
        if "Traceback" in said or "Exception ignored" in said:
            yield f"a traceback: {said[-600:]!r}"
        if list((self.home / "tmp").glob("callcenter_etl-traceback-*")):
            yield "a file with a traceback"
        if done.code != UNFINISHED:
            return
        errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        if not any(place in line for line in errors for place in (str(self.home), *PLACES)):
            yield f"no place is named: {done.stderr[-600:]!r}"
        if not any(cause in line.lower() for line in errors for cause in (*CAUSES[error], *WITHOUT_CAUSE)):
            yield f"the cause is not named: {done.stderr[-600:]!r}"

    def _ill_left(self, done: Traced, point: Point) -> Iterator[str]:
        try:
            there = self.job.observe(self.home)
        except Exception as error:  # noqa: BLE001  whatever keeps a reader from reading is a finding
            yield f"what is published cannot be read: {error!r}"
            return
        if done.code in SOUND and there != self.clean:
            yield f"ended with {done.code}, but {_difference(there, self.clean)}"
        for name in self.job.promised if done.code in SOUND else ():
            if not (self.home / name).exists():
                yield f"ended with {done.code}, but there is no {name}"
        if done.code in SOUND and point.call in SYNCING:
            yield f"ended with {done.code}, although the disk had not taken all"
        if "summary" in there and there not in (self.earlier, self.clean):
            yield f"half of a run: {_difference(there, self.clean)}"

    def _ill_repeated(self, done: Traced) -> Iterator[str]:
        if done.code not in self.job.codes:
            yield f"exit code {done.code}: {done.stderr[-600:]!r}"
        try:
            there = self.job.observe(self.home)
        except Exception as error:  # noqa: BLE001  same
            yield f"what is published cannot be read: {error!r}"
            return
        if there != self.clean:
            yield _difference(there, self.clean)
        output = self.home / "out"
        left = [path.name for path in output.iterdir() if path.name.startswith(".") and path.name not in TIDY]
        below = [path for name in ("stage", "tmp") for path in (self.home / name).glob("*")]
        left += [path.name for path in below if not _is_trial(path)]
        if left:
            yield f"left behind: {left}"
        if (output / "ledger.sqlite").exists():
            yield from _unsettled(output / "ledger.sqlite")


def _is_trial(path: Path) -> bool:
    """Check whether the standard library left a file with which it tries a folder: it does not try to remove it twice."""
    return path.is_file() and path.read_bytes() in (b"", b"blat")  # as `tempfile.gettempdir` writes it


def _difference(there: Contents, wanted: Contents) -> str:
    names = sorted({*there, *wanted})
    parts = [
        f"{name}: {there.get(name)!r:.300} instead of {wanted.get(name)!r:.300}"
        for name in names
        if there.get(name) != wanted.get(name)
    ]
    return "; ".join(parts)


def _unsettled(ledger: Path) -> Iterator[str]:
    with closing(sqlite3.connect(ledger)) as connection:
        for (run_id,) in connection.execute("SELECT run_id FROM runs WHERE status = 'running'"):
            yield f"the ledger says that {run_id} is running"


def errors_for(call: str) -> Sequence[str]:
    """Return the errors that a call may fail with."""
    if call in OPENING:
        return ("EIO", "ENOSPC", "EMFILE", "EACCES")
    if call in NAMING:
        return ("EIO", "ENOSPC", "EACCES")
    return ("EIO", "ENOSPC") if call in TAKING_ROOM else ("EIO",)


def trials_of(lane: Lane, errors: Sequence[str] | None = None) -> list[tuple[Point, str]]:
    """Return all that can fail in a job, in order."""
    points = sorted((point for point in lane.points() if _is_walked(lane.job, point)), key=str)
    return [
        (point, error)
        for point in points
        for error in errors_for(point.call)
        if errors is None or error in errors
    ]


def _is_walked(job: Job, point: Point) -> bool:
    """Check whether a call is walked in this job: those of the ledger, half of all, are the same in every one."""
    return job.walks_ledger or not Path(point.path).name.startswith("ledger.sqlite")


def walk(lane: Lane, contract_tests: Sequence[tuple[Point, str]], tally: Tally) -> None:
    """Let each of the calls fail in turn."""
    for number, (point, error) in enumerate(contract_tests, start=1):
        outcome, found = lane.contract_test(point, error)
        tally.add(f"{error} of {point}", outcome, found)
        if number % 100 == 0:
            print(f"{tally.name}: {number} of {len(contract_tests)}", flush=True)


def main() -> int:
    """Return 0 if every run ends as it should, else 1."""
    names = [*(job.name for job in LOCAL_JOBS), "s3"]
    parser = argparse.ArgumentParser(description="let every system call of small runs fail once")
    parser.add_argument("--jobs", nargs="*", default=names, choices=names)
    parser.add_argument("--errors", nargs="*", default=None, choices=sorted(CAUSES))
    parser.add_argument(
        "--calls", type=int, default=0, help="at most so many of a job, chosen at random; 0: all"
    )
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    tally = Tally(NAME)
    with work_folder() as folder:
        reason = why_no_strace(folder)
        if reason is not None:
            print(f"{NAME}: skipped: {reason}")
            return 0
        for job in (each for each in LOCAL_JOBS if each.name in options.jobs):
            walk_job(job, folder / job.name, tally, options)
        if "s3" in options.jobs:
            with bucket_on_moto(folder) as drops:
                walk_job(job_on_s3(drops), folder / "s3", tally, options)
    return tally.close("system calls that fail")


def walk_job(job: Job, folder: Path, tally: Tally, options: argparse.Namespace) -> None:
    """Walk a job, or as many of its calls as are asked for."""
    one = Tally(f"{NAME}: {job.name}")
    with Lane.of(job, folder) as lane:
        contract_tests = trials_of(lane, options.errors)
        if 0 < options.calls < len(contract_tests):
            contract_tests = random.Random(options.seed).sample(contract_tests, options.calls)
        walk(lane, contract_tests, one)
    one.close("system calls that fail")
    tally.outcomes += one.outcomes
    tally.broken += one.broken


if __name__ == "__main__":
    sys.exit(main())
