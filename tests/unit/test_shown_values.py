"""Reasons show every character of a value, also those that nobody sees."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import unicodedata
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter_etl import load_contract, validate
from callcenter_etl.rules.shown import MAX_SHOWN_CHARACTERS, shown_values
from callcenter_etl.terminal import printable
from tests.oracle.compare import visible

HIDDEN = [
    "\x1f",
    "\u200b",
    "\u00a0",
    "\ufeff",
    "\u202f",
    "\x00",
    "\x7f",
    "\u2028",
    "\u200e",
    "\ue000",
    "\U000e0001",
]


def reasons_in(output: Path) -> list[str]:
    with (output / "exceptions.csv").open(newline="", encoding="utf-8") as file:
        return [row["reject_reasons"] for row in csv.DictReader(file)]


@pytest.mark.parametrize("hidden", HIDDEN)
def test_a_character_that_nobody_sees_is_escaped_wherever_a_reason_is_shown(
    tmp_path: Path, hidden: str
) -> None:
    columns = [
        {"name": "id", "type": "digits"},
        {"name": "state", "allowed": ["A", "B\u00a0C"]},
        {"name": "no\u00a0te", "pattern": "[a-z]*"},
        {"name": "own", "max_length": 1, "reason": "le code «\u00a0{value}\u00a0» est trop long"},
    ]
    contract = tmp_path / "c.json"
    contract.write_text(json.dumps({"contract": "c", "columns": columns}), encoding="utf-8")
    source = tmp_path / "s.csv"
    value = f"01{hidden}23é"
    source.write_text(
        f"id,state,no\u00a0te,own\n{value},{value},{value},{value}\n1,A,a,a\n", encoding="utf-8"
    )
    validate(source, load_contract(contract), output=tmp_path / "o")
    shown = f"01{visible(hidden)}23é"
    expected = [
        f"id must be digits only, got '{shown}'",
        f"state must be one of A, B\\xa0C, got '{shown}'",
        f"no\\xa0te must match the pattern [a-z]*, got '{shown}'",
        f"le code «\u00a0{shown}\u00a0» est trop long",  # the contract's own words stay as its author wrote them
    ]
    assert reasons_in(tmp_path / "o") == ["; ".join(expected)]
    explain = [
        sys.executable,
        "-m",
        "callcenter_etl",
        "explain",
        str(source),
        "--line",
        "2",
        "--format",
        "json",
    ]
    told = subprocess.run(
        [*explain, "--contract", str(contract)], capture_output=True, text=True, check=False
    )
    assert [
        rule["why"] for rule in json.loads(told.stdout)["rules"] if rule["verdict"] == "broken"
    ] == expected


@given(
    st.lists(st.one_of(st.text("ab0 é,", max_size=90), st.text(max_size=90)), max_size=20), st.integers(0, 3)
)
def test_a_column_is_shown_as_its_values_are(values: list[str], skip: int) -> None:
    expected = [
        printable(value if len(value) <= MAX_SHOWN_CHARACTERS else value[:MAX_SHOWN_CHARACTERS] + "…")
        for value in values
    ]
    assert shown_values(pa.array(values, type=pa.string()).slice(skip)).to_pylist() == expected[skip:]


def test_every_character_is_shown_as_the_console_shows_it() -> None:
    assigned = [
        chr(code) for code in range(0x110000)
        if unicodedata.category(chr(code)) not in ("Cn", "Cs")
    ]  # fmt: skip
    shown = shown_values(pa.array(assigned)).to_pylist()
    assert [one for one, other in zip(shown, assigned, strict=True) if one != printable(other)] == []
