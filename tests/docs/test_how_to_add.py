"""The steps of docs/design/core.md, "How to add", are all that a rule kind and a report format need."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

import callcenter_etl.contract.column
import callcenter_etl.diagnostics.renderers
import callcenter_etl.rules.kinds
from callcenter_etl import load_contract, validate
from callcenter_etl.cli import app, output_formats
from callcenter_etl.contract.json_schema import json_schema
from callcenter_etl.diagnostics.rule_texts import declarations
from callcenter_etl.errors import ContractError, UsageError
from callcenter_etl.rules.samples import sections
from callcenter_etl.tools.compare import compare_contracts
from callcenter_etl.tools.contract_test.contract_test import run_contract_test
from tests.docs.pages import DOCS
from tests.docs.toy_additions import KEY, STARTS_WITH, column, toy_report_format, toy_rule_kind
from tests.shared_folder import REPOSITORY
from tools.docs import rule_samples
from tools.docs.contract_keys import contract_page

SOURCE = b"id,value\n1,AB1\n2,BA2\n3,\n"


@pytest.fixture
def rule_kind() -> Iterator[None]:
    with toy_rule_kind():
        yield


@pytest.fixture
def report_format() -> Iterator[None]:
    with toy_report_format():
        yield


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "calls.csv"
    path.write_bytes(SOURCE)
    return path


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    path = tmp_path / "contract.json"
    path.write_text(json.dumps(column(starts_with="AB")), encoding="utf-8")
    return path


def run(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(word) for word in words])
    return done.exit_code, done.stdout


def row_of(title: str) -> str:
    page = (DOCS / "design" / "core.md").read_text(encoding="utf-8")
    (row,) = [line for line in page.splitlines() if line.startswith(f"| {title} |")]
    return row


@pytest.mark.parametrize(
    ("title", "modules"),
    [
        ("a column rule", [callcenter_etl.contract.column, callcenter_etl.rules.kinds]),
        ("a report format for CI", [callcenter_etl.diagnostics.renderers, output_formats]),
    ],
)
def test_the_design_page_names_the_files_that_the_toys_are_added_to(
    title: str, modules: list[ModuleType]
) -> None:
    for module in modules:
        path = Path(str(module.__file__)).relative_to(REPOSITORY / "callcenter_etl")
        assert f"`{path}`" in row_of(title)


def test_without_its_steps_the_toy_is_an_unknown_key(contract: Path) -> None:
    with pytest.raises(ContractError, match=f"{KEY}: unknown key"):
        load_contract(contract)


@pytest.mark.usefixtures("rule_kind")
def test_a_run_judges_by_the_new_kind_and_gives_its_reason(
    contract: Path, source: Path, tmp_path: Path
) -> None:
    result = validate(source, load_contract(contract), output=tmp_path / "out")
    rejected = result.exceptions
    assert rejected["reject_rules"].tolist() == ["value.starts_with"]
    assert rejected["reject_reasons"].tolist() == ["value must start with AB, got 'BA2'"]
    assert (tmp_path / "out" / "target.csv").read_bytes() == b"id,value\n1,AB1\n3,\n"


@pytest.mark.usefixtures("rule_kind")
def test_severity_reason_and_faults_work_as_for_every_kind() -> None:
    document = load_contract(
        column(starts_with="AB", severity={KEY: "warn"}, reason={KEY: "{value}!"})
    ).document
    assert document.columns[1].severity_of(KEY) == "warn"
    with pytest.raises(ContractError, match=r"columns\[1\].starts_with: the prefix is empty"):
        load_contract(column(starts_with=""))
    with pytest.raises(ContractError, match="starts_with has no value"):
        load_contract(column(starts_with=None))


@pytest.mark.usefixtures("rule_kind")
def test_the_reference_pages_and_the_schema_show_the_new_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    assert KEY in json_schema()["$defs"]["Column"]["properties"]
    assert f"| `{KEY}` |" in contract_page()
    assert STARTS_WITH.samples[0] in sections()["Rules of a column"]
    monkeypatch.setattr(rule_samples, "sections", lambda: {"Rules of a column": STARTS_WITH.samples})
    page = rule_samples.rules_page()
    assert f"### `{KEY}`" in page
    assert "value must start with AB, got 'BA1'" in page


@pytest.mark.usefixtures("rule_kind")
def test_reports_say_what_the_new_kind_declares() -> None:
    declared = declarations(load_contract(column(starts_with="AB")).document)
    assert declared["value.starts_with"] == "column value: starts_with: AB"


@pytest.mark.usefixtures("rule_kind")
@pytest.mark.parametrize(
    ("before", "after", "effect", "why"),
    [
        ({KEY: "AB"}, {KEY: "A"}, "loosening", "newly accepted: values that do not start with AB"),
        ({KEY: "A"}, {KEY: "AB"}, "breaking", "no longer accepted: values that do not start with AB"),
        ({}, {KEY: "AB"}, "breaking", "no longer accepted: values that do not start with AB"),
    ],
)
def test_a_diff_says_which_way_the_new_kind_changed(
    before: dict[str, str], after: dict[str, str], effect: str, why: str
) -> None:
    old, new = load_contract(column(**before)), load_contract(column(**after))
    (change,) = compare_contracts(old.loaded, new.loaded)
    assert (change.path, change.old, change.new) == (f"columns.value.{KEY}", before.get(KEY), after[KEY])
    assert (change.effect, change.why) == (effect, why)


@pytest.mark.usefixtures("rule_kind")
def test_a_contract_test_finds_a_record_that_breaks_the_new_kind_alone() -> None:
    found = run_contract_test(load_contract(column(starts_with="AB")).loaded)
    assert [(each.rule, each.outcome) for each in found.rules] == [("value.starts_with", "alone")]


@pytest.mark.usefixtures("rule_kind")
@pytest.mark.parametrize("form", ["odcs", "frictionless", "pandera"])
def test_other_formats_of_contracts_keep_the_new_kind(form: str, contract: Path, tmp_path: Path) -> None:
    contract.write_text(
        json.dumps(column(starts_with="AB", required=True, description="a code")), encoding="utf-8"
    )
    exported, back = tmp_path / "exported.json", tmp_path / "back.json"
    assert run("contract", "export", contract, "--to", form, "-o", exported)[0] == 0
    assert run("contract", "import", exported, "-o", back)[0] == 0
    assert load_contract(back).document == load_contract(contract).document


@pytest.mark.usefixtures("rule_kind")
def test_explain_says_why_a_value_keeps_or_breaks_the_new_kind(
    contract: Path, source: Path, tmp_path: Path
) -> None:
    assert "must start with AB" in run("explain", source, "-c", contract, "--line", "2")[1]
    assert "got 'BA2'" in run("explain", source, "-c", contract, "--line", "3")[1]
    validate(source, load_contract(contract), output=tmp_path / "out")
    assert "value has another prefix" in run("explain", tmp_path / "out", "-c", contract)[1]


@pytest.mark.usefixtures("rule_kind", "report_format")
def test_the_new_report_format_shows_what_the_new_kind_rejects(
    contract: Path, source: Path, tmp_path: Path
) -> None:
    done = run("validate", source, "-c", contract, "-o", tmp_path / "out", "--format", "lines")
    assert done == (1, "value.starts_with=1\n")


@pytest.mark.usefixtures("report_format")
def test_the_new_report_format_shows_the_faults_of_a_contract(contract: Path) -> None:
    code, text = run("contract", "check", contract, "--format", "lines")
    assert code == 2
    assert "unknown key" in text


def test_without_its_steps_the_report_format_is_refused() -> None:
    with pytest.raises(UsageError, match="'lines' is none of text, json"):
        output_formats.requested_formats(["lines"])
