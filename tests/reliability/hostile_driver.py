"""`python -m tests.reliability.hostile_driver`: the command line, in a process of its own for each request, bounded.

Reads a JSON array of words a line; writes a JSON object a line: exit code, what was said, processor seconds and MiB.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import callcenter_etl.api  # noqa: F401  what takes long to import is there before the clock runs
from callcenter_etl.cli import main as command_line

MEMORY = 600 * 2**20  # beyond what the imports take
SECONDS = 10
WALL_SECONDS = 600


def main() -> None:
    """Serve until the input ends."""
    for line in sys.stdin:
        print(json.dumps(serve(json.loads(line))), flush=True)


def serve(words: list[str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as scratch:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        child = os.fork()
        if child == 0:
            _become(words, Path(scratch))
        _, status, usage = os.wait4(child, 0)
        said = "".join((Path(scratch) / name).read_text(errors="replace") for name in ("out", "err"))
    return {
        "code": os.waitstatus_to_exitcode(status),
        "said": said,
        "seconds": usage.ru_utime + usage.ru_stime,
        "mebibytes": max(0, usage.ru_maxrss - before) / 1024,
    }


def _become(words: list[str], scratch: Path) -> None:
    for descriptor, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(scratch / name, os.O_WRONLY | os.O_CREAT), descriptor)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    signal.alarm(WALL_SECONDS)  # whoever waits for ever uses no processor
    sys.argv = ["callcenter-etl", *words]
    code = 70
    try:
        command_line()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
