"""A reason shows the character at fault, also where one cannot see it."""

from __future__ import annotations

import csv
import sys
import unicodedata
from pathlib import Path

import pytest

from callcenter_etl import load_contract, validate

CONTRACT = {
    "contract": "calls",
    "version": "1.0.0",
    "source": {"quote": None},
    "columns": [{"name": "call_id", "type": "digits"}, {"name": "note"}],
}


def reasons(values: list[str], folder: Path) -> list[str]:
    """Return the reasons of records that a run rejects."""
    source = folder / "calls.csv"
    source.write_text(
        "".join(f"{line}\n" for line in ["call_id,note", *(f"{v},x" for v in values)]), "utf-8", newline=""
    )
    validate(str(source), load_contract(CONTRACT), output=str(folder / "out"))
    with (folder / "out" / "exceptions.csv").open(encoding="utf-8", newline="") as file:
        return [row["reject_reasons"] for row in csv.DictReader(file)]


@pytest.mark.parametrize(
    "hidden", ["\u001f", "\u200b", "\u00a0", "\ufeff", "\u202f", "\u007f", "\u2028", "\ue000", "\ufffe"]
)
def test_hidden_characters_are_escaped(hidden: str, tmp_path: Path) -> None:
    (reason,) = reasons([f"0123{hidden}456"], tmp_path)
    escape = hidden.encode("unicode_escape").decode()
    assert reason == f"call_id must be digits only, got '0123{escape}456'"


def test_what_one_can_see_stays_as_it_is(tmp_path: Path) -> None:
    values = ["é1", "漢字", "a b", "e\u0301", "100€", "٣", "\u00bd"]
    assert reasons(values, tmp_path) == [f"call_id must be digits only, got '{value}'" for value in values]


def test_every_character_beyond_ascii_is_shown_as_python_prints_it(tmp_path: Path) -> None:
    characters = [
        chr(code)
        for code in range(0x80, sys.maxunicode + 1, 97)
        if unicodedata.category(chr(code)) not in ("Cs", "Cn")
    ]
    expected = [c if c.isprintable() else c.encode("unicode_escape").decode() for c in characters]
    found = reasons([f"x{c}x" for c in characters], tmp_path)
    assert found == [f"call_id must be digits only, got 'x{c}x'" for c in expected]
