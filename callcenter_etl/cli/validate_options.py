"""The options of `callcenter-etl validate`, grouped for its help."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer

DATA = "Source and target"
VERDICT = "Limits"
SHOWN = "Results and logs"
AGAIN = "Repeated and interrupted runs"
SPEED = "Performance"


class EngineName(StrEnum):
    """The engines of a run."""

    local = "local"
    spark = "spark"


class FailOn(StrEnum):
    """The causes of exit code 1."""

    warn = "warn"
    reject = "reject"
    never = "never"


class TargetFormat(StrEnum):
    """The formats of the accepted records."""

    csv = "csv"
    parquet = "parquet"
    delta = "delta"
    iceberg = "iceberg"


SourcesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SOURCE",
        help="Files, patterns such as 'drops/**/*.csv', or addresses such as s3://; - is standard input."
        " Default: run.source.",
    ),
]
ContractOption = Annotated[
    str,
    typer.Option(
        "--contract",
        "-c",
        metavar="FILE",
        help="The contract, YAML or JSON, or an ODCS file.",
        rich_help_panel=DATA,
    ),
]
OutputOption = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="DIR",
        help="Folder or s3:// prefix of the run's files; several sources or a pattern get a subfolder each.",
        rich_help_panel=DATA,
    ),
]
MaxRejectedOption = Annotated[
    str | None,
    typer.Option(
        "--max-rejected",
        metavar="N|N%",
        help="Largest number or share of rejects with which a run passes.",
        rich_help_panel=VERDICT,
    ),
]
FailOnOption = Annotated[
    FailOn | None,
    typer.Option(
        "--fail-on",
        help="Cause of exit code 1: warnings too, rejects (default), or nothing.",
        rich_help_panel=VERDICT,
    ),
]
MaxFindingsOption = Annotated[
    int | None,
    typer.Option(
        "--max-findings",
        min=1,
        metavar="N",
        help="Maximum number of records of each rule in junit and sarif. Default: 10.",
        rich_help_panel=SHOWN,
    ),
]
QuietOption = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="No progress and no log lines below error.", rich_help_panel=SHOWN),
]
ChunkRowsOption = Annotated[
    int | None,
    typer.Option(
        "--chunk-rows",
        min=1,
        metavar="N",
        help="Maximum number of records in a chunk.",
        rich_help_panel=SPEED,
    ),
]
ForceOption = Annotated[
    bool | None,
    typer.Option(
        "--force",
        help="Run although the source has been run already, or the output holds another source's run.",
        rich_help_panel=AGAIN,
    ),
]
ResumeOption = Annotated[
    bool | None,
    typer.Option(
        "--resume/--no-resume",
        help="Resume an interrupted run from its checkpoint, or discard it. Default: resume if there is one.",
        rich_help_panel=AGAIN,
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        metavar="N",
        help="Number of threads. Default: the number of cores.",
        rich_help_panel=SPEED,
    ),
]
EngineOption = Annotated[
    EngineName | None,
    typer.Option(
        "--engine",
        help="Threads of this process (local, default), or Spark.",
        rich_help_panel=SPEED,
    ),
]
PartsOption = Annotated[
    bool | None,
    typer.Option(
        "--parts/--no-parts",
        help="Folders of part files, written by the tasks of Spark, instead of single files.",
        rich_help_panel=DATA,
    ),
]
LogLevelOption = Annotated[
    str | None,
    typer.Option(
        "--log-level", metavar="LEVEL", help="DEBUG, INFO, WARNING or ERROR.", rich_help_panel=SHOWN
    ),
]
PublishToOption = Annotated[
    str | None,
    typer.Option(
        "--publish-to",
        metavar="URI",
        help="s3:// prefix that gets copies of the run's files.",
        rich_help_panel=DATA,
    ),
]
TargetFormatOption = Annotated[
    TargetFormat | None,
    typer.Option(
        "--target-format",
        help="Accepted records byte for byte (csv, default), or in the types of the contract.",
        rich_help_panel=DATA,
    ),
]
StagingOption = Annotated[
    str | None,
    typer.Option(
        "--staging",
        metavar="DIR",
        help="Local folder for files before their upload to s3://.",
        rich_help_panel=DATA,
    ),
]
ReportOption = Annotated[
    str | None,
    typer.Option(
        "--report",
        metavar="FILE.html",
        help="Write an HTML report of the runs, with values masked.",
        rich_help_panel=SHOWN,
    ),
]


@dataclass(frozen=True, slots=True)
class ValidateOptions:
    """The options as given on the command line; None for an option that was not given."""

    sources: list[str] | None
    contract: str
    output: str | None
    max_rejected: str | None
    formats: list[str] | None
    fail_on: FailOn | None
    max_findings: int | None
    quiet: bool
    chunk_rows: int | None
    force: bool | None
    resume: bool | None
    workers: int | None
    engine: EngineName | None
    parts: bool | None
    log_level: str | None
    publish_to: str | None
    target_format: TargetFormat | None
    staging: str | None
    report: str | None
