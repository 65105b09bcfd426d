"""A contract that goes to another format and comes back is the same contract, and judges alike."""

from __future__ import annotations

import csv
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter_etl import validate
from callcenter_etl.tools.convert.contract_mapping import contract_text, plain_of
from callcenter_etl.tools.convert.contract_readers import load_any_document
from callcenter_etl.tools.convert.conversion import export_contract, import_contract
from tests.interop.contracts import CASES, CONTRACTS, WAYS, through
from tests.oracle.contracts import make_contract


def names(path: Path) -> str:
    return path.parent.name if path.name == "contract.yaml" else path.stem


@pytest.mark.parametrize(("to", "version"), WAYS)
@pytest.mark.parametrize("path", CONTRACTS, ids=names)
def test_a_contract_comes_back_equal(path: Path, to: str, version: str | None, tmp_path: Path) -> None:
    document = load_any_document(path).document
    back = through(document, to, version, tmp_path)
    assert back.loaded.document == document
    assert back.notes == ()
    (tmp_path / "back.yaml").write_text(back.text, encoding="utf-8")
    assert load_any_document(tmp_path / "back.yaml").document == document


@pytest.mark.parametrize("way", WAYS)
@given(seed=st.integers(min_value=0, max_value=2**32 - 1))
@settings(max_examples=12, deadline=None)
def test_any_contract_comes_back_equal(way: tuple[str, str | None], seed: int) -> None:
    document = load_any_document(make_contract(random.Random(seed))).document
    text = export_contract(document, way[0], version=way[1]).text
    back = import_contract(["any"], way[0], read_bytes=lambda _: text.encode())
    assert back.loaded.document == document


@given(seed=st.integers(min_value=0, max_value=2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_a_contract_written_as_people_do_is_the_same(seed: int) -> None:
    document = load_any_document(make_contract(random.Random(seed))).document
    text = contract_text(plain_of(document))
    assert load_any_document("any", read_bytes=lambda _: text.encode()).document == document


@pytest.mark.parametrize(("to", "version"), WAYS)
def test_what_comes_back_judges_alike(to: str, version: str | None, tmp_path: Path) -> None:
    case = next(path.parent for path in CASES if path.parent.name == "the_first_occurrence_keeps_uniqueness")
    back = through(load_any_document(case / "contract.yaml").document, to, version, tmp_path)
    contract = tmp_path / "back.yaml"
    contract.write_text(back.text, encoding="utf-8")
    validate(case / "source.csv", contract, output=tmp_path / "out")
    with (tmp_path / "out" / "exceptions.csv").open(newline="", encoding="utf-8") as file:
        found = [(row["reject_line"], row["reject_rules"]) for row in csv.DictReader(file)]
    with (case / "expected" / "rejected_rules.csv").open(newline="", encoding="utf-8") as file:
        assert found == [(row["line"], row["rules"]) for row in csv.DictReader(file)]


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "callcenter_etl", "contract", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_command_line_takes_a_contract_there_and_back(tmp_path: Path) -> None:
    shutil.copy(CONTRACTS[0], tmp_path / "calls.yaml")
    there = run(
        "export",
        "calls.yaml",
        "--to",
        "odcs",
        "--odcs-version",
        "3.1",
        "-o",
        "calls.odcs.yaml",
        folder=tmp_path,
    )
    assert (there.returncode, there.stdout) == (0, "")
    assert there.stderr.startswith("kept under 'customProperties', for odcs has no words for it:\n")
    assert "  column 'agent_id': lookup file 'agents.csv', column 'agent_id'\n" in there.stderr
    assert "  rule 'ends_after_start' (a custom check of engine 'callcenterEtl')\n" in there.stderr
    back = run("import", "calls.odcs.yaml", "-o", "back.yaml", folder=tmp_path)
    assert (back.returncode, back.stdout, back.stderr) == (0, "", "")
    assert load_any_document(tmp_path / "back.yaml").document == load_any_document(CONTRACTS[0]).document


def test_a_list_of_one_source_stays_a_list() -> None:
    document = load_any_document(
        {"contract": "c", "columns": [{"name": "a"}], "run": {"source": ["a.csv"]}}
    ).document
    text = export_contract(document, "odcs").text
    back = import_contract(["any"], "odcs", read_bytes=lambda _: text.encode())
    assert back.loaded.document.run.source == ("a.csv",)


def test_json_is_written_where_the_file_is_called_so(tmp_path: Path) -> None:
    done = run("export", str(CONTRACTS[0]), "--to", "pandera", "-o", "schema.json", folder=tmp_path)
    assert done.returncode == 0
    assert (
        (tmp_path / "schema.json").read_text(encoding="utf-8").startswith('{\n  "schema_type": "dataframe"')
    )
    back = run("import", "schema.json", folder=tmp_path)
    assert (back.returncode, back.stderr) == (0, "")


def test_an_edit_of_the_other_format_counts(tmp_path: Path) -> None:
    path = tmp_path / "calls.odcs.yaml"
    text = export_contract(load_any_document(CONTRACTS[0]).document, "odcs").text
    path.write_text(text.replace("maxLength: 500", "maxLength: 80"), encoding="utf-8")
    note = next(column for column in load_any_document(path).document.columns if column.name == "note")
    assert (note.max_length, note.classification) == (80, "personal")


def test_no_file_is_replaced_unless_forced(tmp_path: Path) -> None:
    (tmp_path / "there.json").write_text("mine", encoding="utf-8")
    arguments = ("export", str(CONTRACTS[0]), "--to", "frictionless", "-o", "there.json")
    done = run(*arguments, folder=tmp_path)
    assert (done.returncode, done.stderr) == (2, "error: there.json is there already (--force replaces it)\n")
    assert (tmp_path / "there.json").read_text(encoding="utf-8") == "mine"
    assert run(*arguments, "--force", folder=tmp_path).returncode == 0
    assert "fields" in (tmp_path / "there.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--to", "odcs", "--odcs-version", "2.2"), "odcs is written as 3.0.2, 3.1.0, 3.2.0, not '2.2'"),
        (("--to", "pandera", "--odcs-version", "3.1"), "--odcs-version goes with --to odcs"),
        (("--to", "odcs", "-o", "none/such.yaml"), "none/such.yaml: no such file or directory"),
    ],
)
def test_what_cannot_be_written_is_said(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    done = run("export", str(CONTRACTS[0]), *arguments, folder=tmp_path)
    assert done.stderr == f"error: {message}\n"
    assert done.returncode == (3 if "none" in message else 2)
