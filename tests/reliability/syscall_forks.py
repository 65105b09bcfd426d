"""Runs commands in forked processes, under strace where asked: a new interpreter for each would spend a second on imports.

`python -m tests.reliability.syscall_forks` is the server: a line of JSON for a command, and a line of JSON for its end.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol, cast

from tests.reliability.same_names import start_names, use_same_names

ROOT = Path(__file__).parents[2]
ENDS_WITHIN = 120.0  # seconds; a command takes less than one, and others may share the machine
_POLL_SECONDS = 0.002
SCRIPT = """
from tests.reliability.same_names import use_same_names
use_same_names()
from callcenter_etl.cli import main
main()
"""


@dataclass(frozen=True, slots=True)
class Traced:
    """How a command ended; `code` None where it hung and was killed."""

    code: int | None
    stdout: str
    stderr: str


class Runner(Protocol):
    """Runs commands."""

    def run(self, words: Sequence[str], environ: Mapping[str, str], *, strace: Sequence[str] = ()) -> Traced:
        """Run a command, under strace with these options where there are any."""


class Interpreters:
    """Commands in interpreters of their own: for what cannot be forked."""

    def run(self, words: Sequence[str], environ: Mapping[str, str], *, strace: Sequence[str] = ()) -> Traced:
        """Run a command, under strace with these options where there are any."""
        before = ["strace", "-qq", "--seccomp-bpf", *strace] if strace else []
        line = [*before, sys.executable, "-c", SCRIPT, *words]
        done = subprocess.run(
            line, env={**environ}, cwd="/", capture_output=True, check=False, timeout=ENDS_WITHIN
        )
        return Traced(
            done.returncode, *(each.decode(errors="replace") for each in (done.stdout, done.stderr))
        )


class Forks:
    """Commands in processes that are forked from a server in which everything is imported."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, words: Sequence[str], environ: Mapping[str, str], *, strace: Sequence[str] = ()) -> Traced:
        """Run a command, under strace with these options where there are any.

        The server imports what the first command imported, for those that follow.
        """
        job = {"words": [*words], "environ": {**environ}, "strace": [*strace]}
        print(json.dumps(job), file=self._process.stdin, flush=True)
        answer = cast("IO[str]", self._process.stdout).readline()
        if not answer:
            raise RuntimeError("the server of forked commands has ended")
        return Traced(**json.loads(answer))


@contextmanager
def forks(environ: Mapping[str, str]) -> Iterator[Forks]:
    """Start a server with an environment, which libraries may read when they are imported; end it."""
    line = [sys.executable, "-m", "tests.reliability.syscall_forks"]
    with subprocess.Popen(
        line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env={**environ}
    ) as process:
        try:
            yield Forks(process)
        finally:
            cast("IO[str]", process.stdin).close()
            process.wait(60)


def _serve() -> None:
    """Answer each line; a forked process returns from here too, and ends as the command line ends."""
    _import_all()
    names = Path(tempfile.mkstemp(dir="/tmp")[1])
    while line := sys.stdin.readline():
        job = json.loads(line)
        with tempfile.TemporaryFile(dir="/tmp") as out, tempfile.TemporaryFile(dir="/tmp") as err:
            pid = os.fork()
            if pid == 0:
                _become_the_command(job, out.fileno(), err.fileno())
                _end_as_the_command_line(names)
            code = _code_of(pid, job["strace"])
            texts = {}
            for name, file in (("stdout", out), ("stderr", err)):
                file.seek(0)
                texts[name] = file.read().decode(errors="replace")
        if names.exists():
            _import(names.read_text(encoding="utf-8").split())
            names.unlink()
            _prepare()
        print(json.dumps({"code": code, **texts}), flush=True)


def _import_all() -> None:
    """Import what every command imports; none of it may start a thread, which a fork would lose."""
    from callcenter_etl.imports import leave_out

    leave_out("hypothesis", "pyspark.pandas")  # as the command line does, before anything imports pandera
    use_same_names()
    import callcenter_etl.cli
    import callcenter_etl.run.plan
    import callcenter_etl.tools.reprocess.reprocess_run  # noqa: F401


def _import(names: Sequence[str]) -> None:
    for name in names:
        if name not in sys.modules and not name.startswith(("pyspark", "__")):
            with suppress(Exception):  # names that stand for no module, such as those of typing
                importlib.import_module(name)


def _prepare() -> None:
    """Build once what each command would build for itself, in half of its time: options and validators."""
    import typer.main

    from callcenter_etl import documents
    from callcenter_etl.cli import app
    from callcenter_etl.run.checkpoints.checkpoint import Checkpoint
    from callcenter_etl.run.ledger.run_record import RunRecord
    from callcenter_etl.run.summary import Summary
    from callcenter_etl.writers.target_lock import LockOwner

    command = typer.main.get_command(app)
    typer.main.get_command = lambda _: command  # type: ignore[assignment]
    for form in (Summary, Checkpoint, RunRecord, LockOwner):
        documents._adapter_of(form)


def _become_the_command(job: dict[str, Any], out: int, err: int) -> None:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.chdir("/")
    os.environ.clear()
    os.environ.update(job["environ"])
    start_names()
    sys.argv[1:] = job["words"]
    if job["strace"]:
        os.kill(os.getpid(), signal.SIGSTOP)  # until strace looks on


def _end_as_the_command_line(names: Path) -> None:
    """Call the command line and let its end be that of this process, with all that an interpreter does then."""
    from callcenter_etl.cli import main

    try:
        main()
    finally:
        if names.exists():  # as for the first command alone
            names.write_text("\n".join(sorted(sys.modules)), encoding="utf-8")


def _code_of(pid: int, strace: Sequence[str]) -> int | None:
    if not strace:
        return _waited_for(pid, time.monotonic() + ENDS_WITHIN)
    os.waitpid(pid, os.WUNTRACED)
    with subprocess.Popen(["strace", "-qq", *strace, "-p", str(pid)], stdin=subprocess.DEVNULL) as tracer:
        while "TracerPid:\t0" in Path(f"/proc/{pid}/status").read_text(encoding="ascii"):
            if tracer.poll() is not None:
                os.kill(pid, signal.SIGKILL)
                raise RuntimeError(f"strace ended with {tracer.returncode}")
            time.sleep(_POLL_SECONDS)
        os.kill(pid, signal.SIGCONT)
        return _waited_for(pid, time.monotonic() + ENDS_WITHIN)


def _waited_for(pid: int, deadline: float) -> int | None:
    while time.monotonic() < deadline:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(_POLL_SECONDS)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


if __name__ == "__main__":
    _serve()
