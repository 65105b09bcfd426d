"""The oracle against one file whose rejects are known from elsewhere."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.reader import read_source
from tests.oracle.rules import judge

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("CALLCENTER_ETL_SHARED", ROOT.parent / "shared"))
TECHNION = SHARED / "data" / "datasets" / "technion_one_day"


def technion_contract() -> dict[str, Any]:
    """Transcribe contract.md; the rules bear its ids, so that they can be compared."""
    padded = {"type": "time", "format": ["%-H:%M:%S", "%H:%M:%S"]}
    count = {"type": "integer", "min": 0, "max": 86_400}
    kinds: dict[str, dict[str, Any]] = {
        "vru+line": {"pattern": "AA0[1-6](?:0[1-9]|1[0-6])"}, "call_id": {"type": "digits"},
        "type": {"allowed": ["PS", "PE", "IN", "NE", "NW", "TT"]}, "vru_entry": padded, "vru_exit": padded,
        "vru_time": count, "q_start": padded, "q_exit": padded, "q_time": count,
        "outcome": {"allowed": ["AGENT", "HANG"]}, "ser_start": padded, "ser_exit": padded, "ser_time": count,
        "server": {"pattern": "[A-Z]+(?:_[A-Z]+)?"}, "server_abv": {},
    }  # fmt: skip
    columns = [{"name": name, "required": True, **kind} for name, kind in kinds.items()]
    return {
        "contract": "technion",
        "version": "1",
        "columns": columns,
        "rules": [
            {"name": "cross:server_abv", "check": "server_abv == left(server, 3)"},
            {
                "name": "cross:agent_has_server",
                "when": "outcome == 'AGENT'",
                "check": "server != 'NO_SERVER'",
            },
            {"name": "cross:short_wait", "check": "q_time <= 600"},
            {"name": "unique:vru+line+call_id", "unique": ["vru+line", "call_id"]},
        ],
    }


THEIR_KEYS = {"pattern": "format", "allowed": "enum", "min": "range", "max": "range", "required": "required"}


def their_id(rule: str) -> str:
    if ":" in rule:
        return rule
    column, key = rule.rsplit(".", 1)
    return f"{THEIR_KEYS[key]}:{column}"


@pytest.mark.skipif(not TECHNION.is_dir(), reason=f"the shared datasets are not at {SHARED}")
def test_oracle_finds_the_known_rejects_of_one_day_of_calls() -> None:
    contract = technion_contract()
    read = read_source((TECHNION / "calls_one_day.csv").read_bytes(), contract)
    verdicts = judge(read, contract)
    with (TECHNION / "rejected_main.csv").open(newline="") as file:
        expected = {int(row["line"]): set(row["rules"].split(";")) for row in csv.DictReader(file)}
    found = {v.line: {their_id(rule) for rule in v.broken_errors} for v in verdicts if not v.accepted}
    assert len(verdicts) == 2_375
    assert found == expected
