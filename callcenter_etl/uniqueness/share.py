"""Share of memory and open files that each of several key registries may use."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from callcenter_etl.errors import OutputError
from callcenter_etl.uniqueness.key_registry import FILTER_BYTES, MAX_RUNS, MEMORY_ENTRIES, KeyRegistry

# Up to this number of registries each has the full size; more of them divide the memory of this number.
FULL_REGISTRIES = 16
MIN_FILTER_BYTES, MIN_ENTRIES, MIN_RUNS = 2**16, 1_000, 3
# A registry opens a file of keys and one of lines; a merge of runs has the new run open as well.
_FILES_A_REGISTRY = 3
# Reserved for all other files and connections of a run.
_RESERVED_FILES = 200


@dataclass(frozen=True, slots=True)
class Share:
    """Limits of one of several registries."""

    filter_bytes: int
    memory_entries: int
    max_runs: int


def share_among(registries: int, open_files: int | None) -> Share:
    """Return the share of one of several registries; `open_files` is the limit of the process, None for no limit.

    Raises OutputError where the registries need more open files than that.
    """
    runs = MAX_RUNS
    if open_files is not None and registries:
        runs = min(runs, (open_files - _RESERVED_FILES) // registries - _FILES_A_REGISTRY)
    if runs < MIN_RUNS:
        needed = registries * (MIN_RUNS + _FILES_A_REGISTRY) + _RESERVED_FILES
        raise OutputError(
            f"{registries:,} unique rules need {needed:,} open files, and the system allows {open_files:,} "
            "(raise the limit with 'ulimit -n', or declare fewer unique rules)"
        )
    parts = max(registries, FULL_REGISTRIES)
    return Share(
        filter_bytes=max(MIN_FILTER_BYTES, FILTER_BYTES * FULL_REGISTRIES // parts),
        memory_entries=max(MIN_ENTRIES, MEMORY_ENTRIES * FULL_REGISTRIES // parts),
        max_runs=runs,
    )


def make_registries(directories: Mapping[str, Path]) -> dict[str, KeyRegistry]:
    """Return a registry for each rule id, with files in the rule's directory; all may be open at the same time.

    Raises OutputError where they need more open files than the system allows.
    """
    share = share_among(len(directories), _allow_open_files(len(directories)))
    return {
        rule: KeyRegistry(
            directory,
            memory_entries=share.memory_entries,
            filter_bytes=share.filter_bytes,
            max_runs=share.max_runs,
        )
        for rule, directory in directories.items()
    }


def make_temporary_registries(rules: list[str]) -> dict[str, KeyRegistry]:
    """Return a registry for each rule id, with files in the system's temporary folder."""
    return make_registries(dict.fromkeys(rules, Path(tempfile.gettempdir())))


def _allow_open_files(registries: int) -> int | None:
    """Increase the process's limit of open files as far as needed and allowed; return the limit, None for no limit."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return None
    wanted = registries * (MAX_RUNS + _FILES_A_REGISTRY) + _RESERVED_FILES
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if allowed <= soft:
        return soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    except (OSError, ValueError):  # some systems refuse a value although it is below the hard limit
        return soft
    return allowed
