"""Faults of the keys for lines around the records: all at once, each at its own place."""

from __future__ import annotations

from typing import Any

import pytest

from callcenter_etl import load_contract
from callcenter_etl.errors import ContractError

COLUMNS = [{"name": "a"}, {"name": "b"}]


def faults(**source: Any) -> list[tuple[str, str]]:
    with pytest.raises(ContractError) as caught:
        load_contract({"contract": "c", "columns": COLUMNS, "source": source})
    return [(fault.path.removeprefix("source."), fault.message) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("source", "path", "part"),
    [
        ({"preamble": {}}, "preamble", "has either lines or until"),
        ({"preamble": {"lines": 1, "until": "a"}}, "preamble", "has either lines or until"),
        ({"preamble": {"lines": 0}}, "preamble.lines", "from 1 to 1,000 is expected, not 0"),
        ({"preamble": {"lines": 1001}}, "preamble.lines", "not 1,001"),
        ({"preamble": {"until": "a("}}, "preamble.until", "missing )"),
        ({"preamble": {"until": "a", "match": ["b"]}}, "preamble.match", "goes with lines, not with until"),
        ({"preamble": {"lines": 2, "match": ["b"]}}, "preamble.match", "2 patterns are expected"),
        ({"preamble": {"lines": 2, "match": ["b", "("]}}, "preamble.match[1]", "missing )"),
        ({"preamble": {"lines": 1, "optional": True}}, "preamble.optional", "optional goes with match"),
        ({"header_lines": 0}, "header_lines", "from 1 to 100"),
        ({"header_lines": 2, "header": "none"}, "header_lines", "header is none"),
        ({"after_header": {"match": "a"}, "header": "none"}, "after_header", "header is none"),
        ({"after_header": {"lines": 101}}, "after_header.lines", "from 1 to 100"),
        ({"after_header": {"match": []}}, "after_header.match", "the list is empty"),
        ({"comment": ""}, "comment", "one to 8 characters"),
        ({"comment": "123456789"}, "comment", "one to 8 characters"),
        ({"comment": "#\n"}, "comment", "without a line break"),
        ({"comment": ",#"}, "comment", "begins with the delimiter ','"),
        ({"comment": '"'}, "comment", "begins with the quote"),
        ({"comment": "é", "encoding": "ascii"}, "encoding", "ascii has no"),
        (
            {"footer": {"match": "a", "fields": {"n": "integer"}}},
            "footer.fields.n",
            "no pattern has a group 'n'",
        ),
        (
            {"footer": {"match": "(?P<n>.)", "fields": {"n": "integr"}}},
            "footer.fields.n",
            "did you mean 'integer'",
        ),
        ({"footer": {"fields": {}, "matches": "a"}}, "footer.matches", "did you mean 'match'"),
        ({"footer": {"lines": 2, "match": ["(?P<n>.)", "(?P<n>.)"]}}, "footer.match[1]", "earlier pattern"),
    ],
)
def test_a_fault_is_reported_at_its_key(source: dict[str, Any], path: str, part: str) -> None:
    ((found, message),) = faults(**source)
    assert found == path
    assert part in message


def test_all_faults_are_reported_together() -> None:
    source: dict[str, Any] = {
        "preamble": {"lines": 0, "match": "("},
        "header_lines": 0,
        "comment": ",",
        "footer": {"optional": True},
    }
    assert {path for path, _ in faults(**source)} == {
        "preamble.lines",
        "preamble.match",
        "header_lines",
        "comment",
        "footer.optional",
    }


def test_lines_that_prove_nothing_are_warned_of() -> None:
    source = {"footer": {}, "after_header": {}, "preamble": {"lines": 1}}
    loaded = load_contract({"contract": "c", "columns": COLUMNS, "source": source}).loaded
    assert [(each.severity, each.path) for each in loaded.warnings] == [
        ("warn", "source.after_header"),
        ("warn", "source.footer"),
    ]
    matched = {"footer": {"match": "a"}, "after_header": {"match": "a"}}
    assert not load_contract({"contract": "c", "columns": COLUMNS, "source": matched}).loaded.warnings
