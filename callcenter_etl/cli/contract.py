"""`callcenter-etl contract`: check contracts, print their JSON Schema, exchange them with other tools."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from callcenter_etl.cli.interop import export_contract, import_contract, say_unasked
from callcenter_etl.cli.validate import Format
from callcenter_etl.errors import ContractError, Fault, OutputError, SourceError
from callcenter_etl.terminal import printable

app = typer.Typer(
    help="Check contracts; print the JSON Schema of contracts; exchange contracts with other tools.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.command("import")(import_contract)
app.command("export")(export_contract)


@app.command("check")
def check(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Contracts, YAML or JSON.")],
    *,
    form: Annotated[Format, typer.Option("--format", help="How results are shown.")] = Format.text,
) -> None:
    """Say everything that is wrong with contracts: exit code 0 when nothing is, 2 otherwise.

    Example: callcenter-etl contract check contracts/*.yaml
    """
    from callcenter_etl.api import load_contract

    faults: list[Fault] = []
    sound: list[str] = []
    for file in files:
        try:
            say_unasked(load_contract(file))
            sound.append(file)
        except ContractError as error:
            faults += error.faults
        except SourceError as error:  # the faults of the other files are still wanted
            faults.append(Fault(str(error)))
    if form is Format.json:
        json.dump({"files": files, "faults": [asdict(fault) for fault in faults]}, sys.stdout, indent=2)
        print()
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
