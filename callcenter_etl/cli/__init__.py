"""The command line: parses options, calls the API, renders results, returns exit codes."""

from __future__ import annotations

import gc
import sys

import typer

from callcenter_etl import __version__
from callcenter_etl.cli import contract, runs
from callcenter_etl.cli.doctor import doctor
from callcenter_etl.cli.exit_codes import guarded
from callcenter_etl.cli.explain import explain
from callcenter_etl.cli.help import GroupedCommand, GroupOfCommands
from callcenter_etl.cli.reprocess import reprocess
from callcenter_etl.cli.validate import validate
from callcenter_etl.imports import leave_out

app = typer.Typer(
    name="callcenter-etl",
    cls=GroupOfCommands,
    no_args_is_help=True,
    rich_markup_mode=None,  # importing rich takes longer than the rest of `--help`
    pretty_exceptions_enable=False,  # `guarded` reports errors; a traceback could show values
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"callcenter-etl {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
    ),
) -> None:
    """Validate delimited files against a contract: accept or reject every record, and prove that none was lost.

    Example: callcenter-etl validate calls.csv -c calls.yaml -o output/calls
    """


app.command("validate", cls=GroupedCommand)(validate)
app.command("explain", cls=GroupedCommand)(explain)
app.command("reprocess", cls=GroupedCommand)(reprocess)
app.command("doctor", cls=GroupedCommand)(doctor)
app.add_typer(contract.app, name="contract")
app.add_typer(runs.app, name="runs")


def main() -> None:
    """Run the command line and exit with its code."""
    # pandera imports both if they are installed. This program generates no data with hypothesis, and pyspark.pandas
    # does not support the pandas that this program needs.
    leave_out("hypothesis", "pyspark.pandas")
    code = guarded(app)
    gc.freeze()  # without it the interpreter's last collection visits every imported object: a tenth of a second
    sys.exit(code)


__all__ = ["app", "main"]
