"""The JSON Schema that the repository's contracts name in their first line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from tests.shared_folder import REPOSITORY

SCHEMA = REPOSITORY / "contracts" / "contract.schema.json"
CONTRACTS = sorted(
    [*(REPOSITORY / "contracts").glob("*.yaml"), *(REPOSITORY / "tests" / "datasets").rglob("*.yaml")]
)


def test_the_stored_schema_is_what_the_command_prints() -> None:
    command = [sys.executable, "-m", "callcenter_etl", "contract", "schema"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert SCHEMA.read_text(encoding="utf-8") == printed, "run make schema"


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.stem)
def test_a_contract_of_the_repository_names_the_schema_and_keeps_it(path: Path) -> None:
    first, _, _ = path.read_text(encoding="utf-8").partition("\n")
    prefix = "# yaml-language-server: $schema="
    assert first.startswith(prefix)
    assert (path.parent / first.removeprefix(prefix)).resolve() == SCHEMA
    jsonschema.validate(YAML(typ="safe").load(path), json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_the_schema_finds_a_misspelt_key() -> None:
    document = YAML(typ="safe").load(CONTRACTS[0])
    document["columns"][0]["tipe"] = "digits"
    with pytest.raises(jsonschema.ValidationError, match="tipe"):
        jsonschema.validate(document, json.loads(SCHEMA.read_text(encoding="utf-8")))
