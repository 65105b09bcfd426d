"""Columns that come and go: `optional`, `unexpected_columns`, and `header`, the name of a column in the file."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from callcenter_etl import load_contract, validate
from callcenter_etl.contract.loader import load_document
from callcenter_etl.errors import ContractError, UsageError
from callcenter_etl.run.result import RunResult
from callcenter_etl.tools.compare import compare_contracts
from tests.reliability.support import command

ID, STATUS = {"name": "id", "type": "digits"}, {"name": "status"}


def contract_of(*columns: dict[str, Any], **source: Any) -> dict[str, Any]:
    return {"contract": "c", "version": "1.0.0", "source": source, "columns": list(columns)}


def run(folder: Path, text: str, contract: dict[str, Any], **options: Any) -> RunResult:
    (folder / "s.csv").write_text(text)
    return validate(folder / "s.csv", load_contract(contract), output=folder / "o", **options)


def found(result: RunResult) -> list[tuple[str, str]]:
    return [(each["rule"], each["message"]) for each in result.summary["problems"]]


def faults(contract: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ContractError) as caught:
        load_document(contract)
    return {fault.path: fault.message for fault in caught.value.faults}


@pytest.mark.parametrize("mode", ["any_order", "by_name"])
@pytest.mark.parametrize("text", ["id,status\n1,x\n", "id\n1\n"])
def test_an_optional_column_may_be_absent(tmp_path: Path, mode: str, text: str) -> None:
    optional = {**STATUS, "optional": True, "required": True}
    result = run(tmp_path, text, contract_of(ID, optional, header=mode))
    assert (result.summary["status"], (tmp_path / "o" / "target.csv").read_text()) == ("passed", text)
    assert result.summary["rules"]["status.required"] == {"severity": "error", "broken": 0}


@pytest.mark.parametrize(("mode", "default"), [("exact", ""), ("none", ""), (None, ", the default")])
def test_optional_needs_a_mode_that_matches_by_name(mode: str | None, default: str) -> None:
    source = {} if mode is None else {"header": mode}
    message = f"optional goes with header: any_order or by_name, not with {mode or 'exact'}{default}"
    assert faults(contract_of(ID, {**STATUS, "optional": True}, **source)) == {"columns[1].optional": message}


def test_keys_of_a_header_are_faults_without_one() -> None:
    contract = contract_of({**ID, "header": "Id"}, header="none", unexpected_columns="warn")
    assert faults(contract) == {
        "source.unexpected_columns": "unexpected_columns goes with a header line, and header is none",
        "columns[0].header": "header goes with a header line, and header is none",
    }
    assert list(faults(contract_of({**ID, "header": "reject_raw"}))) == ["columns[0].header"]
    assert list(faults(contract_of(ID, unexpected_columns="warm"))) == ["source.unexpected_columns"]


def test_a_missing_column_is_refused_with_the_key_that_would_allow_it(tmp_path: Path) -> None:
    result = run(tmp_path, "id\n1\n", contract_of(ID, STATUS, header="any_order"))
    assert found(result)[0] == (
        "header.missing",
        "column 'status', expected at position 2, is missing (if sources may lack it: optional: true)",
    )


MODES = {
    ("exact", None): "refused",
    ("any_order", None): "refused",
    ("by_name", None): "passed",
    ("exact", "warn"): "passed",
    ("any_order", "warn"): "passed",
    ("by_name", "warn"): "passed",
    ("exact", "ignore"): "passed",
    ("any_order", "ignore"): "passed",
    ("by_name", "refuse"): "refused",
}


@pytest.mark.parametrize(("mode", "unexpected"), MODES)
def test_unexpected_columns_are_refused_reported_or_carried(
    tmp_path: Path, mode: str, unexpected: str | None
) -> None:
    source = {"header": mode} | ({} if unexpected is None else {"unexpected_columns": unexpected})
    text = "id,extra,status\n1,e,x\n"
    result = run(tmp_path, text, contract_of(ID, STATUS, **source))
    assert result.summary["status"] == MODES[mode, unexpected]
    problems = result.summary["problems"]
    if unexpected == "warn":
        advice = "declare it, or unexpected_columns: ignore"
        message = f"column 'extra' at position 2 is not in the contract ({advice})"
        assert problems == [{"rule": "header.unexpected", "message": message, "severity": "warn"}]
    else:
        assert bool(problems) == (MODES[mode, unexpected] == "refused")
    if result.passed:
        assert (tmp_path / "o" / "target.csv").read_text() == text


def test_an_exact_header_keeps_its_order_around_unexpected_columns(tmp_path: Path) -> None:
    contract = contract_of(ID, STATUS, header="exact", unexpected_columns="ignore")
    result = run(tmp_path, "status,extra,id\nx,e,1\n", contract)
    assert [rule for rule, _ in found(result)] == ["header.order", "header.order"]


def test_a_warning_fails_a_run_only_where_it_is_asked_to(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.yaml").write_text(json.dumps(contract_of(ID, header="any_order", unexpected_columns="warn")))
    Path("s.csv").write_text("id,extra\n1,e\n")
    base = ("validate", "s.csv", "-c", "c.yaml", "-o", "o", "--force")
    assert command(*base).returncode == 0
    assert "header.unexpected: warning: column 'extra'" in command(*base).stdout
    assert command(*base, "--fail-on", "warn", "-q").returncode == 1
    for form, quiet, failing in (
        ("github", "::warning ", "::error "),
        ("sarif", '"level": "warning",', '"level": "error",'),
        ("junit", "warning: column", "<error"),
    ):
        shown = command(*base, "--format", form).stdout
        assert (quiet in shown, "header.unexpected" in shown) == (True, True), form
        if form != "sarif":  # the descriptors of its rules have levels of their own
            assert failing not in shown, form
    assert "::error " in command(*base, "--format", "github", "--fail-on", "warn").stdout
    assert command(*base, "--report", "r.html", "-q").returncode == 0
    page = Path("r.html").read_text()
    assert "Warnings about the source" in page
    assert "</code>: warning: column" in page
    assert "warning: column" in command("explain", "o", "-c", "c.yaml").stdout


def test_columns_of_one_header_name_are_found_in_order(tmp_path: Path) -> None:
    columns = [ID, {"name": "note"}, {"name": "note_2", "header": "note", "type": "digits"}]
    text = "id,note,note\n1,a,2\n2,b,x\n"
    result = run(tmp_path, text, contract_of(*columns))
    assert result.summary["rules"]["note_2.type"]["broken"] == 1
    with (tmp_path / "o" / "exceptions.csv").open(newline="") as file:
        header, row = csv.reader(file)
    assert header[:3] == ["id", "note", "note"]
    assert row[:5] == ["2", "b", "x", "3", "note_2.type"]


def test_one_name_too_often_is_refused_with_the_key_that_would_read_it(tmp_path: Path) -> None:
    result = run(tmp_path, "id,id\n1,2\n", contract_of(ID, header="by_name"))
    advice = "declare a further column with header: 'id'"
    message = f"column 'id' occurs 2 times, at positions 1, 2 ({advice})"
    assert found(result) == [("header.duplicate", message)]
    shared = contract_of(ID, {"name": "second", "header": "id"}, header="by_name")
    result = run(tmp_path, "id,id,id\n1,2,3\n", shared, force=True)
    message = f"column 'id' occurs 3 times, at positions 1, 2, 3, and 2 columns share its name in the contract ({advice})"
    assert found(result) == [("header.duplicate", message)]
    result = run(tmp_path, "id\n1\n", shared, force=True)
    assert found(result)[0][1].startswith(
        "column 'second', 'id' in the header, expected at position 2, is missing"
    )


def test_the_name_in_the_file_replaces_the_columns_own(tmp_path: Path) -> None:
    contract = contract_of({**ID, "header": "Call ID", "aliases": ["CallId"]})
    assert run(tmp_path, "Call ID\n1\n", contract).passed
    assert run(tmp_path, "CallId\n1\n", contract, force=True).passed
    assert run(tmp_path, "id\n1\n", contract, force=True).summary["status"] == "refused"


def test_columns_that_share_a_name_may_share_an_alias() -> None:
    note = {"name": "note", "aliases": ["Notes"]}
    load_document(contract_of(note, {"name": "note_2", "header": "note", "aliases": ["Notes"]}))
    clash = contract_of(note, {"name": "note_2", "header": "Other", "aliases": ["Notes"]})
    assert faults(clash) == {"columns[1].aliases[0]": "alias 'Notes' also means columns[0]"}


def test_typed_targets_have_nulls_and_a_map_of_unexpected_columns(tmp_path: Path) -> None:
    columns = (ID, {"name": "seconds", "type": "integer", "optional": True, "required": True})
    contract = contract_of(*columns, header="any_order", unexpected_columns="ignore")
    run(tmp_path, "extra,id\ne,1\n", contract, target_format="parquet")
    table = pq.read_table(tmp_path / "o" / "target.parquet")
    assert table.column("seconds").to_pylist() == [None]
    assert table.column("_extra_columns").to_pylist() == [[("extra", "e")]]
    assert str(table.schema.field("seconds").type) == "int64"


def test_a_frame_may_lack_optional_columns() -> None:
    optional = {"name": "queue", "optional": True, "required": True}
    contract = load_contract(contract_of(ID, optional, header="any_order"))
    accepted, rejected = contract.split(pd.DataFrame({"id": ["1", "x"]}))
    assert (len(accepted), rejected["reject_rules"].tolist()) == (1, ["id.type"])
    contract.schema.validate(pd.DataFrame({"id": ["1"]}), lazy=True)
    assert contract.split(pd.DataFrame({"id": ["1"], "queue": [""]})).rules.tolist() == ["queue.required"]
    with pytest.raises(UsageError, match="'id'"):
        contract.split(pd.DataFrame({"queue": ["1"]}))


def test_explain_and_reprocess_know_absent_and_shared_columns(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    columns = (
        ID,
        {"name": "note"},
        {"name": "note_2", "header": "note", "type": "digits"},
        {"name": "queue", "optional": True, "required": True},
    )
    Path("c.yaml").write_text(json.dumps(contract_of(*columns, header="any_order")))
    Path("s.csv").write_text("id,note,note\n1,a,2\n2,b,x\n")
    assert command("validate", "s.csv", "-c", "c.yaml", "-o", "o", "-q").returncode == 1
    shown = json.loads(command("explain", "s.csv", "-c", "c.yaml", "--line", "3", "--format", "json").stdout)
    assert [(each["name"], each["column"]) for each in shown["fields"]] == [
        ("id", "id"),
        ("note", "note"),
        ("note", "note_2"),
    ]
    verdicts = {each["rule"]: (each["verdict"], each["why"]) for each in shown["rules"]}
    assert verdicts["queue.required"] == ("skipped", "the source has no such column")
    causes = command("explain", "o", "-c", "c.yaml")
    assert (causes.returncode, "note_2" in causes.stdout) == (0, True)
    text = Path("o/exceptions.csv").read_text()
    Path("o/exceptions.csv").write_text(text.replace("2,b,x,", "2,b,3,"))
    done = command("reprocess", "o/exceptions.csv", "-c", "c.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    corrected = [path.read_text() for path in Path("o").rglob("target.csv") if path.parent.name != "o"]
    assert corrected == ["id,note,note\n2,b,3\n"]


def changes(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, str, str]]:
    compared = compare_contracts(load_document(old), load_document(new))
    return [(each.path, each.effect, each.why) for each in compared]


def test_a_diff_knows_what_an_optional_column_accepts() -> None:
    mandatory = contract_of(ID, STATUS, header="any_order")
    optional = contract_of(ID, {**STATUS, "optional": True}, header="any_order")
    ((path, effect, why),) = changes(mandatory, optional)
    assert (path, effect, "sources without the column" in why) == (
        "columns.status.optional",
        "loosening",
        True,
    )
    assert [effect for _, effect, _ in changes(optional, mandatory)] == ["breaking"]
    lacking = contract_of(ID, header="any_order")
    ((path, effect, why),) = changes(lacking, optional)
    assert (path, effect, "sources with the column" in why) == ("columns.status", "loosening", True)
    asked = contract_of(ID, {**STATUS, "optional": True, "max_length": 1}, header="by_name")
    ((path, effect, why),) = changes(contract_of(ID, header="by_name"), asked)
    assert (path, effect) == ("columns.status", "breaking")
    assert "records of sources with the column that break its rules" in why


def test_a_diff_knows_which_unexpected_columns_are_refused() -> None:
    refuse, warn = contract_of(ID), contract_of(ID, unexpected_columns="warn")
    ((path, effect, why),) = changes(warn, refuse)
    assert (path, effect) == ("source.unexpected_columns", "breaking")
    assert "sources with columns that the contract lacks" in why
    assert [effect for _, effect, _ in changes(refuse, warn)] == ["loosening"]
    ignore = contract_of(ID, unexpected_columns="ignore")
    assert [effect for _, effect, _ in changes(warn, ignore)] == ["neutral"]


def test_a_diff_knows_names_of_the_file() -> None:
    ((path, effect, why),) = changes(contract_of(ID), contract_of({**ID, "header": "Id"}))
    assert (path, effect) == ("columns.id.header", "breaking")
    assert "sources that call the column 'id'" in why


def test_contract_test_writes_the_names_of_the_file(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    shared = ({**ID, "header": "Id"}, {"name": "second", "header": "Id", "type": "digits"})
    contract = contract_of(*shared) | {"examples": {"pass": [{"id": "1", "second": "2"}]}}
    Path("c.yaml").write_text(json.dumps(contract))
    done = command("contract", "test", "c.yaml")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
