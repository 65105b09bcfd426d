"""Messages about a contract quote it at a readable length, escaped where it is invisible, else as it is written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from callcenter_etl.contract.loader import load_document
from callcenter_etl.errors import ContractError

LENGTH = 30_000
LONG = "x" * LENGTH
KEY = "k" * 1_000  # of a key YAML reads no more
MAX_MESSAGE = 600


def messages_of(contract: dict[str, Any]) -> list[str]:
    """Return the faults of a contract with a column `a`."""
    whole = {"contract": "c", "columns": [{"name": "a"}], **contract}
    with pytest.raises(ContractError) as caught:
        load_document("c.json", read_bytes=lambda _: json.dumps(whole).encode())
    with pytest.raises(ContractError) as of_mapping:
        load_document(whole)
    assert len(caught.value.faults) == len(of_mapping.value.faults)
    assert all(len(fault.path + fault.message) <= MAX_MESSAGE for fault in of_mapping.value.faults)
    return [f"{fault.path}: {fault.message}" for fault in caught.value.faults]


def column(**keys: Any) -> dict[str, Any]:
    return {"columns": [{"name": "a", **keys}]}


def check(text: str) -> dict[str, Any]:
    return {"rules": [{"name": "r", "check": text}]}


TOO_LONG: dict[str, dict[str, Any]] = {
    "a check": check("a == 1 or " * 46_890),
    "a check within its limit": check(f"a == '{'x' * 4_000}' or b == '{'y' * 4_000}'"),
    "a name in a check": check(f"{'n' * 9_000} == 'x'"),
    "a name in backticks": check(f"`{'n' * 9_000}` == 'x'"),
    "a function": check(f"{'f' * 9_000}(a)"),
    "an unclosed call": check(f"{'f' * 9_000}(a"),
    "a stray string": check(f"a == 'x' '{'y' * 9_000}'"),
    "a number": check(f"1e{'9' * 9_000} > 1"),
    "a date": {"columns": [{"name": "a", "type": "date"}], **check(f"a > '{'2' * 9_000}'")},
    "a pattern in a check": check(f"matches(a, '({'x' * 9_000}')"),
    "a placeholder": column(required=True, reason="{" + LONG + "}"),
    "a key": column(**{KEY: 1}),
    "a key at the top": {KEY: 1},
    "a type": column(type=LONG),
    "a count": column(max_length=LONG),
    "a count of many digits": column(max_length=10**4_000),
    "a bound": column(type="integer", min=LONG),
    "a bound of many digits": column(type="integer", min="9" * LENGTH, max=1),
    "a bound with a fraction": column(type="integer", min="9" * LENGTH + ".5"),
    "a value": column(type="digits", allowed=[LONG]),
    "a pattern": column(pattern="(" + LONG),
    "a format": column(type="date", format=LONG),
    "a format of directives": column(type="date", format="%Q" * LENGTH),
    "a format without a date": column(type="date", format="%H" * LENGTH),
    "a format of another type": column(format=LONG),
    "a severity": column(required=True, severity=LONG),
    "a severity by rule": column(required=True, severity={KEY: "warn"}),
    "a reason by rule": column(required=True, reason={KEY: "x"}),
    "a flag": column(required=LONG),
    "a name twice": {"columns": [{"name": LONG}, {"name": LONG}]},
    "an alias twice": {"columns": [{"name": LONG}, {"name": "b", "aliases": [LONG]}]},
    "a rule twice": {"rules": [{"name": LONG, "unique": ["a"]}, {"name": LONG, "unique": ["a"]}]},
    "a reserved rule": {"rules": [{"name": "record." + LONG, "unique": ["a"]}]},
    "a unique column": {"rules": [{"name": "r", "unique": [LONG]}]},
    "an id": {"contract": LONG + "!"},
    "a delimiter": {"source": {"delimiter": LONG}},
    "an encoding": {"source": {"encoding": LONG}},
    "an extension": {"source": {"filename": {"extensions": [LONG]}}},
    "a size": {"source": {"max_bytes": LONG}},
    "a limit": {"limits": {"max_rejected": LONG}},
    "a percentage": {"limits": {"max_rejected": "9" * 18 + "." + "9" * 18 + "%"}},
    "a mode": {"run": {"file_mode": LONG}},
    "seconds": {"run": {"checkpoint_seconds": LONG}},
    "a folder with a NUL": {"run": {"output": LONG + "\0"}},
    "a partition": {"run": {"layout": {"partition_by": [LONG]}}},
    "a bucket": {"run": {"layout": {"buckets": {"column": LONG, "count": 2}}}},
    "an order": {"run": {"layout": {"sort_by": [LONG]}}},
    "a folder twice": {"columns": [{"name": LONG}], "run": {"layout": {"partition_by": [LONG, LONG]}}},
    "a partition of another type": {
        "columns": [{"name": LONG, "type": "datetime"}, {"name": "a"}],
        "run": {"layout": {"partition_by": [LONG]}},
    },
    "an example": {"examples": {"pass": [{KEY: "x"}]}},
    "an example without a value": {"examples": {"pass": [{KEY: None}]}},
    "a broken rule": {"examples": {"fail": [{"record": {}, "breaks": [LONG]}]}},
}


@pytest.mark.parametrize("name", TOO_LONG)
def test_a_long_text_is_cut_with_its_length(name: str) -> None:
    found = messages_of(TOO_LONG[name])
    assert found
    assert [len(message) for message in found if len(message) > MAX_MESSAGE] == []


def test_a_cut_text_says_its_length() -> None:
    (message,) = messages_of(check("a == 1 or " * 46_890))
    assert message == (
        "rules[0].check: the expression has 468,900 characters, at most 10,000 are read"
        " (at character 1 of 'a == 1 or a == 1 or a == 1 or a == 1 or a == 1 or a == 1 or …' (468,900 characters))"
    )
    text = f"a == '{'x' * 4_000}' or b == '{'y' * 4_000}'"
    at = text.index("b ==")
    (message,) = messages_of(check(text))
    assert message == (
        "rules[0].check: unknown column 'b' (strings stand in quotes)"
        f' (at character {at + 1:,} of "…{text[at - 60 : at + 60]}…" ({len(text):,} characters))'
    )
    (message,) = messages_of(column(type="digits", allowed=[LONG]))
    assert f"'{'x' * 120}…' ({LENGTH:,} characters) is no digits" in message


AS_WRITTEN = {
    r"(\d+)\1": r"the pattern '(\d+)\1' does not work: invalid escape sequence: \1",
    r"\\server\(x": r"the pattern '\\server\(x",
    r"[a-\d": r"the pattern '[a-\d' does not work",
    "a\u200b(": r"the pattern 'a\u200b(' does not work",
    "(\x1f": r"the pattern '(\x1f' does not work",
    "it's (": 'the pattern "it\'s (" does not work',
}


@pytest.mark.parametrize("pattern", [each for each in AS_WRITTEN if not each.startswith("\\\\")])
def test_a_pattern_is_shown_as_it_is_written(pattern: str) -> None:
    (message,) = messages_of(column(pattern=pattern))
    assert AS_WRITTEN[pattern] in message
    (message,) = messages_of({"source": {"filename": {"pattern": pattern}}})
    assert AS_WRITTEN[pattern] in message


def test_a_pattern_in_a_check_is_shown_as_it_is_written() -> None:
    (message,) = messages_of(check(r"matches(a, '(\d+')"))
    assert message == (
        r"rules[0].check: the pattern '(\d+' does not work: missing ): (\d+"
        r""" (at character 12 of "matches(a, '(\d+')")"""
    )
