"""Lets the product read a file of a corpus and tells what it took for records."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callcenter_etl import load_contract, validate


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: each record's values, or the rule that a malformed one broke; by line."""

    records: dict[int, list[str] | str]
    summary: dict[str, Any]

    @property
    def values(self) -> list[list[str] | str]:
        return list(self.records.values())

    @property
    def malformed(self) -> dict[int, str]:
        return {line: found for line, found in self.records.items() if isinstance(found, str)}


def read(folder: Path, data: bytes, columns: list[str], **source: object) -> Reading:
    """Validate the data against a contract that every record breaks, for then exceptions.csv shows all values."""
    name = f"`{columns[0]}`"
    contract = {
        "contract": "corpus",
        "version": "1.0.0",
        "source": source,
        "columns": [{"name": column} for column in columns],
        "rules": [{"name": "show_all", "check": f"empty({name}) and not empty({name})"}],
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "contract.json").write_text(json.dumps(contract))
    (folder / "source.csv").write_bytes(data)
    output = folder / "output"
    summary = validate(folder / "source.csv", load_contract(folder / "contract.json"), output=output).summary
    records: dict[int, list[str] | str] = {}
    if summary["status"] != "refused":
        assert summary["records"]["accepted"] == 0
        for row in _rows(output / "exceptions.csv"):
            line, rules = row[len(columns) : len(columns) + 2]
            records[int(line)] = row[: len(columns)] if rules == "show_all" else rules
    return Reading(records=records, summary=summary)


def numbered(count: int) -> list[str]:
    """Give names for columns that a corpus does not name."""
    return [f"c{number}" for number in range(1, count + 1)]


def _rows(path: Path) -> list[list[str]]:
    csv.field_size_limit(1 << 30)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, strict=True))[1:]
