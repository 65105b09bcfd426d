"""Measures one whole process from outside: wall clock, processor time, peak memory.

The peak that the kernel reports for a child is never below that of its parent when it was started, so what calls
this stays small: the standard library alone.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

# The unit of ru_maxrss: KiB on Linux, bytes on macOS.
PEAK_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one process cost; `peak_bytes` is that of the largest process of its tree, `log` what it printed."""

    exit_code: int
    seconds: float
    cpu_seconds: float
    peak_bytes: int


def measure(command: tuple[str, ...], log: Path) -> Measurement:
    """Run the command with its output in `log`, which is written anew."""
    # What an earlier process left unwritten is not to be paid for by this one.
    os.sync()
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), flags, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    start = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=actions)
    _, status, used = os.wait4(child, 0)
    return Measurement(
        exit_code=os.waitstatus_to_exitcode(status),
        seconds=time.perf_counter() - start,
        cpu_seconds=used.ru_utime + used.ru_stime,
        peak_bytes=used.ru_maxrss * PEAK_UNIT,
    )
