"""The defaults of runs in a contract: source, output, engine, target, logging."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator

from callcenter_etl.contract.key_types import (
    Flag,
    FrozenModel,
    OptionalCount,
    OptionalFileMode,
    OptionalText,
    Seconds,
    as_null,
    as_text,
)
from callcenter_etl.contract.storage_options import (
    OptionalAddress,
    OptionalPath,
    StorageOptions,
    without_credentials,
)
from callcenter_etl.contract.table_layout import TableLayout

Engine = Literal["local", "spark"]
FailOn = Literal["warn", "reject", "never"]
TargetFormat = Literal["csv", "parquet", "delta", "iceberg"]
Write = Literal["append", "overwrite", "replace_partitions"]


class LogSettings(FrozenModel):
    """Level, folder and format of a run's log."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="least level that is logged"
    )
    directory: OptionalPath = Field(None, description="folder of the log file; none for the console alone")
    format: Literal["console", "json"] = Field("console", description="lines for people, or JSON lines")


def _optional_texts(value: Any) -> Any:
    if as_null(value) is None:
        return None
    return tuple(as_text(each) for each in value) if isinstance(value, (list, tuple)) else as_text(value)


class ExceptionsSettings(FrozenModel):
    """Options of exceptions.csv."""

    excel_safe: Flag = Field(
        default=False, description="put ' before cells of exceptions.csv that a spreadsheet would run"
    )


class TableSettings(FrozenModel):
    """The table for a run's accepted records, and the identity of a source across runs."""

    uri: OptionalAddress = Field(
        None, description="folder or s3:// prefix of a Delta table; else `target` in the run's output"
    )
    catalog: OptionalText = Field(
        None,
        description="catalog of an Iceberg table, by its name in .pyiceberg.yaml or PYICEBERG_CATALOG__*",
    )
    identifier: OptionalText = Field(
        None, description="namespace and name of an Iceberg table, such as calls.daily"
    )
    identify_by: Literal["uri", "name"] = Field(
        "uri",
        description="what makes a file the next version of an earlier one: its address, or its name in any folder",
    )


class RunDefaults(FrozenModel):
    """Defaults of a run. A CLI option has precedence, then an environment variable, then these values."""

    source: Annotated[
        str | tuple[str, ...] | None, BeforeValidator(_optional_texts), AfterValidator(without_credentials)
    ] = Field(None, description="a path, an address, a glob, or a list of them")
    output: OptionalAddress = Field(None, description="folder or s3:// prefix of the run's files")
    publish_to: OptionalAddress = Field(None, description="s3:// prefix that gets copies of the run's files")
    staging: OptionalPath = Field(
        None, description="local folder where files for s3:// wait for their upload"
    )
    chunk_rows: OptionalCount = Field(None, description="most records in a chunk")
    workers: OptionalCount = Field(
        None, description="threads that work on chunks; the cores where it is not said"
    )
    engine: Engine = Field("local", description="what does the work: threads of this process, or Spark")
    parts: Flag = Field(
        default=False, description="write target, exceptions and rejected as folders of part files; for spark"
    )
    fail_on: FailOn = Field(
        "reject", description="the cause of exit code 1: warnings or rejects, rejects, or never"
    )
    checkpoint_seconds: Seconds = Field(
        30.0,
        description="seconds between two checkpoints, from which an interrupted run is resumed; 0 is never",
    )
    target_format: TargetFormat = Field(
        "csv",
        description="the accepted records byte for byte, or typed in Parquet, a Delta or an Iceberg table",
    )
    layout: TableLayout | None = Field(None, description="folders and order of a typed target")
    write: Write | None = Field(
        None,
        description="the part of a typed target that a run replaces: all of it (overwrite, the default for files), the"
        " partitions that it has records for, or the records of its source (append, the default for tables)",
    )
    table: TableSettings = Field(default_factory=TableSettings, description="which table the records go into")
    log: LogSettings = Field(default_factory=LogSettings, description="where and how a run logs")
    exceptions: ExceptionsSettings = Field(
        default_factory=ExceptionsSettings, description="how exceptions.csv is written"
    )
    file_mode: OptionalFileMode = Field(
        None,
        description='permissions of the files written, in quotes, such as "0640"; else the owner\'s alone',
    )
    storage_options: StorageOptions = Field(
        default_factory=StorageOptions, description="how S3 is reached; never credentials"
    )

    @property
    def mode(self) -> int | None:
        """The declared permissions of files, None where they are the owner's alone."""
        return None if self.file_mode is None else int(self.file_mode, 8)

    @field_validator("chunk_rows", "workers", mode="after")
    @classmethod
    def _at_least_one(cls, value: int | None) -> int | None:
        if value == 0:
            raise ValueError("at least 1 is expected, not 0")
        return value
