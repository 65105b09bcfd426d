"""Unique keys in any letter case and with a condition: reasons, changes of contracts, contract test, explain, reprocess."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import load_contract, validate
from callcenter_etl.api import diff_contracts
from callcenter_etl.tools.contract_test.contract_test import run_contract_test
from callcenter_etl.tools.explain.record_explanation import explain_line

COLUMNS: list[dict[str, Any]] = [{"name": "id"}, {"name": "status", "allowed": ["OK", "LOST"]}]
PLAIN: dict[str, Any] = {"name": "r", "unique": ["id"]}
FOLDED = {**PLAIN, "ignore_case": True}
WHEN = {**PLAIN, "when": "status == 'OK'"}
NARROWER = {**PLAIN, "when": "status == 'OK' and length(id) > 2"}


def contract(*rules: dict[str, Any], columns: list[dict[str, Any]] = COLUMNS) -> Any:
    return load_contract({"contract": "calls", "columns": columns, "rules": list(rules)})


def effects(old: Any, new: Any) -> dict[str, str]:
    return {change.path: change.effect for change in diff_contracts(old, new)}


@pytest.mark.parametrize(
    ("old", "new", "path", "effect", "back"),
    [
        (PLAIN, FOLDED, "rules.r.ignore_case", "breaking", "loosening"),
        (PLAIN, WHEN, "rules.r.when", "loosening", "breaking"),
        (WHEN, NARROWER, "rules.r.when", "loosening", "breaking"),
    ],
)
def test_a_change_of_a_unique_rule_is_breaking_where_it_rejects_more(
    old: dict[str, Any], new: dict[str, Any], path: str, effect: str, back: str
) -> None:
    assert effects(contract(old), contract(new)) == {path: effect}
    assert effects(contract(new), contract(old)) == {path: back}


def test_a_change_of_a_unique_column_is_breaking_where_it_rejects_more() -> None:
    exact = contract(columns=[{"name": "id", "unique": True}])
    folded = contract(columns=[{"name": "id", "unique": True, "ignore_case": True}])
    assert effects(exact, folded) == {"columns.id.unique": "breaking"}
    assert effects(folded, exact) == {"columns.id.unique": "loosening"}


@pytest.mark.parametrize("rule", [FOLDED, WHEN, {**NARROWER, "ignore_case": True}])
def test_contract_test_finds_a_record_that_repeats_a_key(rule: dict[str, Any]) -> None:
    found = {each.rule: each.outcome for each in run_contract_test(contract(rule).loaded).rules}
    assert found["r"] == "alone"


def written(folder: Path, *lines: str) -> Path:
    source = folder / "calls.csv"
    source.write_text("\n".join(["id,status", *lines]) + "\n", encoding="utf-8")
    return source


def test_the_reason_names_the_line_of_the_first_record_that_takes_part(tmp_path: Path) -> None:
    source = written(tmp_path, "a1,LOST", "A1,OK", "a1,LOST", "a1,OK")
    validate(source, contract({**WHEN, "ignore_case": True}), output=tmp_path / "out")
    with (tmp_path / "out" / "exceptions.csv").open(newline="", encoding="utf-8") as file:
        rows = [(row["reject_line"], row["reject_reasons"]) for row in csv.DictReader(file)]
    assert rows == [("5", "id must be unique, stands first on line 3")]


@pytest.mark.parametrize(
    ("line", "verdict", "words"),
    [
        (2, "skipped", "when status == 'OK': does not hold"),
        (3, "kept", "no earlier record has the same id"),
        (4, "skipped", "so that the record takes no part"),
        (5, "broken", "first on line 3"),
    ],
)
def test_explain_says_whether_a_record_takes_part(
    line: int, verdict: str, words: str, tmp_path: Path
) -> None:
    source = written(tmp_path, "a1,LOST", "a1,OK", "a1,", "a1,OK")
    found = explain_line(str(source), contract(WHEN).loaded, line).rules[-1]
    assert (found.verdict, words in found.why) == (verdict, True)
