"""`callcenter-etl runs`: list the runs of an output, or show one."""

from __future__ import annotations

import os
import re
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from callcenter_etl.cli.help import GroupedCommand, GroupOfCommands
from callcenter_etl.cli.html_report import VALUES_HELP, ReportValues, check_values_option, report_recorded_run
from callcenter_etl.cli.output_formats import OutputFormat

if TYPE_CHECKING:
    from callcenter_etl.api_contract import Contract

# The characters of an id in a contract, which leave out the dot and slash of a file name.
_ID = re.compile("[A-Za-z0-9_-]+")
app = typer.Typer(
    cls=GroupOfCommands,
    help="List the runs in the ledger of an output; show one."
    "\n\nExample: callcenter-etl runs list --output output/calls",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="DIR",
        help="The folder or s3:// prefix given to validate. Default: CALLCENTER_ETL_OUTPUT, then the contract's.",
    ),
]
Form = Annotated[OutputFormat, typer.Option("--format", help="Format of the runs.")]


class Status(StrEnum):
    """The status of a run in the ledger."""

    running = "running"
    passed = "passed"
    rejects = "rejects"
    failed = "failed"
    refused = "refused"
    error = "error"


@app.command("list", cls=GroupedCommand)
def list_(
    *,
    output: Output = None,
    contract: Annotated[
        str | None,
        typer.Option(
            "--contract",
            "-c",
            metavar="ID|FILE",
            help="Only runs of this contract; a file also gives the default output and its storage options.",
        ),
    ] = None,
    status: Annotated[Status | None, typer.Option("--status", help="Only runs with this status.")] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", "-n", min=1, metavar="N", help="Maximum number of runs.")
    ] = None,
    form: Form = OutputFormat.text,
) -> None:
    """List runs, the latest first.

    Example: callcenter-etl runs list -o output/calls --status error -n 10
    """
    from callcenter_etl.contract.run_defaults import RunDefaults
    from callcenter_etl.diagnostics.runs_report import LIST_RENDERERS
    from callcenter_etl.run.ledger import RunFilter, list_runs
    from callcenter_etl.run.options import resolve_output

    document = None if contract is None or _ID.fullmatch(contract) else _load(contract).document
    wanted = RunFilter(
        contract=contract if document is None else document.contract,
        status=None if status is None else status.value,
        limit=limit,
    )
    # An id alone gives neither an output nor storage options, so these are the defaults.
    defaults = RunDefaults() if document is None else document.run
    root = resolve_output(output, os.environ, defaults.output)
    LIST_RENDERERS[form.value](list_runs(root, wanted, defaults.storage_options), sys.stdout)


@app.command("show", cls=GroupedCommand)
def show(
    run_id: Annotated[str, typer.Argument(metavar="RUN_ID", help="The run's id, or the beginning of it.")],
    *,
    output: Output = None,
    contract: Annotated[
        str | None,
        typer.Option(
            "--contract",
            "-c",
            metavar="FILE",
            help="The contract, for the default output and its storage options.",
        ),
    ] = None,
    form: Form = OutputFormat.text,
    report: Annotated[
        str | None,
        typer.Option(
            "--report", metavar="FILE.html", help="Write a page about the run there; needs --contract."
        ),
    ] = None,
    report_values: Annotated[ReportValues | None, typer.Option("--report-values", help=VALUES_HELP)] = None,
) -> None:
    """Show one run: its contract and source, how it ended, and the files that it published.

    Example: callcenter-etl runs show 20250131T0830 -o output/calls
    """
    from callcenter_etl.contract.run_defaults import RunDefaults
    from callcenter_etl.diagnostics.runs_report import SHOW_RENDERERS
    from callcenter_etl.run.ledger import find_run, problems_of
    from callcenter_etl.run.options import resolve_output

    values = check_values_option(report, report_values)
    loaded = None if contract is None else _load(contract)
    defaults = RunDefaults() if loaded is None else loaded.document.run
    root = resolve_output(output, os.environ, defaults.output)
    record = find_run(root, run_id, defaults.storage_options)
    # First, so that an error of the report is not preceded by a result.
    if report is not None:
        report_recorded_run(report, record, loaded, root=root, values=values)
    SHOW_RENDERERS[form.value](record, problems_of(record, root, defaults.storage_options), sys.stdout)


def _load(contract: str) -> Contract:
    from callcenter_etl.api_contract import load_contract

    return load_contract(contract)
