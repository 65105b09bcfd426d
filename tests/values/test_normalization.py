"""`trim` and `case`: which text is judged, what is counted, and that no byte changes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter_etl import load_contract, validate
from callcenter_etl.contract.model import Column
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.tools.explain import explain_line
from tests.reports.support import call

# Letters that Python and Arrow convert alike; of few others, such as ß, the libraries differ.
ALIKE = st.text(st.sampled_from("abcXYZ019 \t\x1c\u00a0\u2003\u200b\x85éÉñžяЖλ-_\x00"), max_size=8)
CASES: dict[str | None, Callable[[str], str]] = {None: str, "upper": str.upper, "lower": str.lower}
CONTRACT = """\
contract: calls
columns:
  - {name: id, type: digits, unique: true, trim: true}
  - {name: status, trim: true, case: upper, allowed: [DONE, LOST]}
  - {name: phone, case: lower, classification: personal}
  - {name: seconds, type: integer, min: 0, severity: warn}
"""
ROWS = ["1,done,A7,1", " 2 , LOST,b,2", "2,DONE,c,3", "3,no,c,4", "4\t,Done\t,D,5", "5,,,6", "6,DONE,x,7,8"]
COUNTS = {"id.normalized": 2, "status.normalized": 4, "phone.normalized": 2}


def columns_of(column: Column, values: list[str]) -> ChunkColumns:
    return ChunkColumns(
        columns={"v": column},
        empty_values=("", "NULL"),
        texts={"v": pa.array(values, pa.string())},
        lines=np.arange(len(values), dtype=np.int64),
    )


@settings(max_examples=300, deadline=None)
@given(
    values=st.lists(ALIKE, max_size=12), trim=st.booleans(), case=st.sampled_from([None, "upper", "lower"])
)
def test_every_value_is_judged_as_strings_of_python_are_changed(
    values: list[str], *, trim: bool, case: str | None
) -> None:
    column = Column.model_validate({"name": "v", "trim": trim, "case": case})
    columns = columns_of(column, values)
    expected = [CASES[case](value.strip() if trim else value) for value in values]
    assert columns.text("v").to_pylist() == expected
    assert columns.normalized_mask("v").tolist() == [a != b for a, b in zip(values, expected, strict=True)]
    assert columns.blank_mask("v").tolist() == [not each.strip() or each == "NULL" for each in expected]
    # A slice of an array shares its buffers, with an offset.
    sliced = columns_of(column, ["x ", *values, " y"])
    text = sliced.texts["v"].slice(1, len(values))
    assert ChunkColumns({"v": column}, (), {"v": text}, sliced.lines).text("v").to_pylist() == expected


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "c.yaml").write_text(CONTRACT, encoding="utf-8")
    (tmp_path / "calls.csv").write_text("\n".join(["id,status,phone,seconds", *ROWS, ""]), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    "options", [{"block_bytes": 1}, {"block_bytes": 7, "workers": 2}, {"chunk_rows": 2}, {}], ids=str
)
def test_changed_values_are_counted_and_neither_reject_nor_warn(
    folder: Path, options: dict[str, Any]
) -> None:
    contract = load_contract(folder / "c.yaml")
    summary = validate(folder / "calls.csv", contract, output=folder / "o", **options).summary
    counts = {
        rule: count["broken"] for rule, count in summary["rules"].items() if count["severity"] == "info"
    }
    assert counts == COUNTS
    assert list(summary["rules"])[-4:] == [*COUNTS, "record.fields"]
    assert summary["records"] == {"read": 7, "accepted": 4, "rejected": 3, "malformed": 1, "warned": 0}
    target = (folder / "o" / "target.csv").read_text(encoding="utf-8").splitlines()
    assert target == ["id,status,phone,seconds", *(ROWS[at] for at in (0, 1, 4, 5))]
    rejected = (folder / "o" / "rejected.csv").read_text(encoding="utf-8").splitlines()
    assert rejected == ["id,status,phone,seconds", *(ROWS[at] for at in (2, 3, 6))]


def test_reasons_have_the_judged_value_and_exceptions_the_source_s_own(folder: Path) -> None:
    validate(folder / "calls.csv", load_contract(folder / "c.yaml"), output=folder / "o")
    rows = list(csv.DictReader(io.StringIO((folder / "o" / "exceptions.csv").read_text(encoding="utf-8"))))
    assert rows[1]["status"] == "no"
    assert rows[1]["reject_reasons"] == "status must be one of DONE, LOST, got 'NO'"
    assert rows[0]["reject_reasons"] == "id must be unique, '2' stands first on line 3"


@pytest.mark.parametrize("fail_on", ["warn", "reject"])
def test_information_fails_no_command(folder: Path, fail_on: str) -> None:
    (folder / "calls.csv").write_text("id,status,phone,seconds\n 1,done,A,1\n", encoding="utf-8")
    words = (
        "validate",
        "calls.csv",
        "--contract",
        "c.yaml",
        "--output",
        "o",
        "--quiet",
        "--fail-on",
        fail_on,
    )
    done = call(*words, "--report", "r.html", cwd=folder)
    assert done.returncode == 0
    assert "status.normalized" in done.stdout
    assert "info" in done.stdout
    assert "status is judged as 'DONE'" in done.stdout
    page = (folder / "r.html").read_text(encoding="utf-8")
    assert "a value was normalized before it was judged" in page
    assert "status.normalized" in page


@pytest.mark.parametrize("form", ["junit", "sarif", "github"])
def test_formats_for_machines_leave_information_out(folder: Path, form: str) -> None:
    words = ("validate", "calls.csv", "--contract", "c.yaml", "--output", "o", "--quiet", "--format", form)
    done = call(*words, cwd=folder)
    assert done.returncode == 1
    assert "status.allowed" in done.stdout
    assert "normalized" not in done.stdout


def test_a_classified_value_is_in_no_information(folder: Path) -> None:
    done = call("validate", "calls.csv", "--contract", "c.yaml", "--output", "o", "--quiet", cwd=folder)
    assert "phone is judged as '(personal)'" in done.stdout
    assert "a7" not in done.stdout
    assert "A7" not in done.stdout


def test_a_refused_source_lists_the_information_with_zeros(folder: Path) -> None:
    (folder / "calls.csv").write_text("id,state,phone,seconds\n1,done,A,1\n", encoding="utf-8")
    summary = validate(folder / "calls.csv", load_contract(folder / "c.yaml"), output=folder / "o").summary
    assert summary["status"] == "refused"
    assert (
        dict.fromkeys(COUNTS, 0).items()
        <= {rule: each["broken"] for rule, each in summary["rules"].items()}.items()
    )


def test_explain_shows_both_texts(folder: Path) -> None:
    words = ("explain", "calls.csv", "--line", "3", "--contract", "c.yaml")
    done = call(*words, cwd=folder)
    assert "' LOST' judged as 'LOST'" in done.stdout
    assert "' 2 ' judged as '2'" in done.stdout
    found = json.loads(call(*words, "--format", "json", cwd=folder).stdout)
    fields = {each["column"]: (each["value"], each["judged"]) for each in found["fields"]}
    assert fields == {
        "id": (" 2 ", "2"),
        "status": (" LOST", "LOST"),
        "phone": (None, None),
        "seconds": ("2", None),
    }
    contract = load_contract(folder / "c.yaml")
    shown = explain_line(str(folder / "calls.csv"), contract.loaded, 2, show_values=True)
    assert [each.judged for each in shown.fields] == [None, "DONE", "a7", None]


def test_frames_are_judged_as_files_are(folder: Path) -> None:
    contract = load_contract(folder / "c.yaml")
    frame = pd.read_csv(
        io.StringIO("\n".join(["id,status,phone,seconds", *ROWS[:-1]])), dtype=str, keep_default_na=False
    )
    accepted, rejected = contract.split(frame)
    assert accepted["id"].tolist() == ["1", " 2 ", "4\t", "5"]
    assert rejected["status"].tolist() == ["DONE", "no"]
    assert len(contract.schema.validate(accepted, lazy=True)) == len(accepted)


def test_typed_targets_have_the_judged_values(folder: Path) -> None:
    contract = load_contract(folder / "c.yaml")
    result = validate(folder / "calls.csv", contract, output=folder / "o", target_format="parquet")
    table = pq.read_table(result.summary["outputs"]["target"]["uri"].removeprefix("file://"))
    assert table.column("status").to_pylist() == ["DONE", "LOST", "DONE", None]
    assert table.column("id").to_pylist() == ["1", "2", "4", "5"]
    assert table.column("phone").to_pylist() == ["a7", "b", "d", None]
