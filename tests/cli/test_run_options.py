"""One table names the options of a run: the command line, contracts, Python and Glue jobs have what it says."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import pytest
import typer

import callcenter_etl
from callcenter_etl import glue
from callcenter_etl.cli import app
from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.contract.run_defaults import RunDefaults
from callcenter_etl.contract.run_option_table import RUN_OPTIONS, RunOption
from callcenter_etl.run.options import RunOptions

# What only reports, exit codes and logs depend on is not the business of a call from Python.
OF_COMMANDS = {"fail_on", "max_findings", "log_level", "log_format", "log_directory"}
ALL = tuple(RUN_OPTIONS.values())


def parameters() -> dict[str, str]:
    """Return the options of `validate` by name, with their help."""
    group = typer.main.get_command(app)
    (command,) = [child for name, child in group.commands.items() if name == "validate"]  # type: ignore[attr-defined]
    return {parameter.name: parameter.help for parameter in command.params}


@pytest.mark.parametrize("option", ALL, ids=list(RUN_OPTIONS))
def test_the_command_line_has_an_option_with_the_help_of_the_table(option: RunOption) -> None:
    assert parameters().get(option.name) == (option.help if option.on_command_line else None)


KEYED = [option for option in ALL if option.contract_key is not None]


@pytest.mark.parametrize("option", KEYED, ids=[option.name for option in KEYED])
def test_a_contract_has_the_key(option: RunOption) -> None:
    *parents, key = str(option.contract_key).split(".")
    model: Any = ContractDocument
    for parent in parents:
        model = model.model_fields[parent].annotation
    assert key in model.model_fields


def test_no_other_option_is_a_default_of_a_contract() -> None:
    declared = {f"run.{name}" for name in RunDefaults.model_fields} & {
        f"run.{option.name}" for option in ALL if option.contract_key is None
    }
    assert declared == set()


def test_python_has_every_option_of_a_run() -> None:
    assert set(RUN_OPTIONS) - OF_COMMANDS <= set(inspect.signature(callcenter_etl.validate).parameters)


def test_a_glue_job_has_every_option() -> None:
    assert set(glue.REQUIRED) | set(glue.OPTIONAL) == {*RUN_OPTIONS, "source", "contract"}


def test_every_option_has_a_resolved_value() -> None:
    fields = {field.name for field in dataclasses.fields(RunOptions)} - {"sources", "log"}
    assert fields == {name for name in RUN_OPTIONS if not name.startswith("log_")}
