"""`callcenter-etl contract`: check contracts, infer, compare and test them, exchange them with other tools."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from callcenter_etl.cli.contract_changes import diff, try_out_contracts
from callcenter_etl.cli.convert import export_contract, import_contract, print_unsupported
from callcenter_etl.cli.help import GroupedCommand, GroupOfCommands
from callcenter_etl.cli.infer import infer
from callcenter_etl.cli.output_formats import Formats, requested_formats, write_to
from callcenter_etl.diagnostic import Diagnostic, contract_diagnostic
from callcenter_etl.errors import ContractError, SourceError
from callcenter_etl.os_errors import translate_os_errors
from callcenter_etl.store.uris import shown

app = typer.Typer(
    cls=GroupOfCommands,
    help="Check contracts; infer, compare and test them; exchange them with other tools; print their JSON Schema."
    "\n\nExample: callcenter-etl contract check contracts/*.yaml",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("check", cls=GroupedCommand)
def check(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="Contracts, YAML or JSON.")],
    *,
    formats: Formats = None,
) -> None:
    """Check contracts and list every fault: exit code 0 without faults, 2 otherwise.

    Warnings, such as an escape in double quotes, do not affect the exit code.

    Example: callcenter-etl contract check contracts/*.yaml
    """
    # Imported in the command, as everywhere in this room: pandas and pydantic would slow down `--help`.
    from callcenter_etl.api_contract import load_contract
    from callcenter_etl.diagnostics.renderers import RENDERERS

    wanted = requested_formats(formats)
    faults: list[Diagnostic] = []
    for file in files:
        try:
            contract = load_contract(file)
            print_unsupported(contract)
            # Warnings share the list with faults, so that all formats show both in the order of the files.
            faults += contract.loaded.warnings
        except ContractError as error:
            faults += (*error.faults, *error.warnings)
        except SourceError as error:  # an unreadable file does not hide the faults of the others
            faults.append(contract_diagnostic(str(error).removeprefix(f"{shown(file)}: "), file=shown(file)))
    for each in wanted:
        write_to(each, partial(RENDERERS[each.form].contracts, files, faults))
    wrong = any(fault.severity == "error" for fault in faults)
    raise typer.Exit(ContractError.exit_code if wrong else 0)


app.command("infer", cls=GroupedCommand)(infer)
app.command("diff", cls=GroupedCommand)(diff)
app.command("test", cls=GroupedCommand)(try_out_contracts)
app.command("import", cls=GroupedCommand)(import_contract)
app.command("export", cls=GroupedCommand)(export_contract)


@app.command("schema", cls=GroupedCommand)
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
    from callcenter_etl.contract.json_schema import json_schema

    text = json.dumps(json_schema(), indent=2) + "\n"
    if output is None:
        print(text, end="")
        return
    from callcenter_etl.writers.whole_file import open_whole

    with translate_os_errors(output), open_whole(Path(output)) as file:
        file.write(text)
