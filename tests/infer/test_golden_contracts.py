"""What is inferred from a few samples, to the letter: `tests/infer/<name>/{sample.csv,expected.yaml}`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from callcenter_etl import load_contract
from callcenter_etl.tools.infer import InferOptions, infer_contract

FOLDER = Path(__file__).parent
NAMES = sorted(path.parent.name for path in FOLDER.glob("*/sample.csv"))


@pytest.mark.parametrize("name", NAMES)
def test_the_inferred_contract_is_the_expected_one_every_time(name: str) -> None:
    sample = FOLDER / name / "sample.csv"
    expected = (FOLDER / name / "expected.yaml").read_text(encoding="utf-8")
    assert infer_contract(InferOptions((str(sample),))).text == expected
    assert infer_contract(InferOptions((str(sample),))).text == expected


@pytest.mark.parametrize("name", NAMES)
def test_the_expected_contracts_have_no_faults(name: str) -> None:
    assert load_contract(FOLDER / name / "expected.yaml").id == "sample"


def test_the_command_writes_the_same(tmp_path: Path) -> None:
    output = tmp_path / "inferred.yaml"
    sample = FOLDER / "outliers" / "sample.csv"
    command = [sys.executable, "-m", "callcenter_etl", "contract", "infer", str(sample), "-o", str(output)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    assert output.read_bytes() == (FOLDER / "outliers" / "expected.yaml").read_bytes()
    told = [line for line in done.stderr.splitlines() if " bytes" not in line]  # how far it was
    assert told == [
        f"for editors: callcenter-etl contract schema > {tmp_path}/contract.schema.json",
        "197 of 201 records accepted",
        "  record.fields: 1 outlier, line 102",
        "  id.unique: 1 outlier, line 79",
        "  started.type: 1 outlier, line 43",
        "  score.type: 1 outlier, line 153",
    ]
