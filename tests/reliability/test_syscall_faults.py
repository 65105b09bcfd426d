"""A system call that fails ends a run with a sentence and harms nothing. `make soak-calls` lets every one fail."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.reliability.proofs import Tally
from tests.reliability.syscall_faults import Lane, walk
from tests.reliability.syscall_jobs import LOCAL_JOBS
from tests.reliability.syscall_trace import Point, why_no_strace

# Each of them ended as a bug, with another file's name, or with half a file; `N` is the staging folder of the traced run.
POINTS = {
    "csv": (
        ("EMFILE", "openat", "out", 1),
        ("EIO", "getdents64", "out", 1),
        ("EIO", "newfstatat", "out/.target.before", 1),
        ("EIO", "read", "calls.csv", 1),
        ("ENOSPC", "openat", "N/keys-1/keys", 1),
        ("ENOSPC", "openat", "N/summary.json", 1),
        ("EIO", "rename", "N/summary.json", 1),
    ),
    "reprocess": (("EIO", "read", "out/summary.json", 1), ("EACCES", "openat", "again", 1)),
    "infer": (("ENOSPC", "write", ".new.yaml-*", 1),),
    "runs": (("EIO", "newfstatat", "out/ledger.sqlite", 1),),
}
STAGED = "out/.staging-20260101T000000Z-00000001"


@pytest.mark.parametrize("name", POINTS)
def test_a_call_that_fails_harms_nothing(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reason = why_no_strace(tmp_path)
    if reason is not None:
        pytest.skip(reason)
    (job,) = (each for each in LOCAL_JOBS if each.name == name)
    tally = Tally("calls")
    with Lane.of(job, tmp_path / name) as lane:
        points = lane.points()
        contract_tests = [
            (_found(points, call, str(lane.home / path.replace("N/", f"{STAGED}/")), number), error)
            for error, call, path, number in POINTS[name]
        ]
        walk(lane, contract_tests, tally)
    assert tally.broken == 0, capsys.readouterr().out
    assert tally.outcomes["not reached"] == 0, tally.outcomes
    assert tally.outcomes["ended with 3"] > 0


def _found(points: list[Point], call: str, pattern: str, number: int) -> Point:
    """Return the point of a call on a path that matches a pattern; a run that does not make it any more fails the test."""
    found = [
        each for each in points if (each.call, each.number) == (call, number) and fnmatch(each.path, pattern)
    ]
    assert found, f"no {call} {number} on {pattern}"
    return found[0]
