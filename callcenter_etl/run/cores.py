"""Number of cores that a run may use, the default of --workers."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    # Not `os.cpu_count`, which returns the cores of the machine even where a container or `taskset` allows fewer.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
