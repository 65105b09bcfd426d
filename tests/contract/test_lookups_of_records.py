"""Lookups of several columns, and lookup files in a dialect of their own, through the product."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from callcenter_etl import load_contract
from callcenter_etl.api import diff_contracts
from callcenter_etl.errors import ContractError, SourceError
from callcenter_etl.tools.contract_test.contract_test import run_contract_test
from callcenter_etl.tools.explain.record_explanation import explain_line

RULE: dict[str, Any] = {"name": "r", "lookup": {"file": "agents.csv", "columns": ["agent", "team"]}}


def contract_at(folder: Path, rule: dict[str, Any], data: bytes = b"agent,team\n7,red\n8,blue\n") -> Any:
    (folder / str(rule["lookup"]["file"])).write_bytes(data)
    path = folder / "c.yaml"
    document = {
        "contract": "c",
        "columns": [{"name": "agent", "type": "digits"}, {"name": "team"}],
        "rules": [rule],
    }
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return load_contract(str(path))


def with_lookup(**keys: Any) -> dict[str, Any]:
    return {**RULE, "lookup": {**RULE["lookup"], **keys}}


FRAME = pd.DataFrame({"agent": ["7", "7", "8", "", "x"], "team": ["red", "blue", "blue", "red", "red"]})


@pytest.mark.parametrize(
    ("rule", "data"),
    [
        (RULE, b"agent,team\n7,red\n8,blue\n"),
        (with_lookup(columns={"agent": "id", "team": "Team"}), b"x,Team,id\n1,red,7\n2,blue,8\n"),
        (
            with_lookup(source={"delimiter": "\\t", "encoding": "cp1252"}),
            b"team\tagent\tn\xe4me\nred\t7\tx\nblue\t8\t\xe9\n",
        ),
        (with_lookup(source={"quote": None}), b'agent,team,note\n7,red,"a\n8,blue,b\n'),
        (with_lookup(file="agents.csv.gz"), gzip.compress(b"agent,team\n7,red\n8,blue\n", mtime=0)),
    ],
)
def test_the_values_together_must_be_a_row(tmp_path: Path, rule: dict[str, Any], data: bytes) -> None:
    _, rejected = contract_at(tmp_path, rule, data).split(FRAME)
    assert [tuple(row) for row in rejected[["agent", "team", "reject_rules"]].to_numpy()] == [
        ("7", "blue", "r"),
        ("x", "red", "agent.type"),
    ]


@pytest.mark.parametrize(
    ("rule", "data", "words"),
    [
        (with_lookup(columns=["agent", "taem"]), b"agent,team\n", "rules[0].lookup.columns: unknown column 'taem' (did you mean 'team'?)"),
        (with_lookup(columns=[]), b"agent,team\n", "rules[0].lookup.columns: no column is named: name at least one"),
        (with_lookup(source={"delimiter": "||"}), b"a\n", "rules[0].lookup.source.delimiter: one character that is no line break is expected, not '||'"),
        (with_lookup(source={"encoding": "utf9"}), b"a\n", "rules[0].lookup.source.encoding: unknown encoding 'utf9' (did you mean 'utf-8'?)"),
        ({**RULE, "check": "agent == '1'"}, b"a\n", "rules[0]: a rule has either check, unique or lookup"),
        (RULE, b"agent,taem\n7,red\n", "rules[0].lookup.columns:"),
        (with_lookup(source={"encoding": "ascii"}), b"agent,team\n7,\xe9\n", "the file is not ascii"),
    ],
)  # fmt: skip
def test_a_fault_names_the_key(tmp_path: Path, rule: dict[str, Any], data: bytes, words: str) -> None:
    with pytest.raises(ContractError) as caught:
        contract_at(tmp_path, rule, data).split(FRAME)
    assert words in str(caught.value)


def test_a_truncated_lookup_is_an_error_of_reading(tmp_path: Path) -> None:
    data = gzip.compress(b"agent,team\n7,red\n")[:-6]
    with pytest.raises(SourceError, match="truncated"):
        contract_at(tmp_path, with_lookup(file="agents.csv.gz"), data).split(FRAME)


def test_contract_test_breaks_the_lookup_alone(tmp_path: Path) -> None:
    loaded = contract_at(tmp_path, {**RULE, "when": "team != 'none'"}).loaded
    found = {each.rule: each.outcome for each in run_contract_test(loaded).rules}
    assert found == {"agent.type": "alone", "r": "alone"}


def test_changes_of_a_lookup_are_breaking_where_they_may_reject_more(tmp_path: Path) -> None:
    def effects(old: dict[str, Any], new: dict[str, Any]) -> dict[str, str]:
        before, after = (contract_at(tmp_path, each) for each in (old, new))
        return {change.path: change.effect for change in diff_contracts(before, after)}

    assert effects(RULE, {**RULE, "when": "team == 'red'"}) == {"rules.r.when": "loosening"}
    assert effects({**RULE, "when": "team == 'red'"}, RULE) == {"rules.r.when": "breaking"}
    assert effects(RULE, with_lookup(columns=["team"])) == {"rules.r.lookup": "breaking"}


@pytest.mark.parametrize(
    ("line", "verdict", "words"),
    [
        (2, "kept", "(agent, team) is a row of agents.csv"),
        (3, "broken", "r: (agent, team) must be a row of agents.csv"),
        (4, "skipped", "agent is empty or broke its type"),
    ],
)
def test_explain_says_why(tmp_path: Path, line: int, verdict: str, words: str) -> None:
    source = tmp_path / "calls.csv"
    source.write_text("agent,team\n7,red\n7,blue\n,red\n", encoding="utf-8")
    found = explain_line(str(source), contract_at(tmp_path, RULE).loaded, line).rules[-1]
    assert (found.verdict, found.why) == (verdict, words)
