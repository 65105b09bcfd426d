"""Contracts are inferred from workbooks and from members of archives, and accept them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import yaml

from callcenter_etl import infer, validate
from callcenter_etl.errors import UsageError
from tests.workbooks import number, text, write_xlsx


def workbook(path: Path) -> Path:
    rows = {1: [text("Report of May")], 2: [text("call_id"), text("agent"), text("amount")]}
    rows |= {row: [number(str(row)), text(f"agent {row}"), number(f"{row}.5")] for row in range(3, 33)}
    rows[33] = [text("Total"), number("30")]
    return write_xlsx(path, {"Calls": rows, "Notes": {1: [text("none")]}})


def test_a_sheet_is_inferred_with_its_title_and_its_totals(tmp_path: Path) -> None:
    sample = workbook(tmp_path / "calls.xlsx")
    found = infer(sample)
    source = yaml.safe_load(found.text)["source"]
    assert source["format"] == "excel"
    assert source["preamble"]["lines"] == 1
    assert not {"delimiter", "encoding", "multiline"} & set(source)
    assert [column.type for column in found.contract.document.columns] == ["digits", "text", "decimal"]
    summary = validate(sample, found.contract, output=tmp_path / "out").summary
    assert (summary["status"], summary["records"]["accepted"]) == ("passed", 30)


def test_members_of_an_archive_are_inferred_with_the_glob_of_their_names(tmp_path: Path) -> None:
    archive = tmp_path / "drop.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for day in (1, 2):
            lines = [f"{day}{number_}\n" for number_ in range(30)]
            file.writestr(f"calls_2025010{day}.csv", "call_id\n" + "".join(lines))
    found = infer(f"{archive}/*.csv")
    assert yaml.safe_load(found.text)["source"]["member"] == "calls_*.csv"


def test_workbooks_and_text_are_not_one_contract(tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_text("call_id\n1\n", encoding="utf-8")
    with pytest.raises(UsageError, match="some are workbooks"):
        infer([workbook(tmp_path / "calls.xlsx"), tmp_path / "calls.csv"])
