"""A run that kills itself at a gap: `python -m tests.tables.killed GAP SOURCE CONTRACT OUTPUT`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from callcenter_etl import validate
from callcenter_etl.writers.staging import Staging
from callcenter_etl.writers.tables.table_commit import Commit
from callcenter_etl.writers.tables.table_target_writer import CommittingSink


def _die(*_: Any, **__: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def _then_die(function: Callable[..., Any]) -> Callable[..., Any]:
    def called(*words: Any, **named: Any) -> Any:
        function(*words, **named)
        _die()

    return called


# Each gap: where a method is replaced by one that kills the process, before or after it did its work.
GAPS: dict[str, tuple[type, str, Callable[[Any], Callable[..., Any]]]] = {
    "files put, nothing published": (Commit, "prepare", _then_die),
    "earlier summary gone, no commit": (CommittingSink, "commit", lambda _: _die),
    "committed, its summary not written": (Commit, "commit", _then_die),
    "committed, files not renamed": (Staging, "commit_target", _then_die),
    "files renamed, no summary": (Staging, "_publish_summary", lambda _: _die),
}


def is_committed(gap: str) -> bool:
    """Tell whether the table has the run's rows at a gap."""
    return gap.startswith(("committed", "files renamed"))


def kill_at(gap: str, *words: object) -> None:
    """Run in another process, up to the gap; `words` are source, contract and output."""
    command = [sys.executable, "-m", "tests.tables.killed", gap, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


def main(gap: str, source: str, contract: str, output: str) -> None:
    """Run up to the gap."""
    kind, name, deadly = GAPS[gap]
    setattr(kind, name, deadly(getattr(kind, name)))
    validate(source, contract, output=output)


if __name__ == "__main__":
    main(*sys.argv[1:])
