"""`callcenter-etl reprocess`: validate corrected rejects again, and publish the recovered records once."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from callcenter_etl.cli.output_formats import Form, OutputFormat
from callcenter_etl.cli.run_option import ContractOption
from callcenter_etl.errors import UsageError
from callcenter_etl.imports import uncollected

FileArgument = Annotated[
    str, typer.Argument(metavar="FILE", help="A corrected exceptions.csv, or a corrected rejected.csv.")
]
OutputOption = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="DIR",
        help="Folder for the results, a subfolder each time. Default: reprocessed, in the run's output.",
    ),
]
RunOutputOption = Annotated[
    str | None,
    typer.Option("--run-output", metavar="DIR", help="The run's output folder, if FILE is not in it."),
]
SourceSha256Option = Annotated[
    str | None,
    typer.Option(
        "--source-sha256", metavar="HASH", help="The source's hash, if the run's output is missing."
    ),
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Report what would be recovered, and write nothing.")
]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Write the remaining rejects again although nothing changed.")
]


def reprocess(
    file: FileArgument,
    *,
    contract: ContractOption,
    output: OutputOption = None,
    run_output: RunOutputOption = None,
    source_sha256: SourceSha256Option = None,
    dry_run: DryRunOption = False,
    force: ForceOption = False,
    form: Form = OutputFormat.text,
) -> None:
    """Validate corrected records again, and publish those that satisfy the contract, each exactly once.

    Each call writes a new folder below the output: target.csv, exceptions.csv and rejected.csv with the remaining
    rejects, recovered.csv and summary.json. A line of a source is recovered once, however often its row is
    submitted. Exit codes: 0 nothing is rejected any more, 1 something is, or the file is refused.

    Example: callcenter-etl reprocess out/exceptions.csv -c calls.yaml --dry-run
    """
    # An unset variable of a script gives '', which would mean the working folder.
    if "" in (output, run_output):
        raise UsageError("--output and --run-output name a folder, not ''")
    with uncollected():
        from callcenter_etl.api_contract import load_contract
        from callcenter_etl.diagnostics.reprocess_report import REPROCESSED_RENDERERS
        from callcenter_etl.tools.reprocess import ReprocessPlan
        from callcenter_etl.tools.reprocess import reprocess as run

    plan = ReprocessPlan(
        file, output=output, run_output=run_output, source_sha256=source_sha256, dry_run=dry_run, force=force
    )
    done = run(plan, load_contract(contract).loaded)
    REPROCESSED_RENDERERS[form.value](done, sys.stdout)
    raise typer.Exit(done.exit_code)
