"""What a spreadsheet destroyed is listed and never taken for numbers or dates, whatever its share."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from callcenter_etl import load_contract, validate
from callcenter_etl.tools.infer import Inference, InferOptions, infer_contract

RECORDS = 90
Maker = Callable[[int], str]


def infer(tmp_path: Path, header: str, make: Maker, *, delimiter: str = ";") -> Inference:
    source = tmp_path / "sample.csv"
    lines = [f"{'ab'[i % 2]}{delimiter}{make(i)}\n" for i in range(RECORDS)]
    source.write_text(f"x{delimiter}{header}\n" + "".join(lines), encoding="utf-8")
    inference = infer_contract(InferOptions((str(source),), delimiter=delimiter))
    contract = tmp_path / "contract.yaml"
    contract.write_text(inference.text, encoding="utf-8")
    summary = validate(source, load_contract(contract), output=tmp_path / "out", force=True).summary
    assert summary["records"]["accepted"] == inference.outcome.accepted  # what is not listed is accepted
    return inference


def mixed(sound: Maker, destroyed: Maker, every: int = 3) -> Maker:
    return lambda i: destroyed(i) if i % every == 1 else sound(i)


def phone(i: int) -> str:
    return f"9198123{i:05}"


SCIENTIFIC = "written in scientific notation: digits are lost, ask the sender"


@dataclass(frozen=True)
class Damage:
    """A column of sound and of destroyed values, with the type and the advice that are due."""

    header: str
    sound: Maker
    destroyed: Maker
    kind: str
    advice: str


DAMAGES = (
    Damage("caller", phone, lambda i: "9.19812E+11", "digits", SCIENTIFIC),
    Damage("caller", phone, lambda i: "9,19812E+11", "digits", SCIENTIFIC),
    Damage("caller", phone, lambda i: "9.19812e+11", "digits", SCIENTIFIC),
    Damage("col", lambda i: f"+4930123{i:04}", lambda i: "4.93012E+11", "text", SCIENTIFIC),
    Damage("order", lambda i: str(10**11 + 7 * i**3), lambda i: f"1.{i:02}E+11", "digits", SCIENTIFIC),
    Damage("part", lambda i: f"{i % 30}E{i % 7}A", lambda i: "1.20E+13", "text", SCIENTIFIC),
    Damage("part", lambda i: f"{1 + i % 9}-{1 + i % 12}", lambda i: "1-Feb", "text", "made of a code"),
    Damage("part", lambda i: f"{1 + i % 9}-{1 + i % 12}", lambda i: "01. Mrz", "text", "made of a code"),
    Damage("n", str, lambda i: "Feb-24", "integer", "made of a code"),
    Damage("rate", lambda i: f"{i}.{i % 9}", lambda i: "02. Jan 24", "decimal", "made of a code"),
    Damage("day", lambda i: f"2025-03-{1 + i % 28:02}", lambda i: "########", "date", "too narrow"),
    Damage("n", lambda i: str(i - 9), lambda i: "#####", "integer", "too narrow"),
    Damage("n", str, lambda i: "#REF!", "integer", "formula"),
    Damage("state", lambda i: ("OPEN", "DONE")[i // 4 % 2], lambda i: "#NAME?", "text", "formula"),
)


@pytest.mark.parametrize("every", [2, 3, 30])
@pytest.mark.parametrize("damage", DAMAGES, ids=lambda each: f"{each.header} {each.destroyed(0)}")
def test_destroyed_values_are_outliers_whatever_their_share(
    tmp_path: Path, damage: Damage, every: int
) -> None:
    inference = infer(tmp_path, damage.header, mixed(damage.sound, damage.destroyed, every))
    wrong = sum(i % every == 1 for i in range(RECORDS))
    assert inference.contract.document.columns[1].type == damage.kind
    assert inference.outcome.accepted == RECORDS - wrong
    assert f"; {wrong} " in inference.text
    assert damage.advice in inference.text
    assert "E+" not in inference.text


def test_a_column_with_nothing_but_destroyed_numbers_is_not_numeric(tmp_path: Path) -> None:
    for header, make in (("phone", lambda i: f"9.{i:02}E+10"), ("x1", lambda i: f"9,{i:02}E+11")):
        inference = infer(tmp_path, header, make)
        assert inference.contract.document.columns[1].type == "digits"
        assert f"; {RECORDS} {SCIENTIFIC}" in inference.text
        assert inference.outcome.accepted == 0


@pytest.mark.parametrize(
    "make",
    [
        lambda i: f"{i % 30:02}E{i % 12:02}",
        lambda i: f"{i}e{i % 4}",
        mixed(lambda i: f"{i:04}", lambda i: f"{i % 90:02}E{i % 9}"),
        mixed(str, lambda i: "12E12"),
    ],
)
def test_codes_with_an_e_are_text(tmp_path: Path, make: Maker) -> None:
    inference = infer(tmp_path, "room", make)
    assert inference.contract.document.columns[1].type == "text"
    assert inference.outcome.accepted == RECORDS
    assert "E+" not in inference.text


@pytest.mark.parametrize(
    "make",
    [
        mixed(lambda i: f"{i}.25", lambda i: "1.5E+06"),
        lambda i: f"{1 + i % 9}.5E+{i % 4:02}",
        lambda i: f"{1 + i % 9}.5e-{i % 4:02}",
        lambda i: ("1.5", "-0.25", "1e3", "17.125")[i % 4],
    ],
)
def test_measured_numbers_in_scientific_notation_stay_decimals(tmp_path: Path, make: Maker) -> None:
    inference = infer(tmp_path, "energy", make)
    assert inference.contract.document.columns[1].type == "decimal"
    assert inference.outcome.accepted == RECORDS


def test_dates_with_names_of_months_stay_dates(tmp_path: Path) -> None:
    inference = infer(tmp_path, "day", lambda i: f"{1 + i % 28}-Feb-2024")
    column = inference.contract.document.columns[1]
    assert (column.type, column.format) == ("date", ("%-d-%b-%Y",))
    assert inference.outcome.accepted == RECORDS


@pytest.mark.parametrize("make", [lambda i: f"+49301234{i:03}", mixed(phone, lambda i: f"+49301234{i:03}")])
def test_a_number_with_a_plus_is_never_an_integer(tmp_path: Path, make: Maker) -> None:
    inference = infer(tmp_path, "n", make)
    column = inference.contract.document.columns[1]
    assert (column.type, column.classification) == ("text", "personal")
    assert column.pattern is not None
    assert re.fullmatch(column.pattern, "+49301234567")
    assert inference.outcome.accepted == RECORDS


def test_signed_numbers_stay_integers(tmp_path: Path) -> None:
    inference = infer(tmp_path, "n", lambda i: f"{1_000_000 * (i - 40):+}")
    assert inference.contract.document.columns[1].type == "integer"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda i: f"4{i * 7_368_787:014}0", f"check, {RECORDS} have nothing but 0 after the 15th digit"),
        (lambda i: f"8{i * 7_368_787:014}000", f"check, {RECORDS} have nothing but 0 after the 15th digit"),
        (mixed(lambda i: f"8{i * 7_368_787:017}"[:17] + "7", lambda i: f"8{i * 7_368_787:014}000", 9), "check, 10 have nothing"),
    ],
)  # fmt: skip
def test_numbers_cut_after_15_digits_are_remarked(tmp_path: Path, make: Maker, said: str) -> None:
    inference = infer(tmp_path, "ref", make)
    assert inference.contract.document.columns[1].type == "digits"
    assert said in inference.text


def test_long_numbers_that_end_in_0_by_chance_are_not_remarked(tmp_path: Path) -> None:
    assert "15th digit" not in infer(tmp_path, "ref", lambda i: f"4{i * 7_368_787:014}{i % 10}").text


def test_lost_leading_zeros_are_outliers(tmp_path: Path) -> None:
    inference = infer(tmp_path, "zip", lambda i: "1234" if i == 50 else f"{i * 977:05}")
    assert inference.contract.document.columns[1].type == "digits"
    assert "check, 1 shorter than others that begin with 0: leading zeros may be lost" in inference.text
    lines = ["x,zip\n", *[f"a,{i * 77:05}\n" for i in range(300)], "b,123\n"]
    (tmp_path / "sample.csv").write_text("".join(lines), encoding="utf-8")
    inference = infer_contract(InferOptions((str(tmp_path / "sample.csv"),)))
    column = inference.contract.document.columns[1]
    assert (column.type, column.min_length, column.max_length) == ("digits", 5, 5)
    assert "1 value of zip is too short (line 302); 1 shorter than others that begin with 0" in inference.text


def test_a_repeated_destroyed_key_is_no_surprise(tmp_path: Path) -> None:
    for make in (
        mixed(phone, lambda i: "9.19812E+11"),
        mixed(lambda i: f"TK-{i:04}", lambda i: "#####"),
        mixed(lambda i: f"{i:03}-1", lambda i: "1-Feb"),
    ):
        inference = infer(tmp_path, "call id", make)
        assert inference.outcome.accepted == RECORDS - 30
        assert inference.contract.document.columns[1].unique
