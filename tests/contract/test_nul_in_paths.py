"""No path holds a NUL: a contract with one is wrong, and so is a call or a command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import load_contract, validate
from callcenter_etl.contract.loader import load_document
from callcenter_etl.errors import ContractError, UsageError

KEYS: dict[str, dict[str, Any]] = {
    "columns[0].lookup.file": {"columns": [{"name": "a", "lookup": {"file": "a\0b", "column": "c"}}]},
    "run.source": {"run": {"source": "a\0b"}},
    "run.source[1]": {"run": {"source": ["x.csv", "a\0b"]}},
    "run.output": {"run": {"output": "a\0b"}},
    "run.publish_to": {"run": {"publish_to": "s3://b/a\0b"}},
    "run.staging": {"run": {"staging": "a\0b"}},
    "run.log.directory": {"run": {"log": {"directory": "a\0b"}}},
    "run.table.uri": {"run": {"table": {"uri": "a\0b"}}},
    "run.storage_options.endpoint_url": {"run": {"storage_options": {"endpoint_url": "http://a\0b"}}},
}


@pytest.mark.parametrize("path", KEYS)
def test_a_path_of_a_contract(path: str) -> None:
    with pytest.raises(ContractError) as caught:
        load_document({"contract": "c", "columns": [{"name": "a"}], **KEYS[path]})
    (fault,) = caught.value.faults
    assert fault.path.removesuffix("[1]") == path.removesuffix("[1]")
    assert fault.message.startswith("a path holds no NUL character, found ")
    assert "\0" not in fault.message


def test_a_nul_that_a_file_address_spells_out() -> None:
    with pytest.raises(ContractError, match="a path holds no NUL character, found 'file:///a%00b'"):
        load_document({"contract": "c", "columns": [{"name": "a"}], "run": {"output": "file:///a%00b"}})


@pytest.mark.parametrize("bad", ["a\0b", "file:///tmp/a%00b"])
@pytest.mark.parametrize("name", ["source", "output", "publish_to", "staging", "root"])
def test_an_argument_of_validate(tmp_path: Path, name: str, bad: str) -> None:
    source = tmp_path / "s.csv"
    source.write_text("a\n1\n")
    places: dict[str, Any] = {"source": source, "output": tmp_path / "out", name: bad}
    contract = load_contract({"contract": "c", "columns": [{"name": "a"}]})
    with pytest.raises(UsageError, match="a path holds no NUL character"):
        validate(places.pop("source"), contract, **places)


def test_the_path_of_a_contract_itself() -> None:
    with pytest.raises(UsageError, match="a path holds no NUL character"):
        load_contract("c\0.yaml")


BAD = "file:///tmp/a%00b"
COMMANDS = {
    "source": ["validate", BAD, "-c", "c.yaml"],
    "output": ["validate", "s.csv", "-c", "c.yaml", "-o", BAD],
    "contract": ["validate", "s.csv", "-c", BAD],
    "report": ["validate", "s.csv", "-c", "c.yaml", "--report", BAD],
    "staging": ["validate", "s.csv", "-c", "c.yaml", "-o", "s3://none/x", "--staging", BAD],
    "check": ["contract", "check", BAD],
    "explain": ["explain", BAD, "--line", "2", "-c", "c.yaml"],
    "runs": ["runs", "list", "-o", BAD],
    "infer": ["contract", "infer", BAD],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_command_line_ends_with_2(tmp_path: Path, name: str) -> None:
    (tmp_path / "s.csv").write_text("a\n1\n")
    (tmp_path / "c.yaml").write_text("contract: c\ncolumns: [{name: a}]\n")
    line = [sys.executable, "-m", "callcenter_etl", *COMMANDS[name]]
    done = subprocess.run(line, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, "a path holds no NUL character" in done.stderr) == (2, True), done.stderr
