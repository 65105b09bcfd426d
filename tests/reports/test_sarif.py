"""SARIF is valid, points at the record's line and at the rule's line in the contract, and hides no count."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest

from tests.reports.conftest import Told
from tests.reports.support import (
    CONTRACT,
    HEADER,
    SCHEMAS,
    SECRET,
    broken_in,
    call,
    lines_by_rule,
    summary_in,
)

SCHEMA = json.loads((SCHEMAS / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))


def run_in(text: str) -> dict[str, Any]:
    log = json.loads(text)
    jsonschema.Draft4Validator(SCHEMA).validate(log)
    assert len(log["runs"]) == 1
    run: dict[str, Any] = log["runs"][0]
    return run


def place(location: dict[str, Any]) -> tuple[str, int]:
    physical = location["physicalLocation"]
    return unquote(physical["artifactLocation"]["uri"]), physical["region"]["startLine"]


def results_by_rule(run: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        found.setdefault(result["ruleId"], []).append(result)
    return found


def contract_line(text: str) -> int:
    """Find a rule's line in the contract by its text."""
    return next(number for number, line in enumerate(CONTRACT.splitlines(), 1) if text in line)


def test_results_are_the_lines_of_the_exceptions_and_every_count_is_told(told: Told) -> None:
    assert told.code == 1
    run = run_in(told.reports["sarif"])
    by_rule = results_by_rule(run)
    out = told.folder / "out"
    expected = lines_by_rule(out)
    assert set(expected) > {"phone.pattern", "id.unique", "record.fields", "record.quote", "done_has_seconds"}
    for rule, lines in expected.items():
        assert [place(result["locations"][0]) for result in by_rule[rule]] == [
            ("bad.csv", n) for n in lines[:10]
        ]
    artifact = run["artifacts"][0]
    assert Counter(artifact["properties"]["broken"]) == broken_in(out)
    assert artifact["properties"]["records"] == summary_in(out)["records"]
    assert artifact["hashes"]["sha-256"] == summary_in(out)["source"]["sha256"]
    notes = [note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"]]
    assert notes == [
        "phone.pattern: 10 of 58 records shown (--max-findings N shows more)",
        "seconds.min: 1 of 2 records shown (of a warning only the first is known)",
    ]


def test_all_records_are_results_where_as_many_are_wanted(in_folder: Path) -> None:
    done = call(
        "validate", "bad.csv", "-c", "c.yaml", "-o", "out", "-q", "--format", "sarif", "--max-findings", "99"
    )
    by_rule = results_by_rule(run_in(done.stdout))
    errors = {rule: [place(each["locations"][0])[1] for each in found] for rule, found in by_rule.items()}
    assert errors.pop("seconds.min") == [160]
    assert errors == lines_by_rule(Path("out"))


def test_related_locations_are_the_rules_lines_in_the_contract(told: Told) -> None:
    run = run_in(told.reports["sarif"])
    for rule, text in {
        "phone.pattern": "name: phone",
        "id.unique": "name: id",
        "status.allowed": "allowed:",
        "done_has_seconds": "name: done_has_seconds",
        "record.quote": "quote:",
        "record.fields": "columns:",
    }.items():
        result = results_by_rule(run)[rule][0]
        assert place(result["relatedLocations"][0]) == ("c.yaml", contract_line(text))
        descriptor = run["tool"]["driver"]["rules"][result["ruleIndex"]]
        assert descriptor["properties"]["contractLine"] == contract_line(text)
        assert f"c.yaml:{contract_line(text)}:" in descriptor["help"]["text"]


def test_a_rule_is_told_as_the_contract_declares_it(told: Told) -> None:
    run = run_in(told.reports["sarif"])
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert rules["id.unique"]["shortDescription"]["text"] == "id must be unique"
    assert rules["status.allowed"]["shortDescription"]["text"] == "status: one of DONE; LOST, not …"
    assert rules["status.allowed"]["help"]["text"].startswith("column status: allowed: [DONE, LOST]")
    assert rules["seconds.min"]["defaultConfiguration"]["level"] == "warning"
    assert "when: status == 'DONE', check: not empty(seconds)" in rules["done_has_seconds"]["help"]["text"]
    assert "file.name" not in rules


def test_reasons_that_hold_what_joins_them_belong_to_their_rules(told: Told) -> None:
    run = run_in(told.reports["sarif"])
    last = {rule: found[-1]["message"]["text"] for rule, found in results_by_rule(run).items()}
    assert last["id.type"] == "id must be digits only, got 'x'"  # of a record with a status that holds "; "
    assert last["status.allowed"] == "status: one of DONE; LOST, not WRONG; REALLY"
    single = results_by_rule(run)["status.allowed"][0]["message"]["text"]
    assert single.startswith("status: one of DONE; LOST, not a|b`c``d%0A::error::x,y:z; <img> [l] (http://")


def test_several_sources_are_artifacts_of_one_run(in_folder: Path) -> None:
    done = call("validate", "*.csv", "none.csv", "-c", "c.yaml", "-o", "out", "-q", "--format", "sarif")
    run = run_in(done.stdout)
    statuses = {each["location"]["uri"]: each["properties"]["status"] for each in run["artifacts"]}
    assert statuses == {"bad.csv": "rejects", "good.csv": "passed", "refused.csv": "refused"}
    refused = [each for each in run["results"] if place(each["locations"][0])[0] == "refused.csv"]
    assert {each["ruleId"] for each in refused} == {"header.missing", "header.unexpected"}
    assert {place(each["locations"][0])[1] for each in refused} == {1}
    assert place(refused[0]["relatedLocations"][0]) == ("c.yaml", contract_line("columns:"))
    invocation = run["invocations"][0]
    assert (done.returncode, invocation["exitCode"], invocation["executionSuccessful"]) == (3, 3, False)
    assert "none.csv: no such file" in invocation["toolExecutionNotifications"][0]["message"]["text"]
    first = summary_in(Path("out/bad"))
    assert run["automationDetails"]["id"] == f"callcenter-etl/calls/{first['run_id']}"
    assert invocation["startTimeUtc"] == first["started_at"]


def test_fingerprints_stay_when_a_record_comes_before_and_tell_results_apart(in_folder: Path) -> None:
    def fingerprints() -> list[str]:
        run = run_in(call("validate", "bad.csv", "-c", "c.yaml", "-q", "--format", "sarif").stdout)
        return [each["partialFingerprints"]["ruleAndReason/v1"] for each in run["results"]]

    before = fingerprints()
    text = Path("bad.csv").read_text(encoding="utf-8").split("\n")
    Path("bad.csv").write_text("\n".join([text[0], "900,DONE,9,9", *text[1:]]), encoding="utf-8")
    after = fingerprints()
    assert len(set(before)) == len(before)
    differing = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
    assert len(differing) == 1  # the reason of id.unique names a line, which has moved


def test_no_value_of_a_classified_column_is_in_a_report(told: Told) -> None:
    assert SECRET in (told.folder / "bad.csv").read_text(encoding="utf-8")
    texts = {**told.reports, "summary": told.summary}
    assert len(texts) == 6
    for form, text in texts.items():
        assert SECRET not in text, form
        assert "phone.pattern" in text, form


@pytest.mark.parametrize("name", ["a b:c%20é.csv", "deep/er/x#1?.csv"])
def test_any_name_is_a_uri_below_the_root(in_folder: Path, name: str) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_bytes(Path("bad.csv").read_bytes())
    run = run_in(call("validate", name, "-c", "c.yaml", "-q", "--format", "sarif").stdout)
    location = run["artifacts"][0]["location"]
    assert (unquote(location["uri"]), location["uriBaseId"]) == (name, "%SRCROOT%")
    assert location["uri"].isascii()
    assert not set(location["uri"]) & set(" :#?")


def test_paths_are_relative_to_the_checkout_where_a_job_works_in_a_folder_of_it(in_folder: Path) -> None:
    root = in_folder.parent
    words = ("validate", "bad.csv", "-c", "c.yaml", "-q", "--format", "sarif")
    run = run_in(call(*words, GITHUB_WORKSPACE=str(root)).stdout)
    assert run["artifacts"][0]["location"]["uri"] == f"{in_folder.name}/bad.csv"
    assert run["originalUriBaseIds"]["%SRCROOT%"]["uri"] == f"{root.as_uri()}/"


def test_a_file_outside_the_root_has_an_address_of_its_own(in_folder: Path) -> None:
    inner = in_folder / "inner"
    inner.mkdir()
    words = ("validate", "../bad.csv", "-c", "../c.yaml", "-q", "--format", "sarif")
    location = run_in(call(*words, cwd=inner).stdout)["artifacts"][0]["location"]
    assert location == {"uri": f"{in_folder.as_uri()}/bad.csv"}


def test_a_run_that_was_done_before_gives_the_same_records(in_folder: Path) -> None:
    words = ("validate", "bad.csv", "-c", "c.yaml", "-o", "out", "-q", "--format", "sarif")
    first, second = run_in(call(*words).stdout), run_in(call(*words).stdout)
    assert second["automationDetails"] == first["automationDetails"]
    errors = [[each for each in run["results"] if each["level"] == "error"] for run in (first, second)]
    assert errors[0] == errors[1]
    warning = results_by_rule(second)["seconds.min"][0]
    assert "its line is not known" in warning["message"]["text"]


def test_spreadsheet_marks_are_taken_off_reasons(in_folder: Path) -> None:
    reason = "reason: '=status must be one of them'"
    text = CONTRACT.replace('reason: "status: one of DONE; LOST, not {value}"', reason)
    Path("c.yaml").write_text(f"{text}run: {{exceptions: {{excel_safe: true}}}}\n", encoding="utf-8")
    run = run_in(call("validate", "bad.csv", "-c", "c.yaml", "-q", "--format", "sarif").stdout)
    assert results_by_rule(run)["status.allowed"][0]["message"]["text"] == "=status must be one of them"


def test_a_very_long_record_is_reported_with_its_neighbours(in_folder: Path) -> None:
    long = "7" * 3_000_000
    with Path("long.csv").open("w", encoding="utf-8") as file:
        file.write(f"{HEADER}\nx,DONE,1,1\ny,DONE,{long}z,1\nz,DONE,1,1\n")
    done = call("validate", "long.csv", "-c", "c.yaml", "-q", "-o", "out", "--format", "sarif")
    run = run_in(done.stdout)
    assert run["artifacts"][0]["properties"]["broken"] == {"id.type": 3, "phone.pattern": 1}
    assert run["invocations"][0]["toolExecutionNotifications"] == []
    lines = {
        rule: [place(each["locations"][0])[1] for each in found]
        for rule, found in results_by_rule(run).items()
    }
    assert lines == {"id.type": [2, 3, 4], "phone.pattern": [3]}


def test_faults_of_contracts_are_results_at_their_places(in_folder: Path) -> None:
    Path("wrong.yaml").write_text("contract: c\ncolums: []\n", encoding="utf-8")
    done = call("contract", "check", "wrong.yaml", "none.yaml", "c.yaml", "--format", "sarif")
    assert done.returncode == 2
    run = run_in(done.stdout)
    faults = json.loads(call("contract", "check", "wrong.yaml", "none.yaml", "--format", "json").stdout)[
        "faults"
    ]
    assert [place(each["locations"][0]) for each in run["results"]] == [
        (fault["file"], fault["line"] or 1) for fault in faults
    ]
    assert ("wrong.yaml", 2) in [place(each["locations"][0]) for each in run["results"]]
    assert run_in(call("contract", "check", "c.yaml", "--format", "sarif").stdout)["results"] == []
