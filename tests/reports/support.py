"""A source that breaks rules in every way that a report could stumble over, and what independent counting gives."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

SCHEMAS = Path(__file__).parent / "schemas"
CONTRACT = """\
contract: calls
version: 1.0.0
source:
  quote: '"'
columns:
  - {name: id, type: digits, required: true, unique: true}
  - name: status
    allowed: [DONE, LOST]
    reason: "status: one of DONE; LOST, not {value}"
  - {name: phone, pattern: '[0-9]+', classification: personal}
  - {name: seconds, type: integer, min: 0, severity: warn}
rules:
  - name: done_has_seconds
    when: "status == 'DONE'"
    check: "not empty(seconds)"
"""
HEADER = "id,status,phone,seconds"
SECRET = "call-me-0170-5550123"
HOSTILE = "a|b`c``d%0A::error::x,y:z; <img> [l](http://e.example) @all \x07\x1b[31m \ufffe é€𐍈"


def write_sources(folder: Path) -> None:
    """Write `c.yaml`, `bad.csv` with 57 bad phones and all the rest, and `good.csv`, which keeps every rule."""
    (folder / "c.yaml").write_text(CONTRACT, encoding="utf-8")
    rows = [f"{n},DONE,{n},{n}" for n in range(100)]
    rows += [f"{n},DONE,{SECRET}-{n},1" for n in range(100, 157)]
    rows += [f'157,"{HOSTILE.replace(chr(34), "")}",157,1', "158,LOST,158,-5", "159,DONE,159,-6"]
    rows += ["159,LOST,160,", ",DONE,161,", "x,WRONG; REALLY,y,", "163,DONE", '164,"open,164,1']
    (folder / "bad.csv").write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
    (folder / "good.csv").write_text(f"{HEADER}\n1,DONE,1,1\n2,LOST,2,\n", encoding="utf-8")
    (folder / "refused.csv").write_text("id,state,phone,seconds\n1,DONE,1,1\n", encoding="utf-8")


def call(*words: str, cwd: Path | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command line, in the current folder by default, as no job of GitHub's unless `environ` says so."""
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("GITHUB_")}
    return subprocess.run(
        [sys.executable, "-m", "callcenter_etl", *words],
        capture_output=True,
        encoding="utf-8",
        check=False,
        cwd=cwd,
        env={**inherited, **environ},
    )


def summary_in(folder: Path) -> dict[str, Any]:
    """Give the summary that a run published."""
    summary: dict[str, Any] = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return summary


def lines_by_rule(folder: Path) -> dict[str, list[int]]:
    """Give the lines of the rejected records by rule, as the standard library reads exceptions.csv."""
    found: dict[str, list[int]] = {}
    with (folder / "exceptions.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for rule in row["reject_rules"].split("; "):
                found.setdefault(rule, []).append(int(row["reject_line"]))
    return found


def broken_in(folder: Path) -> Counter[str]:
    """Give the broken rules of a published summary with their counts."""
    return Counter(
        {rule: each["broken"] for rule, each in summary_in(folder)["rules"].items() if each["broken"]}
    )
