"""`python -m tests.reliability.signal_sweep --points N`: a signal at N lines between the start of publishing and the end.

Each time the command line runs in a fork of its own, traced line by line, the product's and the libraries', so that
the signal comes exactly where it is meant to.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pandera.pandas  # noqa: F401  what a run imports is imported before the forks
import structlog  # noqa: F401  same

from callcenter_etl.cli import main as command_line
from callcenter_etl.writers.staging import Staging
from tests.reliability.proofs import (
    INTERRUPTED,
    Done,
    Folder,
    Job,
    Tally,
    call,
    ill_said,
    is_one_run,
    work_folder,
)
from tests.reliability.signals import NOTHING, SIGNALS, SOMETHING

_FIRST = Staging.replace.__code__


class Lines:
    """Counts the lines that are run from the start of publishing, and sends a signal at one of them, or at two."""

    def __init__(self, sent: signal.Signals, at: tuple[int, ...]) -> None:
        self.count = 0
        self._sent = sent
        self._at = at
        self._begun = False

    def trace(self, frame: FrameType, event: str, arg: Any) -> Any:  # noqa: ARG002  as sys.settrace wants it
        self._begun = self._begun or frame.f_code is _FIRST
        if self._begun and event == "line":
            self.count += 1
            if self.count in self._at:
                os.kill(os.getpid(), self._sent)
        return self.trace


def main() -> int:
    """Give 0 if every interrupted run ends as it should, else 1."""
    parser = argparse.ArgumentParser(description="interrupt runs at chosen lines")
    parser.add_argument("--points", type=int, default=200)
    options = parser.parse_args()
    with work_folder() as folder:
        tally = sweep(folder, points=options.points)
    return tally.close("runs interrupted at chosen lines")


def sweep(folder: Path, *, points: int) -> Tally:
    """Interrupt at so many lines, evenly apart, and as often a second time soon after."""
    tally = Tally("soak-signals")
    earlier, later = Job.make(folder, "earlier", 50), Job.make(folder, "later", 100, first=1000)
    template = folder / "template"
    Done.of(call("validate", earlier.source, "-c", earlier.contract, "-o", template, "-q"))
    place = _copied(template)
    done, lines = _forked(later, place, Lines(signal.SIGINT, ()))
    found = [*ill_said(done, {1}), *is_one_run(place.files(), later.clean)]
    tally.add("without a signal", "not interrupted", found)
    for number, line in enumerate(range(1, lines, max(lines // points, 1))):
        sent = SIGNALS[number % 2]
        for at in ((line,), (line, line + 10)):
            place = _copied(template)
            done, _ = _forked(later, place, Lines(sent, at))
            found = list(_wrong(done, place, earlier, later, twice=len(at) == 2))
            tally.add(f"{sent.name} at lines {at} of {lines}", _outcome(done), found)
    return tally


def _copied(template: Path) -> Folder:
    output = template.with_name("out")
    shutil.rmtree(output, ignore_errors=True)
    return Folder(shutil.copytree(template, output))


def _forked(job: Job, place: Folder, lines: Lines) -> tuple[Done, int]:
    """Run the command line in a fork; give how it ended, and how many lines were run from publishing on."""
    told = [place.path.with_suffix(suffix) for suffix in (".stdout", ".stderr", ".lines")]
    for path in told:
        path.write_bytes(b"")
    child = os.fork()
    if not child:
        try:
            for number, path in enumerate(told[:2], start=1):
                os.dup2(os.open(path, os.O_WRONLY | os.O_TRUNC), number)
            words = f"validate {job.source} -c {job.contract} -o {place.uri} -q --force --workers 1"
            sys.argv = ["callcenter-etl", *words.split()]
            code = _run_traced(lines)
            sys.stdout.flush()
            told[2].write_text(str(lines.count))
            os._exit(code)
        finally:
            os._exit(99)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    stdout, stderr, count = (path.read_text() for path in told)
    return Done(code, stdout, stderr), int(count or 0)


def _run_traced(lines: Lines) -> int:
    sys.settrace(lines.trace)
    try:
        command_line()
    except SystemExit as end:
        return int(end.code or 0)
    finally:
        sys.settrace(None)
    return 0


def _wrong(done: Done, place: Folder, earlier: Job, later: Job, *, twice: bool) -> Iterator[str]:
    yield from ill_said(done, {1, INTERRUPTED})
    files = place.files()
    if "summary.json" not in files and twice:
        if "in the middle of publishing" not in done.stderr:
            yield f"what stands is not said: {done.stderr!r}"
    else:
        is_new = files.get("target.csv") == later.clean["target.csv"]
        yield from is_one_run(files, (later if is_new else earlier).clean)
        if done.code == INTERRUPTED and (SOMETHING if is_new else NOTHING) not in done.stderr:
            yield f"what stands is not said: {done.stderr!r}, published anew: {is_new}"
    yield from (f"left behind: {name}" for name in place.litter() if not twice)
    again, _ = _forked(later, place, Lines(signal.SIGINT, ()))
    wrong_again = [*ill_said(again, {1}), *is_one_run(place.files(), later.clean)]
    yield from (f"run again: {each}" for each in wrong_again)
    yield from (f"left behind for good: {name}" for name in (*place.litter(), *place.unseen()))


def _outcome(done: Done) -> str:
    if done.code != INTERRUPTED:
        return "at its end anyway"
    return "interrupted after publishing" if SOMETHING in done.stderr else "interrupted before it, or in it"


if __name__ == "__main__":
    sys.exit(main())
