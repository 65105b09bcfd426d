"""Calls the command line many times a second: a server imports it once, and forks a process for each call.

`python -m tests.reliability.forked` is the server: a line of JSON a call, and a line of JSON for its end.
"""

from __future__ import annotations

import encodings
import faulthandler
import importlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NoReturn, cast

ROOT = Path(__file__).parents[2]
HANGS_AFTER = 120.0  # seconds; a call takes less than one, but on a busy machine twenty were too few
_POLL_SECONDS = 0.002
_STACK_SECONDS = 0.5  # for the stack of a process that hangs to be written


@dataclass(frozen=True, slots=True)
class Done:
    """How a call ended; `code` None where it hung and was killed."""

    code: int | None
    out: str
    err: str


class Server:
    """Processes that are forked from one in which everything is imported."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def call(
        self,
        words: Sequence[object],
        *,
        cwd: Path,
        environ: Mapping[str, str] | None = None,
        remove_cwd: bool = False,
        block_bytes: int | None = None,
        uid: int | None = None,
        timeout: float = HANGS_AFTER,
    ) -> Done:
        """Call the command line in `cwd`, which the process may remove first.

        It works as the user `uid`, which only root may choose.
        """
        job = {
            "words": [os.fspath(word) if isinstance(word, Path) else str(word) for word in words],
            "cwd": os.fspath(cwd),
            "environ": dict(os.environ if environ is None else environ),
            "remove_cwd": remove_cwd,
            "block_bytes": block_bytes,
            "uid": uid,
            "timeout": timeout,
        }
        print(json.dumps(job), file=self._process.stdin, flush=True)
        answer = cast("IO[str]", self._process.stdout).readline()
        assert answer, "the server of forked calls has ended"
        return Done(**json.loads(answer))


@contextmanager
def server() -> Iterator[Server]:
    """Start a server, and end it."""
    line = [sys.executable, "-m", "tests.reliability.forked"]
    with subprocess.Popen(
        line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        try:
            yield Server(process)
        finally:
            cast("IO[str]", process.stdin).close()
            process.wait(60)


def _serve() -> None:
    _import_all()
    _import_what_commands_import()
    for line in sys.stdin:
        print(json.dumps(_done(json.loads(line))), flush=True)


def _import_all() -> None:
    """Import what commands import while they work; none of it may start a thread, which a fork would lose."""
    from callcenter_etl.imports import leave_out

    leave_out("hypothesis", "pyspark.pandas")  # as the command line does, before anything imports pandera
    import deltalake  # noqa: F401

    import callcenter_etl.api
    import callcenter_etl.cli
    import callcenter_etl.diagnostics.html
    import callcenter_etl.judge.validator
    import callcenter_etl.tools.explain
    import callcenter_etl.tools.reprocess
    import callcenter_etl.writers.tables.delta.delta_target
    import callcenter_etl.writers.tables.parquet_target  # noqa: F401


def _import_what_commands_import() -> None:
    """Call commands in a process of its own, and import what they had imported.

    A user without rights may be unable to read the files of this interpreter; nothing is left to import for him then.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        try:
            _call_commands()
        finally:
            os.write(writing, "\n".join(sorted(sys.modules)).encode())
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as names:
        wanted = names.read().split("\n")
    os.waitpid(pid, 0)
    # pyspark's warns of pandas; the codecs are found by their names alone.
    codecs = [f"encodings.{each.name}" for each in pkgutil.iter_modules(encodings.__path__)]
    for name in (*codecs, *(name for name in wanted if not name.startswith("pyspark"))):
        with suppress(Exception):  # names that stand for no module, such as `__main__` and those of typing
            importlib.import_module(name)


def _call_commands() -> None:
    from tests.reliability.support import write_contract, written

    devnull = os.open(os.devnull, os.O_RDWR)
    os.dup2(devnull, 1)
    os.dup2(devnull, 2)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source, contract, output = written(folder), write_contract(folder), folder / "out"
        validate = ["validate", source, "-c", contract, "-o", output, "--report", folder / "r.html"]
        exceptions = output / "exceptions.csv"
        for words in (
            validate,
            [
                *validate,
                "--format",
                f"junit={folder}/j",
                "--format",
                f"sarif={folder}/s",
                "--format",
                "github",
            ],
            [*validate, "--force", "--target-format", "parquet"],
            [*validate, "--force", "--target-format", "delta"],
            ["runs", "list", "-o", output],
            ["runs", "show", "2", "-o", output],
            ["explain", output, "-c", contract],
            ["explain", source, "--line", "3", "-c", contract],
            ["reprocess", exceptions, "-c", contract],
            ["contract", "check", "missing"],
        ):
            _called({"block_bytes": None, "words": [str(word) for word in words]})


def _done(job: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = os.fork()
        if pid == 0:
            _work(job, out.fileno(), err.fileno())
        code = _code_of(pid, time.monotonic() + job["timeout"])
        texts = {}
        for name, file in (("out", out), ("err", err)):
            file.seek(0)
            texts[name] = file.read().decode("utf-8", "backslashreplace")
    return {"code": code, **texts}


def _code_of(pid: int, deadline: float) -> int | None:
    while time.monotonic() < deadline:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(_POLL_SECONDS)
    os.kill(pid, signal.SIGUSR1)
    time.sleep(_STACK_SECONDS)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


def _work(job: dict[str, Any], out: int, err: int) -> NoReturn:
    """Be the command line, and end."""
    code = 99
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        faulthandler.register(signal.SIGUSR1, all_threads=True)
        os.chdir(job["cwd"])
        if job["remove_cwd"]:
            Path(job["cwd"]).rmdir()
        if job["uid"] is not None:
            os.setgroups([])
            os.setuid(job["uid"])
        os.environ.clear()
        os.environ.update(job["environ"])
        # The command line puts streams of its own in their place: one that is collected must not close its descriptor.
        sys.stdin, sys.stdout, sys.stderr = (
            open(0, encoding="utf-8", closefd=False),  # noqa: SIM115  they live as long as the process
            open(1, "w", encoding="utf-8", closefd=False),  # noqa: SIM115
            open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False),  # noqa: SIM115
        )
        code = _called(job)
    finally:
        os._exit(code)


def _called(job: dict[str, Any]) -> int:
    from callcenter_etl.cli import main
    from tests.reliability.resume_driver import read_little

    if job["block_bytes"] is not None:
        read_little(job["block_bytes"])
    sys.argv[1:] = job["words"]
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 99
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return code


if __name__ == "__main__":
    _serve()
