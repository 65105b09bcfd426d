"""Every rule that a source can break has a text and a place in the contract, also those that nobody declares."""

from __future__ import annotations

import re
from pathlib import Path

import callcenter_etl
from callcenter_etl import load_contract
from callcenter_etl.diagnostics.rule_texts import declarations, rule_texts
from callcenter_etl.sources.framing import STRUCTURAL_RULES
from tests.reports.support import CONTRACT


def test_what_the_code_can_blame_has_a_text_and_a_place(tmp_path: Path) -> None:
    code = "".join(
        file.read_text(encoding="utf-8") for file in Path(callcenter_etl.__path__[0]).rglob("*.py")
    )
    blamed = set(re.findall(r'Diagnostic\(\s*"([a-z_]+\.[a-z_.]+)"', code)) | set(STRUCTURAL_RULES.values())
    assert {"header.order", "file.too_few", "limits.max_rejected", "record.quote"} <= blamed
    (tmp_path / "c.yaml").write_text(CONTRACT, encoding="utf-8")
    contract = load_contract(tmp_path / "c.yaml")
    texts = rule_texts(contract.document)
    assert blamed <= set(texts)
    assert set(contract.loaded.rule_positions) == set(texts)
    assert list(texts)[: len(declarations(contract.document))] == list(declarations(contract.document))


def test_no_text_has_a_placeholder_or_a_value() -> None:
    columns = [
        {"name": "a", "type": "integer", "min": 1, "max": 9, "required": True, "unique": True},
        {"name": "b", "pattern": "x+", "min_length": 1, "reason": "{column} on {line} is {value}"},
        {"name": "c", "lookup": {"file": "f.csv", "column": "k"}},
    ]
    rules = [
        {"name": "pair", "unique": ["a", "b"]},
        {"name": "less", "check": "a < 5"},
        {"name": "known", "lookup": {"file": "f.csv", "columns": {"a": "k", "b": "l"}}},
    ]
    document = load_contract({"contract": "c", "columns": columns, "rules": rules}).document
    texts = rule_texts(document)
    assert texts["a.min"] == "a must be at least 1"
    assert texts["a.unique"] == "a must be unique"
    assert texts["b.pattern"] == "b on … is …"
    assert texts["pair"] == "(a, b) must be unique"
    assert not any("{" in text or ", got" in text for text in texts.values())
    assert declarations(document)["c.lookup"] == "column c: lookup: column k of f.csv"
    assert declarations(document)["pair"] == "unique: [a, b]"
    assert declarations(document)["known"] == "lookup: [k, l] of f.csv"
