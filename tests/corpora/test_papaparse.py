"""Papa Parse's own test cases: what a record is, for those that a contract can describe."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.corpora.support import numbered, read
from tests.shared_folder import shared, shared_or_skip

CASES = ("data", "corpora", "papaparse", "test_cases.json")
SAID = {"delimiter", "newline", "quoteChar"}
"""Papa Parse's options that a contract has words for; cases with others (preview, comments, headers, …) are not asked."""

GUESSED = {121: "|", 123: ";", 124: ";"}
"""Papa Parse finds these delimiters by itself, a contract declares them."""

STRAY = "Papa Parse lets a stray quote take its neighbours along; here the opening line alone is malformed"
SPACES = "Papa Parse drops spaces after a closing quote; here they are text after it, which is malformed"
DIFFERENT: dict[int, tuple[str, list[object]]] = {
    19: (STRAY, ["record.quote", ["d", "e", "f"]]),
    20: (STRAY, ["record.quote", ["d", "e", "f"]]),
    21: (STRAY, ["record.quote", ["d", "e", "f"]]),
    22: (STRAY, ["record.quote", ["e", "f", "g"]]),
    23: (STRAY, ["record.quote", ['d"e', "f", "g"]]),
    67: (SPACES, ["record.quote", "record.quote"]),
    68: (SPACES, ["record.quote", "record.quote", ["Q", "W", "E", "R"]]),
    69: (SPACES, ["record.quote", "record.quote", "record.quote"]),
    71: (
        "each of LF, CRLF and lone CR ends a line here",
        [["a", "b", "c"], ["d", "e", "f"], ["g", "h", "i"]],
    ),
    144: (SPACES, ["record.quote", ["E", "F", "G", "H"]]),
    145: (SPACES, ["record.quote", "record.quote", ["d", "e", "f"]]),
}


def cases() -> list[Any]:
    path = shared(*CASES)
    if not path.exists():
        return [pytest.param(-1, {}, id="absent")]
    return [
        pytest.param(number, case, id=f"{number}-{case['description'][:50]}")
        for number, case in enumerate(json.loads(path.read_text(encoding="utf-8")))
        if can_be_said(case)
    ]


def can_be_said(case: dict[str, Any]) -> bool:
    config = case.get("config") or {}
    delimiter = config.get("delimiter", ",")
    return config.keys() <= SAID and len(delimiter) == 1 and delimiter not in "\r\n"


def records_of(case: dict[str, Any]) -> list[Any]:
    """Give Papa Parse's records without those that blank lines and a last line break make, ragged ones as malformed."""
    found = case["expected"]["data"]
    width = max((len(record) for record in found if record != [""]), default=1)
    first = next((len(record) for record in found if record != [""]), width)
    if first == 1:
        return found[:-1] if case["input"].endswith(("\n", "\r")) else list(found)
    return [record if len(record) == first else "record.fields" for record in found if record != [""]]


@pytest.mark.parametrize(("number", "case"), cases())
def test_records_are_those_of_papa_parse(number: int, case: dict[str, Any], tmp_path: Path) -> None:
    shared_or_skip(*CASES)
    config = case.get("config") or {}
    options: dict[str, Any] = {"header": "none", "multiline": True}
    options["delimiter"] = GUESSED.get(number, config.get("delimiter", ","))
    options |= {"quote": config["quoteChar"]} if "quoteChar" in config else {}
    _, expected = DIFFERENT.get(number, ("", records_of(case)))
    columns = next((len(record) for record in expected if isinstance(record, list)), 4)
    reading = read(tmp_path, case["input"].encode(), numbered(columns), **options)
    if not case["input"]:
        assert [problem["rule"] for problem in reading.summary["problems"]] == ["file.empty"]
    assert reading.values == expected
