"""Peer: frictionless, a schema with constraints, its rows with all their errors (no limit).

python frictionless_rows.py SOURCE OUTDIR
"""

from __future__ import annotations

import csv
import re
import sys
from datetime import date
from functools import cache
from pathlib import Path

from frictionless import Resource, Row, Schema, system

TIME = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
IS_TIME = re.compile(TIME).fullmatch
DESCRIPTOR = {
    "fields": [
        {"name": "call_id", "type": "string", "constraints": {"required": True, "pattern": "[0-9]+"}},
        {"name": "caller_id", "type": "string", "constraints": {"pattern": "[0-9]+"}},
        {"name": "agent_id", "type": "string", "constraints": {"pattern": "A[0-9]{4}"}},
        {"name": "call_date", "type": "string", "constraints": {"pattern": "[0-9]{4}-[0-9]{2}-[0-9]{2}"}},
        {"name": "call_start_time", "type": "string", "constraints": {"required": True, "pattern": TIME}},
        {"name": "call_end_time", "type": "string", "constraints": {"required": True, "pattern": TIME}},
        {
            "name": "call_status",
            "type": "string",
            "constraints": {"required": True, "enum": ["COMPLETED", "DROPPED", "FAILED"]},
        },
        {"name": "talk_seconds", "type": "integer", "constraints": {"minimum": 0, "maximum": 86_400}},
        {"name": "note", "type": "string"},
    ]
}


@cache
def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _record_rules(row: Row) -> list[str]:
    """Give what the row breaks beyond its fields.

    frictionless' own date takes 2025-1-5, and its row_constraint cannot leave unknown values alone.
    """
    reasons = []
    day = row["call_date"]
    if day and not _is_date(day):
        reasons.append("call_date must be a date")
    start, end = row["call_start_time"], row["call_end_time"]
    if start and end and IS_TIME(start) and IS_TIME(end) and end < start:
        reasons.append("call ends before it starts")
    if row["call_status"] == "COMPLETED" and not row["agent_id"]:
        reasons.append("a completed call has an agent")
    return reasons


def main(source: Path, folder: Path) -> None:
    """Write accepted.csv and rejected.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        system.use_context(trusted=True),
        Resource(path=str(source), schema=Schema.from_descriptor(DESCRIPTOR)) as resource,
        (folder / "accepted.csv").open("w", newline="") as accepted_file,
        (folder / "rejected.csv").open("w", newline="") as rejected_file,
    ):
        accepted, rejected = csv.writer(accepted_file), csv.writer(rejected_file)
        accepted.writerow(resource.header)
        rejected.writerow([*resource.header, "line", "reasons"])
        for row in resource.row_stream:
            reasons = [error.message for error in row.errors] + _record_rules(row)
            if reasons:
                rejected.writerow([*row.cells, row.row_number, "; ".join(reasons)])
            else:
                accepted.writerow(row.cells)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
