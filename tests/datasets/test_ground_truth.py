"""Real call-centre files: every rejected line and every rule on it, as computed twice elsewhere."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import load_contract, validate
from tests.datasets.mapping import LEFT_OUT, ours
from tests.shared_folder import shared, shared_or_skip

CONTRACTS = Path(__file__).parent / "contracts"
NAMES = sorted(path.stem for path in CONTRACTS.glob("*.yaml"))
STRUCTURAL = frozenset({"record.fields", "record.quote", "record.encoding", "record.too_long"})

WRONG_FILES = {
    # file: (contract it is offered to, problems it must have)
    "lfs_pointer.csv": ("stl_cfs__main", {"file.not_delimited"}),
    "pivot_two_columns.csv": (
        "appliance_support__sla",
        {"header.missing", "header.unexpected", "header.count"},
    ),
    "title_rows_multiline_header.csv": ("appliance_support__sla", {"header.missing", "header.unexpected"}),
    "html_page.csv": ("stl_cfs__main", {"file.not_delimited"}),
    "blank_line_only.csv": ("appliance_support__sla", {"file.empty"}),
    "pivot_many_tables.csv": ("appliance_support__sla", {"header.missing", "header.unexpected"}),
    "pivot_turkish_semicolon.csv": ("appliance_support__sla", {"header.encoding"}),
    "lookup_table.csv": ("appliance_support__sla", {"header.missing", "header.unexpected"}),
}


def expectation(name: str) -> tuple[Path, Path, dict[str, Any]]:
    """Give a contract's source, its table of rejected lines and its counts; skips where the source is absent."""
    dataset, _, contract = name.partition("__")
    folder = shared_or_skip("data", "datasets", dataset)
    contracts = json.loads((folder / "expected.json").read_text())["contracts"]
    expected = next(entry for entry in contracts if entry["contract"] == contract)
    return (
        shared_or_skip("data", "datasets", dataset, expected["file"]),
        folder / f"rejected_{contract}.csv",
        expected,
    )


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_every_rejected_line_and_rule_agrees(name: str, tmp_path: Path) -> None:
    source, rejected_table, expected = expectation(name)
    result = validate(source, load_contract(CONTRACTS / f"{name}.yaml"), output=tmp_path)
    summary = result.summary
    broken = {
        int(row["reject_line"]): set(row["reject_rules"].split("; "))
        for row in rows(tmp_path / "exceptions.csv")
    }

    known = frozenset(summary["rules"]) | STRUCTURAL
    left_out = LEFT_OUT.get(name, {})
    counterparts = {
        rule: ours(name, rule, known) for rule in expected["rule_failures"] if rule not in left_out
    }
    found = {
        line: {theirs for theirs, mine in counterparts.items() if mine & rules}
        for line, rules in broken.items()
    }
    wanted = {
        int(row["line"]): set(row["rules"].split(";")) - left_out.keys() for row in rows(rejected_table)
    }
    assert found == {line: rules for line, rules in wanted.items() if rules}
    spoken_for = frozenset().union(*counterparts.values())
    assert {line: rules - spoken_for for line, rules in broken.items() if rules - spoken_for} == {}


@pytest.mark.parametrize("name", NAMES)
def test_counts_agree(name: str, tmp_path: Path) -> None:
    source, _, expected = expectation(name)
    summary = validate(source, load_contract(CONTRACTS / f"{name}.yaml"), output=tmp_path).summary
    records = summary["records"]
    assert (records["read"], records["accepted"], records["rejected"]) == (
        expected["total_records"],
        expected["valid"],
        expected["rejected"],
    )
    assert (summary["lines"], summary["blank_lines"]) == (
        expected["physical_lines"],
        expected["blank_lines_skipped"],
    )
    assert (summary["source"]["bytes"], summary["source"]["sha256"]) == (
        expected["bytes"],
        expected["sha256"],
    )
    assert summary["status"] == ("rejects" if expected["rejected"] else "passed")


@pytest.mark.parametrize("name", NAMES)
def test_target_and_rejected_hold_every_record_byte_once(name: str, tmp_path: Path) -> None:
    source, rejected_table, _ = expectation(name)
    validate(source, load_contract(CONTRACTS / f"{name}.yaml"), output=tmp_path)
    header, *lines = source.read_bytes().splitlines(keepends=True)
    rejected = {int(row["line"]) for row in rows(rejected_table)}
    accepted_lines = [line for number, line in enumerate(lines, start=2) if number not in rejected]
    rejected_lines = [line for number, line in enumerate(lines, start=2) if number in rejected]
    # A last line without a line break keeps that, wherever it goes.
    assert (tmp_path / "target.csv").read_bytes() == header + b"".join(accepted_lines)
    assert (tmp_path / "rejected.csv").read_bytes() == header + b"".join(rejected_lines)


@pytest.mark.parametrize("name", sorted(WRONG_FILES))
def test_a_wrong_file_is_refused_for_what_is_wrong(name: str, tmp_path: Path) -> None:
    contract, problems = WRONG_FILES[name]
    source = shared_or_skip("data", "datasets", "wrong_files", name)
    summary = validate(source, load_contract(CONTRACTS / f"{contract}.yaml"), output=tmp_path).summary
    assert summary["status"] == "refused"
    assert problems <= {problem["rule"] for problem in summary["problems"]}
    assert [path.name for path in tmp_path.iterdir()] == ["summary.json"]


def test_every_contract_of_the_datasets_has_its_counterpart() -> None:
    folder = shared("data", "datasets")
    if not folder.exists():
        pytest.skip(f"{folder} is absent (not part of the repository)")
    described = {
        f"{path.parent.name}__{entry['contract']}"
        for path in folder.glob("*/expected.json")
        for entry in json.loads(path.read_text())["contracts"]
    }
    assert described == set(NAMES)
