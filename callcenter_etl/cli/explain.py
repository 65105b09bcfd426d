"""`callcenter-etl explain`: one record with the verdict of every rule, or the causes of a run's rejects."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from callcenter_etl.cli.output_formats import Form, OutputFormat
from callcenter_etl.cli.run_option import ContractOption
from callcenter_etl.errors import UsageError
from callcenter_etl.imports import uncollected
from callcenter_etl.store.uris import shown
from callcenter_etl.terminal import printable

if TYPE_CHECKING:
    from callcenter_etl.api_contract import Contract


SourceArgument = Annotated[
    str | None,
    typer.Argument(metavar="SOURCE", help="With --line a source; without, the output folder of a run."),
]
LineOption = Annotated[
    int | None,
    typer.Option("--line", "-l", metavar="N", help="The line to explain; the header is line 1."),
]
ShowValuesOption = Annotated[
    bool, typer.Option("--show-values", help="Show values of columns classified personal or secret too.")
]
RunIdOption = Annotated[
    str | None,
    typer.Option("--run", metavar="RUN_ID", help="A run of the ledger, by its id or its beginning."),
]
OutputOption = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="DIR",
        help="The folder with the ledger of --run, as given to validate.",
    ),
]


def explain(
    source: SourceArgument = None,
    *,
    contract: ContractOption,
    line: LineOption = None,
    show_values: ShowValuesOption = False,
    run: RunIdOption = None,
    output: OutputOption = None,
    form: Form = OutputFormat.text,
) -> None:
    """Explain why a record is accepted or rejected, or list the causes of a run's rejects.

    With --line: the record's bytes, its fields, and the verdict of every rule. Without: the few causes of a run's
    rejects, each with the change of the contract that would accept them. Exit codes: 0 explained, 1 the source is
    refused, 2 there is no record on that line.

    Example: callcenter-etl explain calls.csv --line 17 -c calls.yaml
    """
    with uncollected():
        from callcenter_etl.api_contract import load_contract

    loaded = load_contract(contract)
    if line is not None:
        if source is None or run is not None:
            raise UsageError("--line goes with a source, and not with --run")
        raise typer.Exit(_explain_line(source, loaded, line, show_values=show_values, form=form))
    # Without a line exactly one of the two names the run.
    if (source is None) == (run is None):
        raise UsageError("name a source and a --line, the output folder of a run, or a --run")
    _explain_run(source, loaded, run=run, output=output, form=form)


def _explain_line(
    source: str, contract: Contract, line: int, *, show_values: bool, form: OutputFormat
) -> int:
    from callcenter_etl.diagnostics.explanation_report import EXPLANATION_RENDERERS
    from callcenter_etl.source_patterns import only_source
    from callcenter_etl.tools.explain import explain_line

    if Path(source).is_dir():
        raise UsageError(_source_instead(source, line))
    source = only_source(source, contract.document)
    explanation = explain_line(source, contract.loaded, line, show_values=show_values)
    EXPLANATION_RENDERERS[form.value](explanation, sys.stdout)
    return 1 if explanation.status == "refused" else 0


def _source_instead(folder: str, line: int) -> str:
    """Return the advice for a folder given with --line; the output of a run names the source to explain."""
    from callcenter_etl.run.ledger.equivalent_run import published_summary

    summary = published_summary(folder)
    advice = (
        "name a source file" if summary is None else f"explain its source: {summary.source.uri} --line {line}"
    )
    return printable(f"{shown(folder)}: is a folder, and --line explains a record of a file ({advice})")


def _explain_run(
    folder: str | None, contract: Contract, *, run: str | None, output: str | None, form: OutputFormat
) -> None:
    from callcenter_etl.diagnostics.causes_report import CAUSES_RENDERERS, PROBLEM_RENDERERS
    from callcenter_etl.run.options import resolve_output
    from callcenter_etl.tools.explain.run_causes import causes_of_run, output_of_run

    if run is not None:
        folder = output_of_run(resolve_output(output, os.environ), run, contract.loaded)
    summary, found = causes_of_run(folder or "", contract.loaded)
    if found is not None:
        CAUSES_RENDERERS[form.value](found, sys.stdout)
    elif summary.problems:
        PROBLEM_RENDERERS[form.value](summary, sys.stdout)
    else:
        # A program that reads JSON gets a value here too.
        print("null" if form is OutputFormat.json else "nothing was rejected")
