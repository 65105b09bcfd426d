"""What is written for pandera is read by pandera: schemas by its own reader, models by Python."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.errors
import pytest
from pandera.io import pandas_io

from callcenter_etl import load_contract
from callcenter_etl.tools.convert.contract_readers import load_any_document
from callcenter_etl.tools.convert.conversion import export_contract
from tests.interop.contracts import CONTRACTS, SAMPLES, imported
from tests.shared_folder import REPOSITORY

FROM_YAML: Any = pandas_io.from_yaml  # not typed there
FROM_JSON: Any = pandas_io.from_json
CALLS = REPOSITORY / "src_files" / "call_center_raw_202501.csv"
ASK = """
import json, sys
import pandas as pd, pandera.errors
from exported import {model}
frame = pd.read_csv(sys.argv[1], dtype=str, keep_default_na=False)
try:
    {model}.to_schema().validate(frame, lazy=True)
    found = []
except pandera.errors.SchemaErrors as errors:
    cases = errors.failure_cases
    found = sorted({{(str(check), None if pd.isna(index) else int(index))
        for check, index in zip(cases["check"], cases["index"])}}, key=str)
print(json.dumps(found))
"""


def failures_of_schema(contract: Path, source: Path) -> list[list[object]]:
    frame = pd.read_csv(source, dtype=str, keep_default_na=False)
    try:
        load_contract(contract).schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        pairs = {
            (str(check), None if pd.isna(index) else int(index))
            for check, index in zip(cases["check"], cases["index"], strict=True)
        }
        return [list(pair) for pair in sorted(pairs, key=str)]
    return []


def sound_part(source: Path, folder: Path) -> Path:
    """Give the records of a source that have as many fields as its header."""
    with source.open(newline="", encoding="utf-8", errors="replace") as file:
        rows = list(csv.reader(file))
    path = folder / "sound.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(row for row in rows if len(row) == len(rows[0]))
    return path


@pytest.mark.parametrize(
    ("contract", "source", "model"),
    [
        (CONTRACTS[0], CALLS, "CallCenter"),
        *(
            (
                REPOSITORY / "tests/cases" / name / "contract.yaml",
                REPOSITORY / "tests/cases" / name / "source.csv",
                model,
            )
            for name, model in (
                ("the_first_occurrence_keeps_uniqueness", "Calls"),
                ("unknown_breaks_no_check", "Calls"),
            )
        ),
    ],
    ids=["call_center", "unique", "unknown"],
)
def test_an_exported_model_judges_as_the_contract_s_schema(
    contract: Path, source: Path, model: str, tmp_path: Path
) -> None:
    text = export_contract(load_any_document(contract).document, "pandera-model").text
    (tmp_path / "exported.py").write_text(text, encoding="utf-8")
    shutil.copy(REPOSITORY / "contracts" / "agents.csv", tmp_path)
    sound = sound_part(source, tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", ASK.format(model=model), str(sound)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    expected = failures_of_schema(contract, sound)
    assert expected
    assert json.loads(done.stdout) == expected


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_an_exported_model_is_formatted_and_comes_back_equal(path: Path, tmp_path: Path) -> None:
    document = load_any_document(path).document
    module = tmp_path / "exported.py"
    module.write_text(export_contract(document, "pandera-model").text, encoding="utf-8")
    ruff = [
        sys.executable,
        "-m",
        "ruff",
        "format",
        "--check",
        "--isolated",
        "--line-length",
        "110",
        str(module),
    ]
    assert subprocess.run(ruff, capture_output=True, check=False).returncode == 0
    from callcenter_etl.rules.dataframe_model import model_document
    from callcenter_etl.tools.convert.conversion import import_text
    from callcenter_etl.tools.convert.pandera_model import class_name

    found = model_document(f"{module}:{class_name(document.contract)}")
    assert isinstance(found, str)
    assert import_text(found, str(module)).loaded.document == document


def test_pandera_reads_an_exported_schema_and_judges_by_it(tmp_path: Path) -> None:
    document = load_any_document(CONTRACTS[0]).document
    path = tmp_path / "schema.yaml"
    path.write_text(export_contract(document, "pandera").text, encoding="utf-8")
    schema = FROM_YAML(path)
    as_json = FROM_JSON(export_contract(document, "pandera", text="json").text)
    frame = pd.read_csv(sound_part(CALLS, tmp_path), dtype=str)
    accepted, _ = load_contract(CONTRACTS[0]).split(frame)
    assert len(accepted) > 10
    for each in (schema, as_json):
        assert list(each.columns) == list(frame.columns)
        assert len(each.validate(accepted)) == len(accepted)
        with pytest.raises(pandera.errors.SchemaErrors) as caught:
            each.validate(accepted.assign(call_status="LOST", call_id="x"), lazy=True)
        checks = set(caught.value.failure_cases["check"])
        assert any("isin" in str(check) for check in checks)
        assert any("str_matches" in str(check) for check in checks)


def test_pandera_and_we_read_its_own_schema_alike() -> None:
    """pandera's schema and the contract made of it judge the same records, one by one."""
    schema = FROM_YAML(SAMPLES / "flat.pandera.yaml")
    document = imported("flat.pandera.yaml").loaded.document
    from callcenter_etl.api_contract import Contract
    from callcenter_etl.contract.loader import LoadedContract

    contract = Contract(LoadedContract(document, "", None))
    for column, good, bad in (
        ("id", "1", "0"),
        ("id", "98", "99"),
        ("code", "ABx", "aB"),
        ("code", "AB", "ABCDEFGHIJK"),
        ("rank", "gold", "iron"),
    ):
        for value, keeps in ((good, True), (bad, False)):
            texts = {"id": "5", "code": "AB", "rank": "gold", "born": "2024-05-01", "odd": "x", column: value}
            frame = pd.DataFrame([texts])
            accepted, _ = contract.split(frame.assign(born=frame["born"] + " 00:00:00"))
            assert (len(accepted) == 1) is keeps, (column, value)
            typed = frame.astype({"id": "int64", "rank": "category"}).astype({"code": "string[pyarrow]"})
            checked = schema.columns[column]
            try:
                checked.validate(typed)
                theirs = True
            except pandera.errors.SchemaError:
                theirs = False
            assert theirs is keeps, (column, value)


def test_a_column_without_a_name_has_no_model(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("contract: c\ncolumns: [{name: ''}]\n", encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "callcenter_etl",
        "contract",
        "export",
        "c.yaml",
        "--to",
        "pandera-model",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    message = "error: pandera-model: columns[0] has no name, which a DataFrameModel's field needs\n"
    assert (done.returncode, done.stderr) == (2, message)
