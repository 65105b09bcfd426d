"""The options of a run: one table that the command line, the environment, contracts, Python and Glue jobs read.

Nothing here imports pydantic, so that `--help` need not wait for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

ENVIRONMENT_PREFIX = "CALLCENTER_ETL_"

Engine = Literal["local", "spark"]
FailOn = Literal["warn", "reject", "never"]
TargetFormat = Literal["csv", "parquet", "delta", "iceberg"]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
LogFormat = Literal["console", "json"]
OptionKind = Literal["choice", "count", "flag", "limit", "place", "seconds"]


@dataclass(frozen=True, slots=True)
class RunOption:
    """An option of a run and its spellings.

    On the command line it is `--name` with hyphens, in the environment `CALLCENTER_ETL_NAME`, in Python and Glue
    `name`, and in a contract the key `contract_key`; None where a contract does not have it. `help` describes it for
    all of them. `choices` are the values of a choice. An option without `on_command_line` is set elsewhere alone.
    """

    name: str
    kind: OptionKind
    help: str
    contract_key: str | None = None
    choices: tuple[str, ...] = ()
    metavar: str | None = None
    short: str | None = None
    on_command_line: bool = True

    @property
    def flag(self) -> str:
        """The option as it is typed, such as `--fail-on`."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def variable(self) -> str:
        """The environment variable, such as `CALLCENTER_ETL_FAIL_ON`."""
        return f"{ENVIRONMENT_PREFIX}{self.name.upper()}"


_ALL = (
    RunOption(
        "output",
        "place",
        "Folder or s3:// prefix of the run's files; several sources or a pattern get a subfolder each.",
        contract_key="run.output",
        metavar="DIR",
        short="-o",
    ),
    RunOption(
        "publish_to",
        "place",
        "s3:// prefix that gets copies of the run's files.",
        contract_key="run.publish_to",
        metavar="URI",
    ),
    RunOption(
        "staging",
        "place",
        "Local folder for files before their upload to s3://.",
        contract_key="run.staging",
        metavar="DIR",
    ),
    RunOption(
        "target_format",
        "choice",
        "Accepted records byte for byte (csv, default), or in the types of the contract.",
        contract_key="run.target_format",
        choices=get_args(TargetFormat),
    ),
    RunOption(
        "parts",
        "flag",
        "Folders of part files, written by the tasks of Spark, instead of single files.",
        contract_key="run.parts",
    ),
    RunOption(
        "max_rejected",
        "limit",
        "Largest number or share of rejects with which a run passes.",
        contract_key="limits.max_rejected",
        metavar="N|N%",
    ),
    RunOption(
        "fail_on",
        "choice",
        "Cause of exit code 1: warnings too, rejects (default), or nothing.",
        contract_key="run.fail_on",
        choices=get_args(FailOn),
    ),
    RunOption(
        "max_findings",
        "count",
        "Maximum number of records of each rule in junit and sarif. Default: 10.",
        metavar="N",
    ),
    RunOption(
        "force",
        "flag",
        "Run although the source has been run already, or the output holds another source's run.",
    ),
    RunOption(
        "engine",
        "choice",
        "Threads of this process (local, default), or Spark.",
        contract_key="run.engine",
        choices=get_args(Engine),
    ),
    RunOption(
        "workers",
        "count",
        "Number of threads. Default: the number of cores.",
        contract_key="run.workers",
        metavar="N",
    ),
    RunOption(
        "chunk_rows",
        "count",
        "Maximum number of records in a chunk.",
        contract_key="run.chunk_rows",
        metavar="N",
    ),
    RunOption(
        "checkpoint_seconds",
        "seconds",
        "Seconds between two checkpoints, from which an interrupted run is resumed; 0 writes none.",
        contract_key="run.checkpoint_seconds",
        on_command_line=False,
    ),
    RunOption(
        "log_level",
        "choice",
        "Lowest level that is logged: DEBUG, INFO, WARNING or ERROR.",
        contract_key="run.log.level",
        choices=get_args(LogLevel),
        metavar="LEVEL",
    ),
    RunOption(
        "log_format",
        "choice",
        "Lines for people, or JSON lines.",
        contract_key="run.log.format",
        choices=get_args(LogFormat),
        on_command_line=False,
    ),
    RunOption(
        "log_directory",
        "place",
        "Folder of the log file; without, logs go to the console alone.",
        contract_key="run.log.directory",
        on_command_line=False,
    ),
)
RUN_OPTIONS = {option.name: option for option in _ALL}
