"""Run a command under strace: list its system calls on paths of its own, and let one of them fail.

A call is named by (system call, path, number), which is how `strace --trace-path` counts it. Calls on other paths, above
all those of the interpreter's imports, are neither counted nor failed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.reliability.syscall_forks import Runner, Traced

# Reading a folder's or a file's state changes nothing; these are the calls that do, or without which a run cannot read.
CALLS = (
    *("openat", "read", "pread64", "write", "pwrite64", "writev", "pwritev", "copy_file_range", "mmap"),
    *("fsync", "fdatasync", "ftruncate", "fallocate", "flock", "close"),
    *("rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir"),
    *("chmod", "fchmod", "fchmodat", "newfstatat", "statx", "statfs", "getdents64", "utimensat"),
)
_CALL = re.compile(r"(\w+)\((.*)\)\s+= ")
_DESCRIPTOR = re.compile(r"\b\d+<([^>]*)>")
_QUOTED = re.compile(r'"([^"]*)"')
_INJECTED = "(INJECTED)"
_BY_FIRST_PATH = frozenset({"rename", "link"})  # as strace looks at no other one of theirs
_TAKES_DATA = frozenset({"read", "pread64", "write", "pwrite64", "writev", "pwritev"})


@dataclass(frozen=True, slots=True)
class Point:
    """The `number`th call (1-based) of a kind on one path."""

    call: str
    path: str
    number: int

    def __str__(self) -> str:
        return f"{self.call} {self.number} on {self.path}"


def why_no_strace(folder: Path) -> str | None:
    """Return why no command can be traced here, None where it can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    log = ["strace", "-f", "-qq", "-o", str(folder / "trial"), "true"]
    done = subprocess.run(log, capture_output=True, text=True, check=False)
    return f"strace cannot trace here: {done.stderr.strip()}" if done.returncode else None


def points_of(
    calls: Runner, words: list[str], home: Path, logs: Path, environ: dict[str, str]
) -> list[Point]:
    """Run a command undisturbed; return the points of all its calls on paths in `home`, in no order that matters."""
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir()
    options = ["-ff", "-y", "-s", "4", "-o", str(logs / "log"), "-e", f"trace={','.join(CALLS)}"]
    calls.run(words, environ, strace=options)
    most: Counter[tuple[str, str]] = Counter()
    for log in sorted(logs.iterdir()):
        # strace counts for each thread: where two make the same call on one path, both n-th ones fail.
        counts = Counter(
            (call, path)
            for line in log.read_text(errors="replace").splitlines()
            for call, path in _calls_in(line, home)
        )
        for key, count in counts.items():
            most[key] = max(most[key], count)
    return [Point(call, path, number + 1) for (call, path), count in most.items() for number in range(count)]


def _calls_in(line: str, home: Path) -> Iterator[tuple[str, str]]:
    found = _CALL.match(line)
    if found is None:
        return
    call, words = found.groups()
    quoted = [] if call in _TAKES_DATA else _QUOTED.findall(words)
    if call in _BY_FIRST_PATH:
        quoted = quoted[:1]
    paths = [path for path in (*_DESCRIPTOR.findall(words), *quoted) if Path(path).is_relative_to(home)]
    for path in dict.fromkeys(paths):
        yield call, path


def with_fault(
    calls: Runner, words: list[str], environ: dict[str, str], point: Point, *, error: str, log: Path
) -> tuple[Traced, bool]:
    """Run a command while one call fails; return how it ended, and whether the call was made at all."""
    options = ["-f", "-y", "-s", "4", "-P", point.path, "-o", str(log), "-e", f"trace={point.call}"]
    inject = f"inject={point.call}:error={error}:when={point.number}"
    done = calls.run(words, environ, strace=[*options, "-e", inject])
    return done, _INJECTED in log.read_text(errors="replace")
