"""Causes name what a sender did to a file: each sample is one such file, and no advice leads astray."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import load_contract, validate
from tests.explain.test_causes import BASE, GOOD, HEADER, contract_with, run

SOUND = [GOOD.format(number) for number in range(5)]
BACKSLASHES = "quotes or delimiters are escaped with backslashes"


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        ([*SOUND, HEADER, *SOUND], "the header is repeated"),
        (["INTEGER,TIME,DATE,VARCHAR(9),VARCHAR(500)", *SOUND], "the line holds the types of the columns"),
        ([*SOUND, "Total,5,,,"], "the last rejected line looks like totals"),
        ([*SOUND, "5 rows"], "the last rejected line looks like totals"),
        (["# made by a switch", *SOUND], "lines that begin with # look like comments"),
        ([*SOUND, "\x1a"], "the line holds the end-of-file mark 0x1A (Ctrl-Z) of DOS alone"),
        ([*SOUND, '6,08:00:00,2025-01-31,COMPLETED,"a \\"b\\" c"'], BACKSLASHES),
        ([*SOUND, '6,08:00:00,2025-01-31,COMPLETED,"a\\""'], BACKSLASHES),
        ([*SOUND, "6,08:00:00,2025-01-31,COMPLETED,a\\,b"], BACKSLASHES),
        (
            [*SOUND, '6,08:00:00,2025-01-31,COMPLETED, "a,b"'],
            "a space comes before a quote, which then opens no quoted value",
        ),
        ([*SOUND, f'"{GOOD.format(6)}"'], "the whole line is in quotes"),
        ([*SOUND, '"6,08:00:00,2025-01-31,COMPLETED,""a"""'], "the whole line is in quotes"),
    ],
)
def test_one_cause_names_what_was_done(lines: list[str], what: str, tmp_path: Path) -> None:
    (cause,) = run(tmp_path, BASE, lines).causes
    assert cause.what == what
    assert cause.hint
    dialect = ("lenient", "escape", "skip_initial_space", "warn")
    assert cause.advice is None or any(key in cause.advice.yaml for key in dialect)
    assert cause.advice is None or "multiline" not in cause.advice.yaml


def test_a_line_of_types_leaves_room_for_the_other_causes(tmp_path: Path) -> None:
    bad = "7,08:00:00,2025-01-31,LOST,ok"
    found = run(tmp_path, BASE, ["INTEGER,TIME,DATE,VARCHAR(9),TEXT", *SOUND, bad])
    assert {(cause.rule, cause.records) for cause in found.causes} == {("id.type", 1), ("status.allowed", 1)}


@pytest.mark.parametrize("value", ["9.19812E+11", "9,19812E+11", "1E12", "12e+3"])
@pytest.mark.parametrize("kind", ["digits", "integer"])
def test_destroyed_numbers_have_no_type(value: str, kind: str, tmp_path: Path) -> None:
    lines = [GOOD.format(f'"{value}"')]
    (cause,) = run(tmp_path, contract_with(id={"type": kind}), lines).causes
    assert cause.what == "id is written in scientific notation, digits are lost"
    assert "ask the sender" in (cause.hint or "")
    assert cause.advice is None or "type: decimal" not in cause.advice.yaml


def test_telephone_numbers_are_text(tmp_path: Path) -> None:
    (cause,) = run(tmp_path, BASE, [GOOD.format("+4917055501")]).causes
    assert cause.advice is not None
    assert "pattern" in cause.advice.yaml
    assert "integer" not in cause.advice.yaml
    assert cause.advice.recovers == 1


def test_two_digit_years_in_the_future_are_named(tmp_path: Path) -> None:
    contract = contract_with(day={"format": "%d.%m.%y", "max": "2026-12-31"})
    lines = [GOOD.format(number).replace("2025-01-31", "31.01.68") for number in range(3)]
    (cause,) = run(tmp_path, contract, lines).causes
    assert cause.rule == "day.max"
    assert "are read as 1969 to 2068" in (cause.hint or "")


def test_json_lines_are_refused_as_such(tmp_path: Path) -> None:
    source = tmp_path / "calls.csv"
    source.write_text('{"id": 1, "start": "08:00:00"}\n{"id": 2, "start": "08:00:01"}\n')
    summary: dict[str, Any] = validate(source, load_contract(BASE), output=tmp_path / "out").summary
    (problem,) = summary["problems"]
    assert (problem["rule"], "JSON objects, one a line" in problem["message"]) == ("file.not_delimited", True)
