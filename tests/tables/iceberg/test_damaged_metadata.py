"""Damaged metadata of an Iceberg table end a run with exit code 3: in a process of its own, which an overflow would kill."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tables.delta.test_runs import contract, source
from tests.tables.iceberg.catalogs import properties
from tests.tables.iceberg.test_runs import TABLE

LEVELS = 100_000
ARRAY = b'{"type":"array","items":'


def newest(folder: Path, pattern: str) -> Path:
    return max((folder / "warehouse").rglob(pattern), key=lambda path: path.stat().st_mtime_ns)


def zigzag(number: int) -> bytes:
    """Return a length as Avro writes it."""
    rest, written = number << 1, b""
    while rest > 0x7F:
        written += bytes([rest & 0x7F | 0x80])
        rest >>= 7
    return written + bytes([rest])


def deep_avro() -> bytes:
    schema = ARRAY * LEVELS + b'"int"' + b"}" * LEVELS
    key = b"avro.schema"
    return (
        b"Obj\x01" + zigzag(1) + zigzag(len(key)) + key + zigzag(len(schema)) + schema + zigzag(0) + b"0" * 16
    )


def deep_metadata(folder: Path) -> None:
    newest(folder, "*.metadata.json").write_text("[" * LEVELS + "]" * LEVELS)


def deep_type(folder: Path) -> None:
    """Nest a type as deeply as JSON may be, and deeper than Python recurs."""
    path, levels = newest(folder, "*.metadata.json"), 150
    deep = (
        '{"type":"list","element-id":1,"element-required":false,"element":' * levels
        + '"string"'
        + "}" * levels
    )
    path.write_text(path.read_text().replace('"type":"string"', f'"type":{deep}', 1))


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "nested metadata": (
        deep_metadata,
        "the table's metadata cannot be read: Invalid JSON: recursion limit exceeded",
    ),
    "a nested type": (deep_type, "the table's metadata cannot be read: nested too deeply"),
    "a nested manifest list": (
        lambda folder: newest(folder, "snap-*.avro").write_bytes(deep_avro()),
        "the table's metadata cannot be read: nested too deeply",
    ),
    "a cut manifest": (
        lambda folder: newest(folder, "*-m0.avro").write_bytes(
            newest(folder, "*-m0.avro").read_bytes()[:900]
        ),
        "calls.daily: ",
    ),
}


@pytest.mark.parametrize(("damage", "cause"), DAMAGES.values(), ids=DAMAGES)
def test_damaged_metadata_end_a_run_with_place_and_cause(
    tmp_path: Path, damage: Callable[[Path], object], cause: str
) -> None:
    rules = contract(tmp_path, run=TABLE)
    rules.write_text(rules.read_text().replace("target_format: delta", "target_format: iceberg"))
    described = {
        f"PYICEBERG_CATALOG__LAKE__{name.upper()}": text for name, text in properties(tmp_path).items()
    }
    file = source(tmp_path)
    line = [
        sys.executable,
        "-m",
        "callcenter_etl",
        "validate",
        file,
        "-c",
        rules,
        "-o",
        tmp_path / "out",
        "--force",
    ]

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*map(str, line)], capture_output=True, text=True, check=False, env={**os.environ, **described}
        )

    assert run().returncode == 1
    damage(tmp_path)
    done = run()
    assert (done.returncode, "Traceback" in done.stderr) == (3, False), done.stderr[-600:]
    (said,) = [line for line in done.stderr.splitlines() if line.startswith("error: calls.daily: ")]
    assert cause in said
    assert "[[" not in said
