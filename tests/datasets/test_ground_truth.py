"""Real call-centre files: every rejected line and every rule on it, as computed twice elsewhere."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import load_contract, validate
from tests.datasets.mapping import LEFT_OUT, ours
from tests.published import names_in
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
    header, *lines = source.read_bytes().splitlines(
        keepends=True
    )  # no value of these files holds a line break
    rejected = {int(row["line"]) for row in rows(rejected_table)}
    records = [(number, line) for number, line in enumerate(lines, start=2) if line.strip(b"\r\n")]
    accepted_lines = [line for number, line in records if number not in rejected]
    rejected_lines = [line for number, line in records if number in rejected]
    assert (tmp_path / "target.csv").read_bytes() == header + b"".join(accepted_lines)
    assert (tmp_path / "rejected.csv").read_bytes() == header + b"".join(rejected_lines)


@pytest.mark.parametrize("name", sorted(WRONG_FILES))
def test_a_wrong_file_is_refused_for_what_is_wrong(name: str, tmp_path: Path) -> None:
    contract, problems = WRONG_FILES[name]
    source = shared_or_skip("data", "datasets", "wrong_files", name)
    summary = validate(source, load_contract(CONTRACTS / f"{contract}.yaml"), output=tmp_path).summary
    assert summary["status"] == "refused"
    assert problems <= {problem["rule"] for problem in summary["problems"]}
    assert names_in(tmp_path) == ["summary.json"]


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


MADE_UP = {
    # sources that are described but not there: a few records of their shape, each with their rules that it breaks
    "pwc_call_center__drift_trailing_columns": (
        (
            b"Call Id,Date,Agent,Department,Answered (Y/N),Resolved,Speed of Answer,AvgTalkDuration,Satisfaction rating,,\n"
            b"ID0001,01-01-2021 9:12,Diane,Payment,Y,Y,109,00:02:23,3,,\n"
            b"ID0002,01-01-2021 09:12,Becky,Payment,N,N,,,,,\n"
            b"ID0003,2021-01-01 9:12,,Payment,Y,Y,121,0:02:23,3,x,\n"
            b"ID0004,01-01-2021 9:12,Diane,Payment,Y,Y,109,00:02:23,3\n"
        ),
        {
            3: {"required:9"},
            4: {"required:1..6", "date:2", "range:7", "time:8", "empty:10..11"},
            5: {"column_count"},
        },
    ),
    "daily_metrics__drift_excel_mangled": (
        (
            b"Date,Column1,Index,Incoming Calls,Answered Calls,Answer Rate,Abandoned Calls,Answer Speed (AVG),"
            b"Talk Duration (AVG),Waiting Time (AVG),Service Level (20 Seconds)\r\n"
            b"1/2/2022,Sunday,1,217,204,0.9401,13,00:00:17,00:02:14,00:02:45,1\r\n"
            b"1/2/2022,Monday,1,217,204,0.9401,13,12:00:17 AM,12:02:14 AM,00:02:45,76%\r\n"
            b"2/30/2022,Someday,1,217,204,.94,13,00:00:17,00:02:14,00:02:45,0\r\n"
        ),
        {
            3: {
                "cross:weekday",
                "time:Answer Speed (AVG)",
                "time:Talk Duration (AVG)",
                "format:Service Level (20 Seconds)",
            },
            4: {"date:Date", "enum:Column1", "format:Answer Rate"},
        },
    ),
}


@pytest.mark.parametrize("name", sorted(MADE_UP))
def test_contracts_whose_source_is_absent_say_their_rules(name: str, tmp_path: Path) -> None:
    data, expected = MADE_UP[name]
    source = tmp_path / "source.csv"
    source.write_bytes(data)
    summary = validate(source, load_contract(CONTRACTS / f"{name}.yaml"), output=tmp_path / "output").summary
    found = {
        int(row["reject_line"]): set(row["reject_rules"].split("; "))
        for row in rows(tmp_path / "output" / "exceptions.csv")
    }
    known = frozenset(summary["rules"]) | STRUCTURAL
    assert found.keys() == expected.keys()
    for line, theirs in expected.items():
        counterparts = [ours(name, rule, known) for rule in theirs]
        assert all(mine & found[line] for mine in counterparts)
        assert found[line] <= frozenset().union(*counterparts)
