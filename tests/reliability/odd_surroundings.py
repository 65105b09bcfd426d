"""`python -m tests.reliability.odd_surroundings`: commands in odd working folders, names, variables, locales, streams.

Each scenario is a function of a ground that yields all that is wrong.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.reliability.forked import HANGS_AFTER, ROOT, Done, Server, server
from tests.reliability.odd_state import SOUND, Ground, ground, ill_ended, wrong_files

NOBODY = 65534
VARIABLES = (
    *("output", "publish_to", "source", "staging", "chunk_rows", "workers", "fail_on", "max_findings"),
    *("checkpoint_seconds", "target_format", "engine", "parts", "max_rejected"),
    *("log_level", "log_format", "log_directory"),
)
VALUES = (
    *("", " ", "\x01", "é", os.fsdecode(b"\xff\xfe"), "9" * 100, "0", "-1", "-0", "1e999", "nan", "١"),
    *("/", "/dev/null", "/dev/full", "../..", "~", "$HOME", "a\nb", "-o", "%", "100%", "1e2%", "x" * 5000),
    *("s3://", "s3:///", "file://", "file:///proc/self/x", "ftp://x/y", "://", "true ", "None", "[]"),
)
NAMES = (
    *(
        b"a\nb.csv",
        b"\xff\xfe.csv",
        b"-rf.csv",
        b"--help",
        b" .csv",
        b"a\x1b[31m.csv",
        b"[bold].csv",
        b"%s.csv",
    ),
    *(b"\xe2\x80\xae.csv", b"a'b\".csv", b"*.csv", b"[a-z].csv", b"caf\xc3\xa9.csv", b"~.csv", b"a;b|c&.csv"),
    *(b"#.csv", b"a?b=c.csv", b"x" * 250 + b".csv", b"..csv", b"a\\b.csv", b"summary.json", b"target.csv"),
)
LOCALES: tuple[dict[str, str], ...] = (
    {"LANG": "C"},
    {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"LC_ALL": "tr_TR.UTF-8"},
    {"LANG": "not a locale", "LC_ALL": "xx_XX.xx"},
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "utf-16"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii:strict"},
    {"TZ": "../../etc/passwd", "COLUMNS": "-1", "LINES": "x", "TERM": "\x01"},
    {"COLUMNS": "1", "NO_COLOR": "1", "FORCE_COLOR": "1"},
)
Scenario = Callable[[Ground, Server], Iterator[str]]


def interpreter(
    line: Sequence[object], *flags: str, before: tuple[str, ...] = (), env: Mapping[str, str] | None = None
) -> Done:
    """Call the command line in an interpreter of its own, which the command `before` may start."""
    words = [*before, sys.executable, *flags, "-m", "callcenter_etl", *map(str, line)]
    try:
        done = subprocess.run(
            words, capture_output=True, check=False, timeout=3 * HANGS_AFTER, cwd=ROOT, env=env
        )
    except subprocess.TimeoutExpired:
        return Done(None, "", "")
    return Done(done.returncode, *(each.decode("utf-8", "replace") for each in (done.stdout, done.stderr)))


@contextmanager
def copied(place: Ground, name: str = "csv") -> Iterator[Path]:
    """Copy an output to where everybody may work."""
    with TemporaryDirectory() as folder:
        output = Path(folder) / "out"
        shutil.copytree(place.outputs[name], output, symlinks=True)
        for path in (Path(folder), output, *output.rglob("*")):
            path.chmod(0o777 if path.is_dir() else 0o666)
        yield output


def _all(place: Ground, call: Callable[[list[object]], Done], output: Path, what: str) -> Iterator[str]:
    for name, line in place.commands(output, "csv").items():
        for fault in ill_ended(call(line)):
            yield f"{name} with {what}: {fault}"


def removed_working_folder(place: Ground, calls: Server) -> Iterator[str]:
    """Commands are called in a folder that is gone, with whole paths and with relative ones."""
    for index, (source, output) in enumerate(((place.source, None), (Path("s.csv"), Path("out")))):
        with copied(place) as there:
            wanted = there if output is None else output
            lines = place.commands(wanted, "csv")
            lines |= {
                "check": ["contract", "check", place.contract],
                "relative": ["contract", "check", "c.json"],
            }
            for name, line in lines.items():
                gone = there.parent / f"gone{index}"
                gone.mkdir()
                words = [source if word == str(place.source) else word for word in line]
                for fault in ill_ended(calls.call(words, cwd=gone, remove_cwd=True)):
                    yield f"{name} in a removed folder: {fault}"


def odd_variables(place: Ground, calls: Server) -> Iterator[str]:
    """Each variable has each odd value; a user without rights on the system runs the command."""
    for variable in VARIABLES:
        for value in VALUES:
            with copied(place) as output:
                environ = {**os.environ, f"CALLCENTER_ETL_{variable.upper()}": value, "HOME": str(output)}
                line: list[object] = ["validate", "-c", place.contract]
                line += [] if variable == "source" else [place.source]
                line += [] if variable == "output" else ["-o", output]
                done = calls.call(line, cwd=output, environ=environ, uid=_nobody())
                for fault in ill_ended(done):
                    yield f"{variable} is {value[:20]!r}: {fault}"


def odd_folders(place: Ground, calls: Server) -> Iterator[str]:
    """HOME and the folder for temporary files are missing, no folders, or cannot be written."""
    for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME"):
        for value in (None, "", "/missing/folder", "/dev/null", "/proc", "relative", os.fsdecode(b"/\xff")):
            with copied(place) as output:
                environ = {key: text for key, text in os.environ.items() if key != name}
                environ |= {} if value is None else {name: value}

                def call(
                    line: list[object], environ: Mapping[str, str] = environ, cwd: Path = output
                ) -> Done:
                    return calls.call(line, cwd=cwd, environ=environ, uid=_nobody())

                yield from _all(place, call, output, f"{name}={value!r}")


def odd_names(place: Ground, calls: Server) -> Iterator[str]:
    """Sources have names with line breaks, bytes that are not UTF-8, dashes, escapes and wildcards."""
    for name in NAMES:
        with copied(place) as output:
            source = output.parent / os.fsdecode(name)
            shutil.copy(place.source, source)
            new = output.parent / "new"
            line: list[object] = ["validate", "-c", place.contract, "-o", new, "--report", output / "r.html"]
            files = ["--format", f"junit={output}/j", "--format", f"sarif={output}/s", "--format", "github"]
            for words in ([*line, source], [*line, *files, "--force", "--", os.fsdecode(name)]):
                done = calls.call(words, cwd=output.parent)
                faults = ill_ended(done) + (wrong_files(place, new) if done.code in SOUND else [])
                yield from (f"source {name!r}: {fault}" for fault in faults)
                if done.code not in SOUND:
                    yield f"source {name!r}: ends with {done.code}: {done.err[-300:]}"
            others = {
                **place.commands(new, "csv"),
                "line": ["explain", source, "-l", 2, "-c", place.contract],
            }
            for each in ("list", "list json", "explain", "reprocess", "line"):
                done = calls.call(others[each], cwd=output.parent)
                yield from (f"{each} after source {name!r}: {fault}" for fault in ill_ended(done))
                if done.code not in SOUND:
                    yield f"{each} after source {name!r}: ends with {done.code}: {done.err[-300:]}"


def odd_outputs(place: Ground, calls: Server) -> Iterator[str]:
    """Outputs have odd names."""
    for name in (*NAMES[:-2], b"a" * 255, b"a/" * 200 + b"b"):
        with copied(place) as output:
            folder = output.parent / os.fsdecode(name)
            for each, line in place.commands(folder, "csv").items():
                done = calls.call(line, cwd=output.parent)
                yield from (f"{each} into output {name[:30]!r}: {fault}" for fault in ill_ended(done))


def read_only(place: Ground, calls: Server) -> Iterator[str]:
    """The output, or one of its files, cannot be written or read by the user."""
    for name in ("parquet", "delta", "csv"):
        for part in (
            "target",
            "reprocessed",
            "target/_delta_log",
            "ledger.sqlite",
            "summary.json",
            "target.csv",
        ):
            with copied(place, name) as output:
                if not (output / part).exists():
                    (output / part).mkdir(parents=True)
                (output / part).chmod(0o000)
                for each, line in place.commands(output, name).items():
                    done = calls.call(line, cwd=output.parent, uid=_nobody())
                    yield from (f"{each} on {name}, {part} is closed: {fault}" for fault in ill_ended(done))
                (output / part).chmod(0o777)
    for name in ("csv", "killed"):
        for mode in (0o555, 0o444, 0o000):
            with copied(place, name) as output:
                every = [*sorted(output.rglob("*"), reverse=True), output]
                for path in every:
                    path.chmod(mode)

                def call(line: list[object], cwd: Path = output.parent) -> Done:
                    return calls.call(line, cwd=cwd, uid=_nobody())

                yield from _all(place, call, output, f"{name}, mode {mode:o}")
                for path in (output, *output.rglob("*")):
                    path.chmod(0o777)


def optimised(place: Ground, calls: Server) -> Iterator[str]:
    """Python leaves out assertions, and docstrings too."""
    for flag in ("-O", "-OO"):
        with copied(place) as output:
            yield from _all(place, lambda line, flag=flag: interpreter(line, flag), output, flag)  # type: ignore[misc]
            yield from (f"with {flag}: {fault}" for fault in wrong_files(place, output))
            for words in (["--help"], ["validate", "--help"], ["contract", "check", place.contract]):
                done = interpreter(words, flag)
                yield from (f"{words} with {flag}: {fault}" for fault in ill_ended(done))


def locales(place: Ground, calls: Server) -> Iterator[str]:
    """The locale is foreign, unknown, or without letters beyond ASCII."""
    for environ in LOCALES:
        with copied(place) as output:
            source = output.parent / "café \u202e.csv"
            shutil.copy(place.source, source)
            kept = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "PYTHONIO"))}
            commands = place.commands(output, "csv")
            for name in ("validate", "again", "list", "list json", "show", "explain"):
                words = [source if word == str(place.source) else word for word in commands[name]]
                done = interpreter(words, env={**kept, **environ})
                yield from (f"{name} with {environ}: {fault}" for fault in ill_ended(done))
            yield from (f"with {environ}: {fault}" for fault in wrong_files(place, output))


def closed_streams(place: Ground, calls: Server) -> Iterator[str]:
    """Standard input, output and error are closed before the interpreter starts."""
    for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        with copied(place) as output:

            def call(line: list[object], closed: str = closed) -> Done:
                return interpreter(line, before=("sh", "-c", f'exec "$@" {closed}', "sh"))

            yield from _all(place, call, output, f"{closed} in the shell")


def together(place: Ground, calls: Server) -> Iterator[str]:
    """Several runs, reprocesses and readers work on one output at once."""
    for name in ("csv", "killed"):
        with copied(place, name) as output:
            commands = place.commands(output, "csv")
            wanted = [commands[each] for each in ("again", "validate", "list", "again", "reprocess", "show")]
            with ThreadPoolExecutor(len(wanted)) as threads:
                done = list(threads.map(interpreter, wanted))
            yield from (f"together on {name}: {fault}" for each in done for fault in ill_ended(each))
            yield from wrong_files(place, output)


def _nobody() -> int | None:
    return NOBODY if os.geteuid() == 0 else None


SCENARIOS: dict[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (
        removed_working_folder,
        odd_variables,
        odd_folders,
        odd_names,
        odd_outputs,
        read_only,
        optimised,
        locales,
        closed_streams,
        together,
    )
}


def main() -> int:
    """Return 0 if every command ends as it should in every scenario, else 1."""
    parser = argparse.ArgumentParser(description="call each command in odd surroundings")
    parser.add_argument("--scenario", choices=SCENARIOS, action="append", help="only these")
    options = parser.parse_args()
    count = 0
    with server() as calls, readable_ground(calls) as place:
        for name in options.scenario or SCENARIOS:
            for fault in SCENARIOS[name](place, calls):
                count += 1
                print(f"{name}: {fault}", flush=True)
    print(f"soak-state: {len(options.scenario or SCENARIOS):,} kinds of surroundings, {count:,} faults")
    return 1 if count else 0


@contextmanager
def readable_ground(calls: Server) -> Iterator[Ground]:
    """Make a ground that every user may read."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        place = ground(Path(folder), calls)
        for path in (place.source, place.contract):
            path.chmod(0o644)
        yield place


if __name__ == "__main__":
    raise SystemExit(main())
