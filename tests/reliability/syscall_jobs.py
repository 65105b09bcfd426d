"""Small jobs of every kind, each in a folder of its own, for the walk over their system calls."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from tests.reliability.syscall_forks import Interpreters, Runner, forks
from tests.storage.buckets import Drops

EARLIER = b"id,who,day\n1,a,2025-01-01\n2,b,2025-01-01\nx,c,2025-01-02\n"
LATER = b"id,who,day\n3,d,2025-01-01\n3,e,2025-01-01\n4,f,2025-01-02\nlong\n"
CONTRACT = """contract: calls
columns:
  - {name: id, type: digits, unique: true}
  - {name: who, lookup: {file: LOOKUP, column: who}}
  - {name: day, type: date}
run:
  log: {directory: LOGS}
"""
RECORDS = ("target.csv", "exceptions.csv", "rejected.csv")
Contents = Mapping[str, object]
SMALL = {"CALLCENTER_ETL_CHECKPOINT_SECONDS": "0.000001"}
KILLED_AFTER_CHECKPOINT = """
import os, signal
from callcenter_etl.run.checkpoints import checkpointer
write = checkpointer.write_checkpoint
def write_and_die(*words):
    write(*words)
    os.kill(os.getpid(), signal.SIGKILL)
checkpointer.write_checkpoint = write_and_die
from callcenter_etl.cli import main
main()
"""


@dataclass(frozen=True, slots=True)
class Job:
    """One kind of work in the folder `home`.

    `prepare` makes what is there before; `words` is the command that is walked, and run again after each fault;
    `observe` returns what a user would find, without what differs from run to run. `codes` are those of an undisturbed
    run, `promised` are files that are there after one. `restore` puts back what is there before and not in the folder.
    """

    name: str
    words: Callable[[Path], list[str]]
    observe: Callable[[Path], Contents]
    prepare: Callable[[Path, dict[str, str]], None]
    codes: frozenset[int] = frozenset({1})
    walks_ledger: bool = False
    promised: tuple[str, ...] = ()
    restore: Callable[[], None] = lambda: None
    environ: Mapping[str, str] = field(default_factory=dict)
    runner: Callable[[Mapping[str, str]], AbstractContextManager[Runner]] = forks


def environ_of(home: Path, run: int, more: Mapping[str, str]) -> dict[str, str]:
    """Return a bare environment in which all that a run writes is in `home`."""
    wanted = {
        name: text for name, text in os.environ.items() if name in ("PATH", "LANG") or name.startswith("AWS_")
    }
    return {
        **wanted,
        "HOME": str(home.parent),
        "TMPDIR": str(home / "tmp"),
        "TRACED_RUN": str(run),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        **{name: text.replace("HOME", str(home)) for name, text in more.items()},
    }


def write_inputs(home: Path, *, more: str = "") -> None:
    """Write contract, lookup and the earlier source."""
    for name in ("tmp", "out"):
        (home / name).mkdir(parents=True)
    contract = CONTRACT.replace("LOOKUP", str(home / "who.csv")).replace("LOGS", str(home / "logs"))
    (home / "contract.yaml").write_text(contract + more.replace("HOME", str(home)), encoding="utf-8")
    (home / "who.csv").write_bytes(b"who\na\nb\nd\nf\n")
    (home / "calls.csv").write_bytes(EARLIER)


def _call(home: Path, environ: dict[str, str], words: list[str], *codes: int) -> None:
    done = Interpreters().run(words, environ)
    if done.code not in codes:
        raise RuntimeError(f"{words}: ended with {done.code}: {done.stderr}")


def _validate(home: Path, *more: str) -> list[str]:
    words = ["validate", str(home / "calls.csv"), "-c", str(home / "contract.yaml"), "-o", str(home / "out")]
    return [*words, *more]


def _one_run_before(more: str = "", *options: str) -> Callable[[Path, dict[str, str]], None]:
    """Return what prepares an output with an earlier run in it, and a source that has changed since."""

    def prepare(home: Path, environ: dict[str, str]) -> None:
        write_inputs(home, more=more)
        _call(home, environ, _validate(home, "-q", *options), 1)
        (home / "calls.csv").write_bytes(LATER)

    return prepare


def published(home: Path) -> Contents:
    """Return the published files; of the summary, the counts alone."""
    output = home / "out"
    found: dict[str, object] = {
        name: (output / name).read_bytes() for name in RECORDS if (output / name).exists()
    }
    summary = output / "summary.json"
    if summary.exists():
        found["summary"] = _counts(json.loads(summary.read_bytes()))
    return found


def _counts(summary: dict[str, object]) -> object:
    outputs = summary.get("outputs")
    named = {name: file["sha256"] for name, file in outputs.items()} if isinstance(outputs, dict) else None
    return summary.get("status"), summary.get("records"), named


def published_parquet(home: Path) -> Contents:
    """Return the published files, and all below the target's folder."""
    target = home / "out" / "target"
    files = {str(path.relative_to(target)): path.read_bytes() for path in target.rglob("*") if path.is_file()}
    return {**published(home), **files}


def published_delta(home: Path) -> Contents:
    """Return the published files and the rows of the table."""
    from deltalake import DeltaTable

    rows = DeltaTable(str(home / "out" / "target")).to_pyarrow_table().to_pylist()
    return {**_without_hashes(home), "rows": sorted(map(str, rows))}


def published_iceberg(home: Path) -> Contents:
    """Return the published files and the rows of the table."""
    from pyiceberg.catalog import load_catalog

    uri, warehouse = f"sqlite:///{home}/catalog.db", f"file://{home}/warehouse"
    catalog = load_catalog("own", type="sql", uri=uri, warehouse=warehouse)
    rows = catalog.load_table("calls.daily").scan().to_arrow().to_pylist()
    catalog.close()
    return {**_without_hashes(home), "rows": sorted(map(str, rows))}


def _without_hashes(home: Path) -> dict[str, object]:
    """Return the published files where the target's hash differs from run to run."""
    found = dict(published(home))
    if isinstance(summary := found.get("summary"), tuple):
        found["summary"] = str(summary[:2])
    return found


TABLE = "  table: {catalog: own, identifier: calls.daily}\n"
CATALOG = {
    "PYICEBERG_CATALOG__OWN__TYPE": "sql",
    "PYICEBERG_CATALOG__OWN__URI": "sqlite:///HOME/catalog.db",
    "PYICEBERG_CATALOG__OWN__WAREHOUSE": "file://HOME/warehouse",
}


def _prepare_resume(home: Path, environ: dict[str, str]) -> None:
    """Leave what a killed run left: its checkpoint, at the beginning of the changed source."""
    write_inputs(home)
    _call(home, environ, _validate(home, "-q"), 1)
    (home / "calls.csv").write_bytes(LATER)
    line = [sys.executable, "-c", KILLED_AFTER_CHECKPOINT, *_validate(home, "-q")]
    subprocess.run(line, env={**environ, **SMALL}, check=False, cwd="/", capture_output=True)
    if not list((home / "out").glob(".staging-*/checkpoint.json")):
        raise RuntimeError("no checkpoint was left to resume from")


def _prepare_reprocess(home: Path, environ: dict[str, str]) -> None:
    write_inputs(home)
    (home / "calls.csv").write_bytes(LATER)
    _call(home, environ, _validate(home, "-q"), 1)
    corrected = (home / "out" / "exceptions.csv").read_bytes().replace(b",e,", b",d,").replace(b"3,d", b"5,d")
    (home / "corrected.csv").write_bytes(corrected)


def _reprocess(home: Path) -> list[str]:
    words = ["reprocess", str(home / "corrected.csv"), "-c", str(home / "contract.yaml")]
    return [*words, "--run-output", str(home / "out"), "-o", str(home / "again")]


def reprocessed(home: Path) -> Contents:
    """Return the files of every reprocess, by their kind, so that a record recovered twice would show."""
    found: dict[str, object] = {}
    for folder in sorted((home / "again").glob("2*")):
        for name in (*RECORDS, "recovered.csv"):
            path = folder / name
            found[f"{name} {sum(name in each for each in found)}"] = path.read_bytes()
        if not (folder / "summary.json").exists():
            found["half"] = folder.name
    return found


def _runs_in_ledger(home: Path) -> Contents:
    with closing(sqlite3.connect(home / "out" / "ledger.sqlite")) as connection:
        return {"runs": connection.execute("SELECT run_id, status FROM runs").fetchall()}


def _file(name: str) -> Callable[[Path], Contents]:
    return lambda home: {name: (home / name).read_bytes()} if (home / name).exists() else {}


def _page(home: Path) -> Contents:
    """Return the published files, and the page where it is cut short: a whole one names the run, which differs each time.

    A page may also be about a run that could not be finished.
    """
    page = home / "page.html"
    text = page.read_text(encoding="utf-8").rstrip() if page.exists() else "</html>"
    return {**published(home), **({} if text.endswith("</html>") else {"page": text})}


def copied(source: Path, target: Path) -> None:
    """Put a copy of a folder in the place of another, with all dates."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True)


def _again(*more: str) -> Callable[[Path], list[str]]:
    return lambda home: _validate(home, *more)


def job_on_s3(drops: Drops) -> Job:
    """Return the job that reads a source from a bucket and writes back into it; its files wait in the job's folder."""
    earlier: dict[str, bytes] = {}

    def files() -> dict[str, bytes]:
        return {key: drops.get(key) for key in drops.keys("out/")}

    def words(home: Path) -> list[str]:
        place = ["-o", drops.uri("out"), "--staging", str(home / "stage")]
        return ["validate", drops.uri("calls.csv"), "-c", str(home / "contract.yaml"), *place]

    def prepare(home: Path, environ: dict[str, str]) -> None:
        write_inputs(home)
        (home / "stage").mkdir()
        drops.put("calls.csv", EARLIER)
        _call(home, environ, words(home), 1)
        drops.put("calls.csv", LATER)
        earlier.update(files())

    def restore() -> None:
        for key in drops.keys("out/"):
            drops.client.delete_object(Bucket=drops.bucket, Key=key)
        for key, body in earlier.items():
            drops.put(key, body)

    def observe(home: Path) -> Contents:
        found: dict[str, object] = {
            name: body for key, body in files().items() if (name := key[4:]) in RECORDS
        }
        summary = files().get("out/summary.json")
        if summary is not None:
            found["summary"] = _counts(json.loads(summary))
        if left := drops.uploads():
            found["unseen"] = left
        return found

    return Job("s3", words, observe, prepare, restore=restore, runner=lambda _: nullcontext(Interpreters()))


LOCAL_JOBS = (
    Job("csv", _again(), published, _one_run_before(), walks_ledger=True),
    Job("checkpoints", _again(), published, _one_run_before(), environ=SMALL),
    Job("resume", _again(), published, _prepare_resume, environ=SMALL),
    Job(
        "parquet",
        _again("--target-format", "parquet"),
        published_parquet,
        _one_run_before("  layout: {partition_by: [day]}\n", "--target-format", "parquet"),
    ),
    Job(
        "delta",
        _again("--target-format", "delta"),
        published_delta,
        _one_run_before("", "--target-format", "delta"),
    ),
    Job(
        "iceberg",
        _again("--target-format", "iceberg"),
        published_iceberg,
        _one_run_before(TABLE, "--target-format", "iceberg"),
        environ=CATALOG,
    ),
    Job("reprocess", _reprocess, reprocessed, _prepare_reprocess),
    Job(
        "report",
        lambda home: _validate(home, "--report", str(home / "page.html")),
        _page,
        _one_run_before(),
        promised=("page.html",),
    ),
    Job(
        "runs",
        lambda home: ["runs", "list", "-o", str(home / "out")],
        _runs_in_ledger,
        _one_run_before(),
        frozenset({0}),
        walks_ledger=True,
    ),
    Job(
        "infer",
        lambda home: ["contract", "infer", str(home / "calls.csv"), "-o", str(home / "new.yaml"), "--force"],
        _file("new.yaml"),
        _one_run_before(),
        frozenset({0}),
    ),
)
