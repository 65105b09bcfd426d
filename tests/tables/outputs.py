"""Reads published targets back, and sources to make them of."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

COLUMNS: list[dict[str, Any]] = [
    {"name": "call_id", "type": "integer", "required": True, "min": 0, "max": 10**12},
    {"name": "day", "type": "date"},
    {"name": "at", "type": "datetime"},
    {"name": "amount", "type": "decimal"},
    {"name": "ok", "type": "boolean"},
    {"name": "note", "classification": "personal"},
]
HEADER = "call_id,day,at,amount,ok,note"


def contract_of(**run: Any) -> dict[str, Any]:
    return {
        "contract": "calls",
        "version": "1.0.0",
        "columns": COLUMNS,
        "run": {"target_format": "parquet", **run},
    }


def record(number: int, *, days: int = 5, word: str = "n") -> str:
    day = f"2025-01-{number % days + 1:02}"
    amount = ("1.50", "-2", "", "1e30", "12345678901234567.123456789")[number % 5]
    return f"{number},{day},{day} {number % 24:02}:00:00,{amount},{('true', 'FALSE', '')[number % 3]},{word}{number}"


def write_source(path: Path, numbers: range, *, bad: int = 0, **shape: Any) -> Path:
    lines = [HEADER, *(record(number, **shape) for number in numbers), *(["x,bad,,,,"] * bad)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def listing_of(folder: Path) -> dict[str, str]:
    """Give the SHA-256 of each file of a folder by its path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def listing_sha256(folder: Path) -> str:
    """Give what the documentation's shell line gives."""
    line = "sha256sum $(find * -name '*.parquet' | LC_ALL=C sort) | sha256sum"
    done = subprocess.run(["sh", "-c", line], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.split()[0]


def rows_of(target: Path, order: str = "call_id") -> list[dict[str, Any]]:
    """Read a target with DuckDB, in order of a column."""
    where = f"{target}/**/*.parquet" if target.is_dir() else str(target)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found = connection.execute(
            f"SELECT * FROM read_parquet('{where}', hive_partitioning = {target.is_dir()}) ORDER BY {order}"  # noqa: S608  a test's own path
        )
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def records_in(target: Path) -> int:
    paths = target.rglob("*.parquet") if target.is_dir() else [target]
    return sum(int(pq.read_metadata(path).num_rows) for path in paths)


def cli(*words: object, environ: Mapping[str, str] | None = None) -> tuple[int, dict[str, Any], str]:
    """Run the command line; give its exit code, its summary, and what it said on standard error."""
    line = [
        sys.executable,
        "-m",
        "callcenter_etl",
        "validate",
        *map(str, words),
        "--format",
        "json",
        "--quiet",
    ]
    done = subprocess.run(
        line, capture_output=True, text=True, check=False, env={**os.environ, **(environ or {})}
    )
    return done.returncode, json.loads(done.stdout or "{}"), done.stderr
