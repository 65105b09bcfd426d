"""Each folder of `cases/` is a contract, a source and what must come of it, through the API and the CLI."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from callcenter_etl import load_contract, validate
from tests.case_folders import CASES, source_of


def expected_of(case: Path) -> list[tuple[str, str]]:
    with (case / "expected" / "rejected_rules.csv").open(newline="", encoding="utf-8") as file:
        return [(row["line"], row["rules"]) for row in csv.DictReader(file)]


def found_in(output: Path) -> list[tuple[str, str]]:
    with (output / "exceptions.csv").open(newline="", encoding="utf-8") as file:
        return [(row["reject_line"], row["reject_rules"]) for row in csv.DictReader(file)]


@pytest.mark.parametrize("block_bytes", [1, 7, 1 << 20])
@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_the_api_puts_every_record_in_its_place(case: Path, tmp_path: Path, block_bytes: int) -> None:
    contract = load_contract(case / "contract.yaml")
    result = validate(source_of(case), contract, output=tmp_path, block_bytes=block_bytes, chunk_rows=2)
    assert found_in(tmp_path) == expected_of(case)
    counts = result.summary["records"]
    assert (counts["rejected"], counts["read"]) == (
        len(expected_of(case)),
        counts["accepted"] + counts["rejected"],
    )


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_the_command_line_says_the_same(case: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "callcenter_etl", "validate", str(source_of(case)), "--quiet"]
    command += [
        "--contract",
        str(case / "contract.yaml"),
        "--output",
        str(tmp_path / "o"),
        "--format",
        "json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (int(bool(expected_of(case))), "")
    assert json.loads(done.stdout) == json.loads(
        (tmp_path / "o" / "summary.json").read_text(encoding="utf-8")
    )
    assert found_in(tmp_path / "o") == expected_of(case)
