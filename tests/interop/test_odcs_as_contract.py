"""An ODCS file is taken as `--contract`, with the faults and the hash of that file."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
import yaml
from open_data_contract_standard.model import OpenDataContractStandard

from callcenter_etl import load_contract, validate
from callcenter_etl.errors import ContractError, UsageError
from callcenter_etl.tools.convert.contract_readers import load_any_document
from callcenter_etl.tools.convert.conversion import export_contract
from tests.interop.contracts import CONTRACTS, SAMPLES

TICKETS = "ticket,status,priority\n1,open,1\n1,lost,3\n"


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "callcenter_etl", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_run_takes_the_file_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "tickets.csv").write_text(TICKETS, encoding="utf-8")
    contract = SAMPLES / "enum-3.2.odcs.yaml"
    done = run(
        "validate", "tickets.csv", "-c", str(contract), "-o", "out", "--format", "json", "-q", folder=tmp_path
    )
    assert (done.returncode, done.stderr) == (1, "")
    found = json.loads(done.stdout)
    assert found["contract"] == {
        "id": "priorities",
        "version": "1.0.0",
        "sha256": hashlib.sha256(contract.read_bytes()).hexdigest(),
    }
    broken = {rule for rule, count in found["rules"].items() if count["broken"]}
    assert broken == {"ticket.unique", "status.allowed", "priority.values"}


def test_what_is_not_asked_is_said_before_a_run(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("order_id,email,ordered_at,items,total,status\n", encoding="utf-8")
    contract = f"{SAMPLES / 'orders-3.1.odcs.yaml'}#orders"
    done = run("validate", "orders.csv", "-c", contract, folder=tmp_path)
    warnings = [line for line in done.stderr.splitlines() if line.startswith("warning: ")]
    assert len(warnings) == 5
    assert "the check 'no giant orders' (sql mustBe 0) is not asked: no rule here says it" in warnings[-1]
    quiet = run("validate", "orders.csv", "-c", contract, "-q", folder=tmp_path)
    assert "warning: " not in quiet.stderr


def test_one_of_several_objects_is_named_behind_the_file() -> None:
    path = SAMPLES / "orders-3.1.odcs.yaml"
    assert [column.name for column in load_any_document(f"{path}#statuses").document.columns] == ["code"]
    with pytest.raises(
        ContractError, match=r"which object\?.*FILE#orders \(there are: 'orders', 'statuses'\)"
    ):
        load_any_document(path)
    with pytest.raises(UsageError, match="is one contract: leave '#x' out"):
        load_any_document(f"{CONTRACTS[0]}#x")


def test_a_file_whose_name_has_the_mark_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml#b"
    path.write_text("contract: c\ncolumns: [{name: a}]\n", encoding="utf-8")
    assert load_any_document(path).document.contract == "c"


def test_two_objects_of_a_file_are_two_contracts_to_the_ledger(tmp_path: Path) -> None:
    text = """\
apiVersion: v3.1.0
kind: DataContract
id: x
version: 1.0.0
status: active
schema:
  - {name: loose, properties: [{name: a, logicalType: string}]}
  - {name: tight, properties: [{name: a, logicalType: integer}]}
"""
    (tmp_path / "x.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "a.csv").write_text("a\nx\n", encoding="utf-8")
    results = [
        validate(tmp_path / "a.csv", f"{tmp_path / 'x.yaml'}#{part}", output=tmp_path / "out")
        for part in ("loose", "loose", "tight")
    ]
    assert [result.already_done for result in results] == [False, True, False]
    assert [result.record.status for result in results] == ["passed", "passed", "rejects"]


def test_faults_stand_where_the_odcs_file_has_them(tmp_path: Path) -> None:
    text = export_contract(load_any_document(CONTRACTS[0]).document, "odcs").text
    text = text.replace("check: call_end_time >= call_start_time", "check: call_end_time >= call_stat_time")
    (tmp_path / "x.yaml").write_text(text, encoding="utf-8")
    line = next(n for n, each in enumerate(text.splitlines(), 1) if "call_stat_time" in each)
    with pytest.raises(ContractError) as caught:
        load_contract(tmp_path / "x.yaml")
    fault = caught.value.faults[0]
    column = text.splitlines()[line - 1].index("call_stat_time") + 1
    assert (fault.location.line, fault.location.column, fault.path) == (
        line,
        column,
        "schema[0].quality[0].implementation.check",
    )


@pytest.mark.parametrize("version", ["3.1.0", "3.2.0"])
@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_is_written_keeps_the_standard_s_schema_and_models(path: Path, version: str) -> None:
    written = yaml.safe_load(export_contract(load_any_document(path).document, "odcs", version=version).text)
    schema = files("open_data_contract_standard").joinpath("schema.json").read_text(encoding="utf-8")
    jsonschema.Draft201909Validator(json.loads(schema)).validate(written)
    assert OpenDataContractStandard.model_validate(written).apiVersion == f"v{version}"
