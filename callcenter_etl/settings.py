"""What a command runs with: an option wins, then an environment variable, then the contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from callcenter_etl.contract.model import LogSettings, MaxRejected, RunDefaults
from callcenter_etl.errors import UsageError

PREFIX = "CALLCENTER_ETL_"
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_FORMATS = ("console", "json")


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line said; None or nothing where it was silent."""

    sources: tuple[str, ...] = ()
    output: str | None = None
    chunk_rows: int | None = None
    max_rejected: str | None = None
    log_level: str | None = None


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What a command runs with, all sources of settings taken together."""

    sources: tuple[str, ...]
    output: str | None
    chunk_rows: int | None
    max_rejected: MaxRejected | None
    log: LogSettings


def resolve_settings(defaults: RunDefaults, options: Options, environ: Mapping[str, str]) -> RunSettings:
    """Settle every setting: the option, else `CALLCENTER_ETL_*`, else the contract's `run`.

    Raises UsageError for a value that cannot be used, naming the variable where it came from one.
    """
    variables = {
        name.removeprefix(PREFIX).lower(): text
        for name, text in environ.items()
        if name.startswith(PREFIX) and text
    }
    declared = (defaults.source,) if isinstance(defaults.source, str) else defaults.source or ()
    limit = options.max_rejected or variables.get("max_rejected")
    return RunSettings(
        sources=options.sources or ((variables["source"],) if "source" in variables else declared),
        output=options.output or variables.get("output") or defaults.output,
        chunk_rows=options.chunk_rows or _chunk_rows(variables.get("chunk_rows")) or defaults.chunk_rows,
        max_rejected=None if limit is None else MaxRejected.parse(limit),
        log=_log_settings(defaults.log, options, variables),
    )


def _log_settings(declared: LogSettings, options: Options, variables: Mapping[str, str]) -> LogSettings:
    level = (options.log_level or variables.get("log_level") or declared.level).upper()
    form = variables.get("log_format", declared.format)
    for name, value, known in (("LOG_LEVEL", level, _LEVELS), ("LOG_FORMAT", form, _FORMATS)):
        if value not in known:
            raise UsageError(f"{PREFIX}{name}: {value!r} is none of {', '.join(known)}")
    return declared.model_copy(
        update={
            "level": level,
            "format": form,
            "directory": variables.get("log_directory") or declared.directory,
        }
    )


def _chunk_rows(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise UsageError(f"{PREFIX}CHUNK_ROWS: a whole number of 1 or more is expected, not {text!r}")
    return int(text)
