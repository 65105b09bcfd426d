"""`callcenter-etl validate`: the main job."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated

import typer

from callcenter_etl.cli.convert import print_unsupported, say_warnings
from callcenter_etl.cli.html_report import (
    VALUES_HELP,
    ReportValues,
    check_values_option,
    prepare_report,
    write_report,
)
from callcenter_etl.cli.output_formats import FOR_PEOPLE, Formats, RequestedFormat, requested_formats
from callcenter_etl.imports import uncollected
from callcenter_etl.store.uris import shown
from callcenter_etl.terminal import printable

DATA = "Source and target"
VERDICT = "Limits"
SHOWN = "Results and logs"
AGAIN = "Repeated and interrupted runs"
SPEED = "Performance"


class EngineName(StrEnum):
    """What does the work of a run."""

    local = "local"
    spark = "spark"


class FailOn(StrEnum):
    """What ends a command with exit code 1."""

    warn = "warn"
    reject = "reject"
    never = "never"


class TargetFormat(StrEnum):
    """What form the accepted records get."""

    csv = "csv"
    parquet = "parquet"
    delta = "delta"
    iceberg = "iceberg"


def validate(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SOURCE",
            help="Files, patterns such as 'drops/**/*.csv', or addresses such as s3://; - is standard input."
            " Default: run.source.",
        ),
    ] = None,
    *,
    contract: Annotated[
        str,
        typer.Option(
            "--contract",
            "-c",
            metavar="FILE",
            help="The contract, YAML or JSON, or an ODCS file.",
            rich_help_panel=DATA,
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Folder or s3:// prefix of the run's files. A folder each in it for several sources or a pattern.",
            rich_help_panel=DATA,
        ),
    ] = None,
    max_rejected: Annotated[
        str | None,
        typer.Option(
            "--max-rejected",
            metavar="N|N%",
            help="Number or share of rejects with which a run still passes.",
            rich_help_panel=VERDICT,
        ),
    ] = None,
    formats: Formats = None,
    fail_on: Annotated[
        FailOn | None,
        typer.Option(
            "--fail-on",
            help="Cause of exit code 1: warnings too, rejects (default), or nothing.",
            rich_help_panel=VERDICT,
        ),
    ] = None,
    max_findings: Annotated[
        int | None,
        typer.Option(
            "--max-findings",
            min=1,
            metavar="N",
            help="Maximum number of records of each rule in junit and sarif. Default: 10.",
            rich_help_panel=SHOWN,
        ),
    ] = None,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", "-q", help="No progress and no log lines below error.", rich_help_panel=SHOWN
        ),
    ] = False,
    chunk_rows: Annotated[
        int | None,
        typer.Option(
            "--chunk-rows",
            min=1,
            metavar="N",
            help="Maximum number of records in a chunk.",
            rich_help_panel=SPEED,
        ),
    ] = None,
    force: Annotated[
        bool | None,
        typer.Option(
            "--force",
            help="Run although this source is done, or the output holds another source's run.",
            rich_help_panel=AGAIN,
        ),
    ] = None,
    resume: Annotated[
        bool | None,
        typer.Option(
            "--resume/--no-resume",
            help="Resume an interrupted run from its checkpoint, or discard it. Default: resume where there is one.",
            rich_help_panel=AGAIN,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            min=1,
            metavar="N",
            help="Threads that work on chunks. Default: the cores.",
            rich_help_panel=SPEED,
        ),
    ] = None,
    engine: Annotated[
        EngineName | None,
        typer.Option(
            "--engine",
            help="Threads of this process (local, default), or Spark.",
            rich_help_panel=SPEED,
        ),
    ] = None,
    parts: Annotated[
        bool | None,
        typer.Option(
            "--parts/--no-parts",
            help="Folders of part files, written by the tasks of Spark, instead of single files.",
            rich_help_panel=DATA,
        ),
    ] = None,
    log_level: Annotated[
        str | None,
        typer.Option(
            "--log-level", metavar="LEVEL", help="DEBUG, INFO, WARNING or ERROR.", rich_help_panel=SHOWN
        ),
    ] = None,
    publish_to: Annotated[
        str | None,
        typer.Option(
            "--publish-to",
            metavar="URI",
            help="s3:// prefix that gets copies of the run's files.",
            rich_help_panel=DATA,
        ),
    ] = None,
    target_format: Annotated[
        TargetFormat | None,
        typer.Option(
            "--target-format",
            help="Accepted records byte for byte (csv, default), or in the types of the contract.",
            rich_help_panel=DATA,
        ),
    ] = None,
    staging: Annotated[
        str | None,
        typer.Option(
            "--staging",
            metavar="DIR",
            help="Where files for s3:// wait for their upload.",
            rich_help_panel=DATA,
        ),
    ] = None,
    report: Annotated[
        str | None,
        typer.Option(
            "--report",
            metavar="FILE.html",
            help="Write a report page of the runs.",
            rich_help_panel=SHOWN,
        ),
    ] = None,
    report_values: Annotated[
        ReportValues | None, typer.Option("--report-values", help=VALUES_HELP, rich_help_panel=SHOWN)
    ] = None,
) -> None:
    """Put every record of the sources into target or exceptions, as the contract says.

    With --output DIR the run writes target.csv, exceptions.csv, rejected.csv and summary.json, all or nothing;
    without, nothing is kept.

    One source that is named writes into DIR itself. Several sources, or a pattern (also one that matches a single
    file), write into DIR/NAME each. A shell that expands a pattern to one file passes a name: quote patterns to
    have folders in any case. Files of earlier runs are never sources of a pattern.

    Exit codes: 0 passed, 1 the data violated the contract, 2 the command line or the contract is wrong, 3 the run
    could not be finished.

    Example: callcenter-etl validate calls.csv -c calls.yaml -o output/calls
    """
    with uncollected():
        from callcenter_etl.api_contract import load_contract
        from callcenter_etl.cli.batch import BatchOptions, jobs_of, run_all
        from callcenter_etl.cli.causes import causes_of_results, print_causes
        from callcenter_etl.cli.results import CommandResult, show
        from callcenter_etl.logs import configure_logs
        from callcenter_etl.run.options import RunOptions, resolve_settings

    wanted = requested_formats(formats)
    values = check_values_option(report, report_values)
    loaded = load_contract(contract)
    if not quiet:
        print_unsupported(loaded)
        say_warnings(loaded)
    options = RunOptions(
        sources=tuple(sources or ()),
        output=output,
        chunk_rows=chunk_rows,
        max_rejected=max_rejected,
        log_level=log_level,
        publish_to=publish_to,
        staging=staging,
        workers=workers,
        fail_on=None if fail_on is None else fail_on.value,
        max_findings=max_findings,
        target_format=None if target_format is None else target_format.value,
        engine=None if engine is None else engine.value,
        parts=parts,
        force=force,
    )
    settings = resolve_settings(loaded.document.run, options, os.environ)
    configure_logs(settings.log, quiet=quiet)
    jobs = jobs_of(settings, loaded, quiet=quiet)
    page = None if report is None else prepare_report(report, loaded, [source for source, _ in jobs])
    ways = BatchOptions(root=settings.output, quiet=quiet, force=settings.force, resume=resume)
    results, failures = run_all(jobs, loaded, ways)
    ended = CommandResult(loaded, settings, results, failures)
    show(ended, wanted)
    causes = {} if page is None else causes_of_results(results, loaded)
    if page is not None:
        root = settings.output
        write_report(page, results, loaded, root=root, causes=causes, failures=failures, values=values)
        if RequestedFormat(FOR_PEOPLE) in wanted:
            print(f"report: {printable(shown(page.uri))}")
    if RequestedFormat(FOR_PEOPLE) in wanted and not quiet:
        print_causes(results, loaded, known=causes)
    raise typer.Exit(ended.exit_code)
