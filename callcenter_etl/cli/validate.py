"""`callcenter-etl validate`: validate sources against a contract."""

from __future__ import annotations

import typer

from callcenter_etl.cli.output_formats import Formats
from callcenter_etl.cli.validate_options import (
    ChunkRowsOption,
    ContractOption,
    EngineOption,
    FailOnOption,
    ForceOption,
    LogLevelOption,
    MaxFindingsOption,
    MaxRejectedOption,
    OutputOption,
    PartsOption,
    PublishToOption,
    QuietOption,
    ReportOption,
    ResumeOption,
    SourcesArgument,
    StagingOption,
    TargetFormatOption,
    ValidateOptions,
    WorkersOption,
)
from callcenter_etl.imports import uncollected


def validate(
    sources: SourcesArgument = None,
    *,
    contract: ContractOption,
    output: OutputOption = None,
    max_rejected: MaxRejectedOption = None,
    formats: Formats = None,
    fail_on: FailOnOption = None,
    max_findings: MaxFindingsOption = None,
    quiet: QuietOption = False,
    chunk_rows: ChunkRowsOption = None,
    force: ForceOption = None,
    resume: ResumeOption = None,
    workers: WorkersOption = None,
    engine: EngineOption = None,
    parts: PartsOption = None,
    log_level: LogLevelOption = None,
    publish_to: PublishToOption = None,
    target_format: TargetFormatOption = None,
    staging: StagingOption = None,
    report: ReportOption = None,
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
    options = ValidateOptions(**locals())  # first of all: only the options are local yet
    # Imported here, because pandas and pydantic would take most of the time of `--help`.
    with uncollected():
        from callcenter_etl.cli.validate_sources import validate_sources

    raise typer.Exit(validate_sources(options))
