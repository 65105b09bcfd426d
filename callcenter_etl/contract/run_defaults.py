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
from callcenter_etl.contract.run_option_table import (
    RUN_OPTIONS,
    Engine,
    FailOn,
    LogFormat,
    LogLevel,
    TargetFormat,
)
from callcenter_etl.contract.storage_options import (
    OptionalAddress,
    OptionalPath,
    StorageOptions,
    without_credentials,
)
from callcenter_etl.contract.table_layout import TableLayout

Write = Literal["append", "overwrite", "replace_partitions"]


def _described(name: str) -> str:
    """Return an option's description as the reference of contracts writes it: lower case, no full stop."""
    text = RUN_OPTIONS[name].help.rstrip(".")
    # A name such as S3 keeps its capital.
    return text if text[1].isdigit() else text[0].lower() + text[1:]


class LogSettings(FrozenModel):
    """Level, folder and format of a run's log."""

    level: LogLevel = Field("INFO", description=_described("log_level"))
    directory: OptionalPath = Field(None, description=_described("log_directory"))
    format: LogFormat = Field("console", description=_described("log_format"))


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
    output: OptionalAddress = Field(None, description=_described("output"))
    publish_to: OptionalAddress = Field(None, description=_described("publish_to"))
    staging: OptionalPath = Field(None, description=_described("staging"))
    chunk_rows: OptionalCount = Field(None, description=_described("chunk_rows"))
    workers: OptionalCount = Field(None, description=_described("workers"))
    engine: Engine = Field("local", description=_described("engine"))
    parts: Flag = Field(default=False, description=_described("parts"))
    fail_on: FailOn = Field("reject", description=_described("fail_on"))
    checkpoint_seconds: Seconds = Field(30.0, description=_described("checkpoint_seconds"))
    target_format: TargetFormat = Field(
        "csv",
        description=_described("target_format"),
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
