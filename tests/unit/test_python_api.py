"""The package's top level: what it has, how light it is, and what it says to arguments of the wrong type."""

# mypy: disable-error-code="arg-type, call-overload, list-item, dict-item"
# Wrong types are what these tests pass.

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from inspect import getsource
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import callcenter_etl
from callcenter_etl import CallcenterEtlError, Contract, load_contract, validate

CONTRACT = {
    "contract": "calls",
    "columns": [{"name": "id", "type": "digits", "unique": True}, {"name": "at", "type": "time"}],
    "rules": [{"name": "early", "check": "at < '12:00:00'", "reason": "too late; call again"}],
}


@pytest.fixture
def contract() -> Contract:
    return load_contract(CONTRACT)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "calls.csv"
    path.write_text("id,at\n1,10:00:00\n2,13:00:00\nx,11:00:00\n", encoding="utf-8")
    return path


def test_a_split_has_names_and_reasons_and_is_still_a_pair(contract: Contract) -> None:
    frame = pd.DataFrame({"id": ["1", "x", "3"], "at": ["10:00:00", "13:00:00", "13:00:00"]}, index=[7, 8, 9])
    found = contract.split(frame)
    accepted, rejected = found
    assert found.accepted is accepted
    assert found.rejected is rejected
    assert found.rules.to_dict() == {8: "id.type; early", 9: "early"}
    assert found.reasons.to_dict()[9] == "too late; call again"


def test_each_name_is_there_and_a_type_checker_sees_it() -> None:
    tree = ast.parse(getsource(callcenter_etl))
    typed = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("callcenter_etl")
        for alias in node.names
    }
    assert typed == {name for name in callcenter_etl.__all__ if name != "__version__"}
    for name in callcenter_etl.__all__:
        assert getattr(callcenter_etl, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'validat'"):
        callcenter_etl.validat  # type: ignore[attr-defined]  # noqa: B018  the access is the test


def test_every_error_of_the_package_has_one_base() -> None:
    from callcenter_etl import errors

    found = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)]
    assert len(found) > 8
    assert all(issubclass(each, CallcenterEtlError) for each in found)


def test_the_package_is_imported_without_pandas_and_pandera() -> None:
    script = (
        "import sys, callcenter_etl; dir(callcenter_etl);"
        "print([name for name in ('pandas', 'pandera', 'pyarrow', 'pydantic', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    "before", ["", "import callcenter_etl.tools.infer, callcenter_etl.tools.explain.run_causes;"]
)
def test_infer_and_explain_are_functions_also_where_their_packages_are_imported(
    before: str, source: Path
) -> None:
    script = (
        f"{before}import callcenter_etl, sys; from callcenter_etl import infer, explain;"
        "found = callcenter_etl.infer(sys.argv[1]); print(found.contract.id);"
        "print(callcenter_etl.explain(sys.argv[1], found.contract, line=3).status);"
        "print(infer(sys.argv[1]).text == found.text)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(source)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["calls", "accepted", "True"]


def test_the_commands_of_a_contract_s_life_are_functions(source: Path, tmp_path: Path) -> None:
    inferred = callcenter_etl.infer([source], id="drops", tolerance=0.4)
    assert inferred.contract.id == "drops"
    assert "outcome" not in repr(inferred)
    assert load_contract_text(inferred.text, tmp_path).document == inferred.contract.document
    changes = callcenter_etl.diff(CONTRACT, {**CONTRACT, "rules": []})
    assert [change.effect for change in changes] == ["loosening"]
    result = validate(source, CONTRACT, output=tmp_path / "out")
    for run in (result, tmp_path / "out"):
        causes = callcenter_etl.explain(run, CONTRACT)
        assert causes is not None
    explained = callcenter_etl.explain(source, CONTRACT, line=3)
    assert explained.status == "rejected"


def load_contract_text(text: str, folder: Path) -> Contract:
    (folder / "inferred.yaml").write_text(text, encoding="utf-8")
    return load_contract(folder / "inferred.yaml")


def test_several_sources_are_found_and_validated_one_by_one(source: Path) -> None:
    (source.parent / "a[1].csv").write_text("id,at\n1,10:00:00\n", encoding="utf-8")
    found = callcenter_etl.find_sources([source.parent / "*.csv", source])
    assert [Path(each).name for each in found] == ["a[1].csv", "calls.csv"]
    assert [validate(each, CONTRACT).record.records.read for each in found] == [1, 3]


FRAME = pd.DataFrame({"id": ["1"], "at": ["10:00:00"]})
PATTERN = r"is a pattern \(validate takes one source: call it for each of find_sources\("
LIST = r"a path or an address is expected, not a list \(validate takes one source: call it for each"


def numbers() -> Iterator[str]:
    yield "a.csv"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: validate(FRAME, CONTRACT), r"source: .* not a DataFrame \(contract.split\(frame\) splits a Data"),
        (lambda s: validate([s], CONTRACT), LIST),
        (lambda s: validate(numbers(), CONTRACT), "source: .* not a generator"),
        (lambda s: validate(str(s.parent / "*.csv"), CONTRACT), PATTERN),
        (lambda s: validate(None, CONTRACT), "source: a path or an address is expected, not None"),
        (lambda s: validate(b"a.csv", CONTRACT), r"source: .* not a bytes \(b'a.csv'\)"),
        (lambda s: validate(7, CONTRACT), r"source: .* not an int \(7\)"),
        (lambda s: validate(s, None), "contract: a path or an address is expected, not None"),
        (lambda s: validate(s, b"c.yaml"), "contract: .* not a bytes"),
        (lambda s: validate(s, 3), "contract: .* not an int"),
        (lambda s: validate(s, CONTRACT, output=b"out"), "output: a path or an address is expected, not a bytes"),
        (lambda s: validate(s, CONTRACT, output=5), "output: .* not an int"),
        (lambda s: validate(s, CONTRACT, workers="2"), "workers: a whole number is expected, not a str"),
        (lambda s: validate(s, CONTRACT, workers=True), r"workers: a whole number is expected, not a bool \(True\)"),
        (lambda s: validate(s, CONTRACT, chunk_rows=1.5), r"chunk_rows: .* not a float \(1.5\)"),
        (lambda s: validate(s, CONTRACT, block_bytes="1"), "block_bytes: a whole number is expected"),
        (lambda s: validate(s, CONTRACT, block_bytes=0), "block_bytes must be at least 1, got 0"),
        (lambda s: validate(s, CONTRACT, checkpoint_seconds="x"), "checkpoint_seconds: a number is expected"),
        (lambda s: validate(s, CONTRACT, max_rejected=[1]), "max_rejected"),
        (lambda s: validate(s, CONTRACT, max_rejected=0.5), "max_rejected"),
        (lambda s: validate(s, CONTRACT, on_progress=3), "on_progress: a function is expected, not an int"),
        (lambda s: validate(s, CONTRACT, resume="no"), "resume: True or False is expected, not a str"),
        (lambda s: validate(s, CONTRACT, engine=1), "engine: a text is expected, not an int"),
        (lambda s: validate(s, CONTRACT, engine="dask"), "engine: 'dask' is none of local, spark"),
        (lambda s: validate(s, CONTRACT, target_format="xml"), "target_format: 'xml' is none of csv, parquet"),
        (lambda s: load_contract(None), "contract: a path or an address is expected, not None"),
        (lambda s: load_contract(["a.yaml"]), "contract: .* not a list"),
        (lambda s: load_contract({1: 2}), "1"),
        (lambda s: load_contract(CONTRACT).split("a.csv"), r"not a str \(a file is validated with validate\("),
        (lambda s: load_contract(CONTRACT).split(None), "frame: a DataFrame of pandas is expected, not None"),
        (lambda s: load_contract(CONTRACT).split([{"id": 1}]), "frame: .* not a list"),
        (lambda s: load_contract(CONTRACT).split(FRAME["id"]), "frame: .* not a Series"),
        (lambda s: load_contract(CONTRACT).split(FRAME[["id"]]), "the frame lacks the columns 'at'"),
        (lambda s: load_contract(CONTRACT).split(FRAME[["id", "id", "at"]]), "has the columns 'id' more than once"),
        (lambda s: load_contract(CONTRACT).split(FRAME.assign(id=1)), "column 'id' is int64, not text"),
        (lambda s: load_contract(CONTRACT).split(FRAME.assign(id=[object()])), "column 'id' holds more than text"),
        (lambda s: callcenter_etl.infer(None), "samples: a path or an address is expected, not None"),
        (lambda s: callcenter_etl.infer(FRAME), "samples: .* not a DataFrame"),
        (lambda s: callcenter_etl.infer([s, 1]), r"samples\[1\]: .* not an int"),
        (lambda s: callcenter_etl.infer([]), "samples"),
        (lambda s: callcenter_etl.infer(s, tolerance="1%"), "tolerance: a number is expected, not a str"),
        (lambda s: callcenter_etl.infer(s, tolerance=1), "tolerance: a share from 0 to below 0.5 is expected, not 1"),
        (lambda s: callcenter_etl.infer(s, tolerance=float("nan")), "tolerance: a share from 0"),
        (lambda s: callcenter_etl.infer(s, max_records=0), "max_records must be at least 1, got 0"),
        (lambda s: callcenter_etl.infer(s, delimiter=5), "delimiter: a text is expected"),
        (lambda s: callcenter_etl.infer(s, id=5), "id: a text is expected"),
        (lambda s: callcenter_etl.explain(None, CONTRACT), "source: a path or an address is expected"),
        (lambda s: callcenter_etl.explain(s, CONTRACT, line="3"), "line: a whole number is expected, not a str"),
        (lambda s: callcenter_etl.explain(s, CONTRACT, line=0), "line"),
        (lambda s: callcenter_etl.explain(s.parent / "none", CONTRACT), "no run is published here"),
        (lambda s: callcenter_etl.diff(CONTRACT, None), "contract: .* not None"),
        (lambda s: callcenter_etl.find_sources(None), "patterns: a path or an address is expected, not None"),
        (lambda s: callcenter_etl.find_sources(str(s.parent / "*.txt")), "no file matches"),
    ],
)  # fmt: skip
def test_an_argument_of_the_wrong_type_is_an_error_of_the_package(
    call: Callable[[Path], Any], message: str, source: Path
) -> None:
    with pytest.raises(CallcenterEtlError, match=message) as caught:
        call(source)
    assert caught.value.exit_code in (2, 3)


def test_numbers_of_numpy_are_numbers(source: Path) -> None:
    result = validate(source, CONTRACT, workers=np.int64(1), checkpoint_seconds=np.float64(0))
    assert result.record.records.read == 3


def test_a_wrong_type_is_a_type_error_too(source: Path) -> None:
    with pytest.raises(TypeError, match="source: "):
        validate(3, CONTRACT)


def test_the_query_of_a_web_address_is_no_pattern_and_is_not_shown() -> None:
    with pytest.raises(CallcenterEtlError) as caught:
        validate("http://me:secret@127.0.0.1:1/x.csv?sig=secret", CONTRACT)
    assert caught.value.exit_code == 3
    assert "secret" not in str(caught.value)
    with pytest.raises(CallcenterEtlError, match="is a pattern") as caught:
        validate("http://me:secret@127.0.0.1:1/*.csv", CONTRACT)
    assert "secret" not in str(caught.value)
