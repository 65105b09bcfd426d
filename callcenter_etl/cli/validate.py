"""`callcenter-etl validate`: validate sources against a contract."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from callcenter_etl.cli.convert import print_unsupported, print_warnings
from callcenter_etl.cli.html_report import (
    VALUES_HELP,
    ReportValues,
    check_values_option,
    prepare_report,
    write_report,
)
from callcenter_etl.cli.output_formats import FOR_PEOPLE, Formats, RequestedFormat, requested_formats
from callcenter_etl.cli.run_option import run_option
from callcenter_etl.contract.run_option_table import Engine, FailOn, TargetFormat
from callcenter_etl.imports import uncollected
from callcenter_etl.store.uris import shown
from callcenter_etl.terminal import printable

DATA = "Source and target"
VERDICT = "Limits"
SHOWN = "Results and logs"
AGAIN = "Repeated and interrupted runs"
SPEED = "Performance"

_Sources = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SOURCE",
        help="Files, patterns such as 'drops/**/*.csv', or addresses such as s3://; - is standard input."
        " Default: run.source.",
    ),
]
_ContractFile = Annotated[
    str,
    typer.Option(
        "--contract",
        "-c",
        metavar="FILE",
        help="The contract, YAML or JSON, or an ODCS file.",
        rich_help_panel=DATA,
    ),
]
_Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="No progress and no log lines below error.", rich_help_panel=SHOWN),
]
_Resume = Annotated[
    bool | None,
    typer.Option(
        "--resume/--no-resume",
        help="Resume an interrupted run from its checkpoint, or discard it. Default: resume if there is one.",
        rich_help_panel=AGAIN,
    ),
]
_Report = Annotated[
    str | None,
    typer.Option(
        "--report",
        metavar="FILE.html",
        help="Write an HTML report of the runs.",
        rich_help_panel=SHOWN,
    ),
]
_ReportValuesOption = Annotated[
    ReportValues | None, typer.Option("--report-values", help=VALUES_HELP, rich_help_panel=SHOWN)
]


def validate(
    sources: _Sources = None,
    *,
    contract: _ContractFile,
    output: Annotated[str | None, run_option("output", DATA)] = None,
    max_rejected: Annotated[str | None, run_option("max_rejected", VERDICT)] = None,
    formats: Formats = None,
    fail_on: Annotated[FailOn | None, run_option("fail_on", VERDICT)] = None,
    max_findings: Annotated[int | None, run_option("max_findings", SHOWN)] = None,
    quiet: _Quiet = False,
    chunk_rows: Annotated[int | None, run_option("chunk_rows", SPEED)] = None,
    force: Annotated[bool | None, run_option("force", AGAIN)] = None,
    resume: _Resume = None,
    workers: Annotated[int | None, run_option("workers", SPEED)] = None,
    engine: Annotated[Engine | None, run_option("engine", SPEED)] = None,
    parts: Annotated[bool | None, run_option("parts", DATA)] = None,
    log_level: Annotated[str | None, run_option("log_level", SHOWN)] = None,
    publish_to: Annotated[str | None, run_option("publish_to", DATA)] = None,
    target_format: Annotated[TargetFormat | None, run_option("target_format", DATA)] = None,
    staging: Annotated[str | None, run_option("staging", DATA)] = None,
    report: _Report = None,
    report_values: _ReportValuesOption = None,
) -> None:
    """Validate sources against a contract, and write every record to target or exceptions.

    With --output DIR the run writes target.csv, exceptions.csv, rejected.csv and summary.json, all or nothing.
    Without it, no file is kept.

    A single source given by name writes into DIR itself. Several sources, or a pattern (even with a single match),
    write into DIR/NAME each. Quote patterns: a shell that expands one to a single file passes a name. A pattern never
    matches files of earlier runs.

    Exit codes: 0 passed, 1 the data violated the contract, 2 the command line or the contract is wrong, 3 the run
    could not be finished.

    Example: callcenter-etl validate calls.csv -c calls.yaml -o output/calls
    """
    raise typer.Exit(_validate(locals()))  # only the arguments are local yet


def _validate(arguments: Mapping[str, Any]) -> int:
    """Run the command with its arguments by name. Returns the exit code."""
    # Imported here, because pandas and pydantic would take most of the time of `--help`.
    with uncollected():
        from callcenter_etl.api_contract import load_contract
        from callcenter_etl.cli.batch import BatchOptions, jobs_of, run_all
        from callcenter_etl.cli.causes import causes_of_results, print_causes
        from callcenter_etl.cli.results import CommandResult, show
        from callcenter_etl.logs import configure_logs
        from callcenter_etl.run.options import command_line, environment, resolve_options

    # Everything that can be wrong with the command line is checked before the first source is read.
    wanted, quiet = requested_formats(arguments["formats"]), bool(arguments["quiet"])
    values = check_values_option(arguments["report"], arguments["report_values"])
    loaded = load_contract(arguments["contract"])
    if not quiet:
        print_unsupported(loaded)
        print_warnings(loaded)
    options = resolve_options(
        loaded.document.run,
        command_line(arguments),
        environment(os.environ),
        sources=tuple(arguments["sources"] or ()),
    )
    configure_logs(options.log, quiet=quiet)
    jobs = jobs_of(options, loaded, quiet=quiet)
    report, sources = arguments["report"], [source for source, _ in jobs]
    page = None if report is None else prepare_report(report, loaded, sources)
    batch = BatchOptions(root=options.output, quiet=quiet, resume=arguments["resume"])
    results, failures = run_all(jobs, loaded, batch)
    ended = CommandResult(loaded, options, results, failures)
    show(ended, wanted)
    causes = {} if page is None else causes_of_results(results, loaded)
    if page is not None:
        root = options.output
        write_report(page, results, loaded, root=root, causes=causes, failures=failures, values=values)
        if RequestedFormat(FOR_PEOPLE) in wanted:
            print(f"report: {printable(shown(page.uri))}")
    if RequestedFormat(FOR_PEOPLE) in wanted and not quiet:
        print_causes(results, loaded, known=causes)
    return ended.exit_code
