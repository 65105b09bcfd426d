"""The keys of a dialect in summaries, reports, explanations and corrected records."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from callcenter_etl import load_contract, validate
from callcenter_etl.cli import app

COLUMNS = [{"name": "id", "type": "digits"}, {"name": "note"}, {"name": "seconds", "type": "integer"}]


def contract_file(folder: Path, **source: Any) -> Path:
    path = folder / "contract.json"
    path.write_text(json.dumps({"contract": "c", "source": source, "columns": COLUMNS}), encoding="utf-8")
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def invoke(*words: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exit_code, result.stdout


@pytest.mark.parametrize(("text", "broken"), [("1,a,2\n", 0), ("1,a\n2\n3,b,4\nx\n", 3)])
def test_short_records_are_counted_as_a_warning(tmp_path: Path, text: str, broken: int) -> None:
    source = tmp_path / "s.csv"
    source.write_text(f"id,note,seconds\n{text}", encoding="utf-8")
    contract = contract_file(tmp_path, short_records="empty")
    summary = validate(source, load_contract(contract), output=tmp_path / "o", chunk_rows=2).summary
    assert summary["rules"]["record.short"]["severity"] == "warn"
    assert summary["rules"]["record.short"]["broken"] == broken
    assert summary["records"]["warned"] == broken
    assert list(summary["rules"])[:3] == ["id.type", "seconds.type", "record.short"]


def test_a_contract_without_short_records_has_no_such_rule(tmp_path: Path) -> None:
    source = tmp_path / "s.csv"
    source.write_text("id,note,seconds\n1,a\n", encoding="utf-8")
    summary = validate(source, load_contract(contract_file(tmp_path)), output=tmp_path / "o").summary
    assert "record.short" not in summary["rules"]
    assert summary["rules"]["record.fields"]["broken"] == 1


def test_a_run_can_fail_on_short_records_and_reports_name_them(tmp_path: Path) -> None:
    source = tmp_path / "s.csv"
    source.write_text("id,note,seconds\n1,a\n", encoding="utf-8")
    contract = contract_file(tmp_path, short_records="empty")
    command = ("validate", source, "--contract", contract, "--output", tmp_path / "o", "--fail-on", "warn")
    status, shown = invoke(*command, "--format", "junit")
    assert status == 1
    assert 'name="record.short"' in shown
    status, shown = invoke(*command, "--force", "--format", "sarif")
    assert "record.short" in shown


def test_explain_says_which_record_is_short(tmp_path: Path) -> None:
    source = tmp_path / "s.csv"
    source.write_text("id,note,seconds\n1,a\n2,b,3\n", encoding="utf-8")
    contract = contract_file(tmp_path, short_records="empty")
    _, first = invoke("explain", source, "--contract", contract, "--line", "2")
    _, second = invoke("explain", source, "--contract", contract, "--line", "3")
    assert "fields at the end of the record are missing" in first
    assert "fields at the end of the record are missing" not in second


def test_exceptions_hold_the_values_and_rejected_the_bytes(tmp_path: Path) -> None:
    records = b'id\\,x|"a\\"b|c"|1\nx|\\N|"\\\\"\n'
    source = tmp_path / "s.csv.gz"
    source.write_bytes(gzip.compress(b"id|note|seconds\n" + records))
    contract = contract_file(tmp_path, delimiter="|", escape="\\", empty_values=["", "\\N"])
    validate(source, load_contract(contract), output=tmp_path / "o")
    found = rows_of(tmp_path / "o" / "exceptions.csv")
    assert [(row["id"], row["note"], row["seconds"]) for row in found] == [
        ("id,x", 'a"b|c', "1"),
        ("x", "\\N", "\\"),
    ]
    assert (tmp_path / "o" / "rejected.csv").read_bytes() == b"id|note|seconds\n" + records


def test_corrected_exceptions_are_written_in_the_dialect(tmp_path: Path) -> None:
    source = tmp_path / "s.csv"
    source.write_bytes(b'id||note||seconds\nx||"a\\"b||c"||1\n2||b||3\n')
    contract = contract_file(tmp_path, delimiter="||", escape="\\")
    validate(source, load_contract(contract), output=tmp_path / "o")
    exceptions = tmp_path / "o" / "exceptions.csv"
    exceptions.write_bytes(exceptions.read_bytes().replace(b"\nx,", b"\n1,"))
    status, shown = invoke("reprocess", exceptions, "--contract", contract)
    assert status == 0, shown
    targets = sorted((tmp_path / "o").rglob("*.csv"))
    assert b'1||"a\\"b||c"||1\n' in b"".join(path.read_bytes() for path in targets)
