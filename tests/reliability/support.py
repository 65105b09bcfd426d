"""A small contract, sources for it, and the product run on them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from callcenter_etl import load_contract, validate
from callcenter_etl.api_contract import Contract
from callcenter_etl.run.result import RunResult

CONTRACT: dict[str, Any] = {"contract": "c", "columns": [{"name": "id", "type": "digits"}, {"name": "note"}]}
DATA = b"id,note\n1,a\nx,b\n3,c\n"


def contract(**more: Any) -> Contract:
    return load_contract({**CONTRACT, **more})


def written(folder: Path, data: bytes = DATA, name: str = "s.csv") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def write_contract(folder: Path, **more: Any) -> Path:
    path = folder / "c.json"
    path.write_text(json.dumps({**CONTRACT, **more}), encoding="utf-8")
    return path


def run(folder: Path, data: bytes = DATA, **options: Any) -> RunResult:
    """Run into `folder/out`."""
    return validate(written(folder, data), contract(), output=folder / "out", **options)


def command(*words: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """Call the command line."""
    line = [sys.executable, "-m", "callcenter_etl", *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, check=False, timeout=600, **options)


def waiting_run(folder: Path, output: Path) -> subprocess.Popen[bytes]:
    """Start a run that reads standard input and so waits; it holds its target once this returns."""
    line = [sys.executable, "-m", "callcenter_etl", "validate", "-", "-c", str(write_contract(folder)), "-q"]
    process = subprocess.Popen([*line, "-o", str(output)], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    lock = output / ".callcenter_etl.lock"
    wait_until(lambda: lock.exists() and lock.stat().st_size > 0)
    return process


def wait_until(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def contents(output: Path) -> dict[str, tuple[bytes, int]]:
    """Give bytes and time of change of each published file."""
    names = ("target.csv", "exceptions.csv", "rejected.csv", "summary.json")
    paths = [output / name for name in names if (output / name).exists()]
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}
