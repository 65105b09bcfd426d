"""`callcenter-etl contract`: check contracts, print their JSON Schema."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from callcenter_etl.cli.validate import CiFormat
from callcenter_etl.errors import ContractError, Fault, OutputError, SourceError
from callcenter_etl.terminal import printable

app = typer.Typer(
    help="Check contracts; print the JSON Schema of contracts.", no_args_is_help=True, rich_markup_mode=None
)


@app.command("check")
def check(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Contracts, YAML or JSON.")],
    *,
    form: Annotated[CiFormat, typer.Option("--format", help="How results are shown.")] = CiFormat.text,
) -> None:
    """Say everything that is wrong with contracts: exit code 0 when nothing is, 2 otherwise.

    Example: callcenter-etl contract check contracts/*.yaml
    """
    from callcenter_etl.api import load_contract

    faults: list[Fault] = []
    sound: list[str] = []
    for file in files:
        try:
            load_contract(file)
            sound.append(file)
        except ContractError as error:
            faults += error.faults
        except SourceError as error:  # the faults of the other files are still wanted
            faults.append(Fault(str(error), file=None if form in (CiFormat.text, CiFormat.json) else file))
    if form is CiFormat.json:
        json.dump({"files": files, "faults": [asdict(fault) for fault in faults]}, sys.stdout, indent=2)
        print()
    elif form is not CiFormat.text:
        from callcenter_etl.reports.ci import FAULT_RENDERERS

        FAULT_RENDERERS[form.value](files, faults, sys.stdout)
    else:
        for line in [str(fault) for fault in faults] + [f"{file}: no faults" for file in sound]:
            print(printable(line))
    raise typer.Exit(ContractError.exit_code if faults else 0)


@app.command("schema")
def schema(
    *,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write here instead of standard output."),
    ] = None,
) -> None:
    """Print the JSON Schema of contracts, for editors.

    Example: callcenter-etl contract schema > contracts/contract.schema.json
    """
    from callcenter_etl.contract.schema import json_schema

    text = json.dumps(json_schema(), indent=2) + "\n"
    if output is None:
        print(text, end="")
        return
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{output}: {error.strerror or error}") from error
