"""Sources with everything in them, runs of them that are killed, and what became of these."""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

FILES = ("target.csv", "exceptions.csv", "rejected.csv")
NOT_COMPARED = ("run_id", "started_at", "finished_at", "seconds")
HEADER = "id,site,start,note\r\n"
ALWAYS = "0.0001"  # a checkpoint whenever the run could rest


def dirty(records: int, *, seed: int = 0, width: int = 40) -> bytes:
    """Give records with repeated keys, values over lines, open quotes, wrong field counts and undecodable bytes."""
    chance = random.Random(seed)
    lines: list[bytes] = []
    for number in range(records):
        key = str(number if chance.random() < 0.97 else chance.randrange(number + 1))
        note = "".join(chance.choices("abcdefg é", k=chance.randrange(width)))
        dice = chance.random()
        if dice < 0.05:
            note = f'"{note}\n{number}, more ""{note}"""'
        elif dice < 0.06:
            note = f'"{note}'
        elif dice < 0.07:
            note += ",one,more"
        line = f"{key if dice < 0.98 else 'x' + key},{number % 7},{number % 24:02}:30:00,{note}"
        end = chance.choice(("\r\n", "\r\n", "\r\n", "\n", "\n\n", "\r"))
        lines.append(line.encode() + (b"\xff" if 0.07 < dice < 0.075 else b"") + end.encode())
    return HEADER.encode() + b"".join(lines)


def write_contract(folder: Path, **more: Any) -> Path:
    path = folder / "contract.json"
    source = {"multiline": True, **more.pop("source", {})}
    columns = [
        {"name": "id", "type": "digits", "unique": True},
        {"name": "site", "allowed": list("01234567")},
        {"name": "start", "type": "time", "severity": "warn", "max": "20:00:00"},
        {"name": "note"},
    ]
    rules = [{"name": "once", "unique": ["site", "note"], "severity": "warn"}]
    document = {"contract": "calls", "source": source, "columns": columns, "rules": rules, **more}
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def write_source(folder: Path, data: bytes, name: str = "s.csv") -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(data, 1, mtime=0) if name.endswith(".gz") else data)
    return path


def words(source: object, contract: object, output: object, *more: object) -> list[str]:
    return [
        "validate",
        str(source),
        "-c",
        str(contract),
        "-o",
        str(output),
        "--format",
        "json",
        *map(str, more),
    ]


def started(
    line: list[str], *, block_bytes: int, said: Path, seconds: str = ALWAYS, kill: str = "-", **environ: str
) -> subprocess.Popen[bytes]:
    """Start the command line; `said` gets what it says."""
    driver = [sys.executable, "-m", "tests.reliability.resume_driver", str(block_bytes), kill]
    environment = {**os.environ, "CALLCENTER_ETL_CHECKPOINT_SECONDS": seconds, **environ}
    with said.open("wb") as out:
        return subprocess.Popen(
            [*driver, *line],
            stdout=subprocess.DEVNULL,
            stderr=out,
            env=environment,
            cwd=Path(__file__).parents[2],
        )


def run(line: list[str], folder: Path, *, block_bytes: int = 4096, **options: Any) -> tuple[int, str]:
    """Run the command line to its end; give its exit code and what it said on standard error."""
    said = folder / "said.txt"
    with started(line, block_bytes=block_bytes, said=said, **options) as process:
        process.wait(600)
    return process.returncode, said.read_text(errors="replace")


def outcome(output: Path) -> dict[str, Any]:
    """Give all that a run published and that must be the same for every run of its source."""
    summary = json.loads((output / "summary.json").read_bytes())
    for name in NOT_COMPARED:
        del summary[name]
    for file in summary["outputs"].values():
        file["uri"] = Path(file["uri"]).name
    return {"summary": summary, **{name: (output / name).read_bytes() for name in FILES}}


def staged(output: Path) -> list[Path]:
    """Give the staging folders of dead runs."""
    return sorted(output.glob(".staging-*"))
