"""What the long proofs share: a job, places that a run may publish to, what must hold there, and a closing line."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

import pytest

from callcenter_etl.writers.staging import CHECKPOINT_NAME
from tests.published import names_in
from tests.storage.buckets import Drops, use_server
from tests.storage.servers import moto_server

ROOT = Path(__file__).parents[2]
HANGS_AFTER = 3600.0  # by the clock: all processes may be stopped for a while and not hang
RECORDS = ("target.csv", "exceptions.csv", "rejected.csv")
PUBLISHED = (*RECORDS, "summary.json")
CONTRACT = """contract: calls
version: 1.2.0
columns:
  - {name: id, type: digits, unique: true}
  - {name: who, max_length: 8}
"""
SOUND = {0, 1}
UNFINISHED = 3
INTERRUPTED = 130


def source_bytes(records: int, *, first: int = 0, bad_every: int = 50) -> bytes:
    """Give a source in which one record of `bad_every` is rejected."""
    numbers = range(first, first + records)
    return b"id,who\n" + b"".join(b"%d,%s\n" % (n, b"x" * (8 if n % bad_every else 9)) for n in numbers)


@dataclass(frozen=True, slots=True)
class Job:
    """A source and a contract in a folder, and what a clean run makes of them."""

    source: Path
    contract: Path
    clean: dict[str, bytes]

    @classmethod
    def make(cls, folder: Path, name: str, records: int, *, first: int = 0) -> Self:
        source, contract = folder / f"{name}.csv", folder / "contract.yaml"
        source.write_bytes(source_bytes(records, first=first))
        contract.write_text(CONTRACT, encoding="utf-8")
        clean = folder / f"clean-{name}"
        done = Done.of(call("validate", source, "-c", contract, "-o", clean, "-q"))
        assert done.code == 1, done
        return cls(source, contract, {each: (clean / each).read_bytes() for each in RECORDS})


class Place(Protocol):
    """Where runs publish."""

    @property
    def uri(self) -> str: ...

    def files(self) -> dict[str, bytes]:
        """Give the published files."""

    def litter(self) -> list[str]:
        """Give the names of what stands there and should not."""

    def unseen(self) -> list[str]:
        """Give the names of what costs room there and no reader sees."""


def kept_in(folder: Path) -> list[str]:
    """Give the names of staging folders that are kept because a run can go on from them."""
    return [path.parent.name for path in folder.glob(f"*/{CHECKPOINT_NAME}")]


@dataclass(frozen=True, slots=True)
class Folder:
    """A local output."""

    path: Path

    @property
    def uri(self) -> str:
        return str(self.path)

    def files(self) -> dict[str, bytes]:
        return {name: (self.path / name).read_bytes() for name in PUBLISHED if (self.path / name).exists()}

    def litter(self) -> list[str]:
        kept = self.unseen()
        return [name for name in names_in(self.path) if name not in PUBLISHED and name not in kept]

    def unseen(self) -> list[str]:
        return kept_in(self.path)


@dataclass(frozen=True, slots=True)
class Prefix:
    """An output in a bucket."""

    drops: Drops
    name: str

    @property
    def uri(self) -> str:
        return self.drops.uri(self.name)

    def files(self) -> dict[str, bytes]:
        there = set(self.drops.keys(f"{self.name}/"))
        return {name: self.drops.get(key) for name in PUBLISHED if (key := f"{self.name}/{name}") in there}

    def litter(self) -> list[str]:
        names = [key.removeprefix(f"{self.name}/") for key in self.drops.keys(f"{self.name}/")]
        return [name for name in names if name not in PUBLISHED]

    def unseen(self) -> list[str]:
        return [key for key in self.drops.uploads() if key.startswith(f"{self.name}/")]


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended and what it said."""

    code: int
    stdout: str
    stderr: str

    @classmethod
    def of(cls, process: subprocess.Popen[bytes]) -> Self:
        """Wait for a command to end; one that hangs is killed."""
        with process:
            try:
                stdout, stderr = process.communicate(timeout=HANGS_AFTER)
            except subprocess.TimeoutExpired:
                process.kill()
                stdout, stderr = process.communicate()
        return cls(process.returncode, stdout.decode(), stderr.decode())


def call(*words: object, script: str | None = None, **environ: str) -> subprocess.Popen[bytes]:
    """Start the command line, or a script that calls it with these words."""
    start = ["-m", "callcenter_etl"] if script is None else ["-c", script]
    return subprocess.Popen(
        [sys.executable, *start, *map(str, words)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT if script is not None else None,
        env={**os.environ, **environ},
    )


def is_one_run(files: dict[str, bytes], clean: dict[str, bytes] | None = None) -> list[str]:
    """Say what is wrong with published files, which must be those of one run, of `clean`'s source where it is given."""
    if "summary.json" not in files:
        return [f"no summary, and {sorted(files)}"]
    outputs: dict[str, Any] = json.loads(files["summary.json"])["outputs"]
    found = []
    if {f"{name}.csv" for name in outputs} != set(files) - {"summary.json"}:
        found.append(f"the summary names {sorted(outputs)}, there are {sorted(files)}")
    for name, file in outputs.items():
        body = files.get(f"{name}.csv", b"")
        if (file["bytes"], file["sha256"]) != (len(body), hashlib.sha256(body).hexdigest()):
            found.append(f"{name}.csv is not what the summary says")
    if clean is not None and {name: files.get(name) for name in RECORDS} != clean:
        found.append("the files differ from those of a clean run")
    return found


def ill_said(done: Done, codes: set[int], *words: str) -> list[str]:
    """Say what is wrong with how a command ended: its code, a traceback, or an exit 3 that does not say `words`."""
    found = []
    if done.code not in codes:
        found.append(f"exit code {done.code}")
    if "Traceback" in done.stdout + done.stderr or "Exception ignored" in done.stderr:
        found.append("a traceback")
    if done.code == UNFINISHED and not any(line.startswith("error: ") for line in done.stderr.splitlines()):
        found.append("exit code 3 without a sentence")
    found += [
        f"{word!r} is not said" for word in words if done.code == UNFINISHED and word not in done.stderr
    ]
    return [f"{sentence}: {done.stderr[-600:]!r}" for sentence in found]


@dataclass(slots=True)
class Tally:
    """Counts how the trials of one proof went."""

    name: str
    outcomes: Counter[str] = field(default_factory=Counter)
    broken: int = 0
    start: float = field(default_factory=time.monotonic)

    def add(self, contract_test: str, outcome: str, found: list[str]) -> None:
        self.outcomes[outcome] += 1
        self.broken += bool(found)
        for sentence in found:
            print(f"{self.name}: {contract_test}: {sentence}", flush=True)

    def close(self, what: str) -> int:
        """Print the closing line; give the proof's exit code."""
        told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(self.outcomes.items()))
        seconds = time.monotonic() - self.start
        print(
            f"{self.name}: {self.outcomes.total()} {what} ({told}): {self.broken} broken, {seconds:.0f} s",
            flush=True,
        )
        return min(self.broken, 1)


@contextmanager
def work_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="proof-") as folder:
        yield Path(folder)


@contextmanager
def bucket_on_moto(folder: Path) -> Iterator[Drops]:
    """Give a bucket on a server of this proof's own, and the environment that leads to it."""
    with pytest.MonkeyPatch.context() as patch, moto_server(folder) as server:
        yield Drops(use_server(patch, server.endpoint), "proof", server)
