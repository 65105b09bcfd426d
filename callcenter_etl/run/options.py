"""Resolve the settings of a command: an option wins, then an environment variable, then the contract."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast, get_args

from callcenter_etl.contract.key_types import as_seconds
from callcenter_etl.contract.model import MaxRejected
from callcenter_etl.contract.paths import holds_nul
from callcenter_etl.contract.run_defaults import Engine, FailOn, LogSettings, RunDefaults, TargetFormat
from callcenter_etl.errors import UsageError

PREFIX = "CALLCENTER_ETL_"
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_FORMATS = ("console", "json")


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Options of the command line; None or empty where an option was not given."""

    sources: tuple[str, ...] = ()
    output: str | None = None
    chunk_rows: int | None = None
    max_rejected: str | None = None
    log_level: str | None = None
    publish_to: str | None = None
    staging: str | None = None
    workers: int | None = None
    fail_on: str | None = None
    max_findings: int | None = None
    target_format: str | None = None
    engine: str | None = None
    parts: bool | None = None
    force: bool | None = None


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Settings of a command, resolved from options, environment and contract."""

    sources: tuple[str, ...]
    output: str | None
    chunk_rows: int | None
    workers: int | None
    max_rejected: MaxRejected | None
    log: LogSettings
    publish_to: str | None = None
    staging: str | None = None
    fail_on: FailOn = "reject"
    max_findings: int | None = None
    checkpoint_seconds: float = 0
    target_format: TargetFormat = "csv"
    engine: Engine = "local"
    parts: bool = False
    force: bool = False


def resolve_settings(defaults: RunDefaults, options: RunOptions, environ: Mapping[str, str]) -> RunSettings:
    """Return each setting from its option, else from `CALLCENTER_ETL_*`, else from the contract's `run`.

    Raises UsageError with the option or variable for a value that is not valid.
    """
    variables = {
        name.removeprefix(PREFIX).lower(): text
        for name, text in environ.items()
        if name.startswith(PREFIX) and text
    }
    output = _place("--output", options.output, variables.get("output", defaults.output))
    publish_to = _place("--publish-to", options.publish_to, variables.get("publish_to", defaults.publish_to))
    if output is None:  # a destination of copies alone is an output
        output, publish_to = publish_to, None
    declared = (defaults.source,) if isinstance(defaults.source, str) else defaults.source or ()
    return RunSettings(
        sources=options.sources or ((variables["source"],) if "source" in variables else declared),
        output=output,
        publish_to=publish_to,
        staging=_place("--staging", options.staging, variables.get("staging", defaults.staging)),
        chunk_rows=_count("chunk_rows", options.chunk_rows, variables, defaults.chunk_rows),
        workers=_count("workers", options.workers, variables, defaults.workers),
        fail_on=_fail_on(options.fail_on, variables.get("fail_on"), defaults.fail_on),
        max_findings=_count("max_findings", options.max_findings, variables, None),
        checkpoint_seconds=_seconds("checkpoint_seconds", variables, defaults.checkpoint_seconds),
        target_format=_target_format(
            options.target_format, variables.get("target_format"), defaults.target_format
        ),
        engine=_engine(options.engine, variables.get("engine"), defaults.engine),
        parts=_flag("parts", variables, option=options.parts, declared=defaults.parts),
        force=_flag("force", variables, option=options.force, declared=False),
        max_rejected=_max_rejected(options.max_rejected, variables.get("max_rejected")),
        log=_log_settings(defaults.log, options, variables),
    )


def resolve_output(option: str | None, environ: Mapping[str, str], declared: str | None = None) -> str:
    """Return the output root of a command about runs: the option, else `CALLCENTER_ETL_OUTPUT`, else the contract's.

    Raises UsageError where none is given.
    """
    output = _place("--output", option, environ.get(f"{PREFIX}OUTPUT") or declared)
    if output is None:
        raise UsageError(
            f"which output? Name the folder of the runs with --output, or in {PREFIX}OUTPUT, or a contract that has run.output with --contract"
        )
    return output


def _log_settings(declared: LogSettings, options: RunOptions, variables: Mapping[str, str]) -> LogSettings:
    level_name, level = "--log-level", options.log_level
    if level is None:
        level_name, level = f"{PREFIX}LOG_LEVEL", variables.get("log_level", declared.level)
    level = level.upper()
    form = variables.get("log_format", declared.format)
    for name, value, known in ((level_name, level, _LEVELS), (f"{PREFIX}LOG_FORMAT", form, _FORMATS)):
        if value not in known:
            raise UsageError(f"{name}: {value!r} is none of {', '.join(known)}")
    return declared.model_copy(
        update={
            "level": level,
            "format": form,
            "directory": variables.get("log_directory") or declared.directory,
        }
    )


def _place(name: str, option: str | None, otherwise: str | None) -> str | None:
    if option == "":  # most likely an unset variable of a script, which must not mean the current folder
        raise UsageError(f"{name}: a folder is expected, not ''")
    if option is not None and holds_nul(option):
        raise UsageError(f"{name}: a path holds no NUL character, got {option!r}")
    return otherwise if option is None else option


def _fail_on(option: str | None, variable: str | None, declared: FailOn) -> FailOn:
    return cast("FailOn", _word("fail_on", option, variable, declared, known=get_args(FailOn)))


def _target_format(option: str | None, variable: str | None, declared: TargetFormat) -> TargetFormat:
    known = get_args(TargetFormat)
    return cast("TargetFormat", _word("target_format", option, variable, declared, known=known))


def _word(
    name: str, option: str | None, variable: str | None, declared: str, *, known: tuple[str, ...]
) -> str:
    flag, text = f"--{name.replace('_', '-')}", option
    if text is None:
        flag, text = f"{PREFIX}{name.upper()}", variable
    if text is None:
        return declared
    if text not in known:
        raise UsageError(f"{flag}: {text!r} is none of {', '.join(known)}")
    return text


def _engine(option: str | None, variable: str | None, declared: Engine) -> Engine:
    return cast("Engine", _word("engine", option, variable, declared, known=get_args(Engine)))


def _flag(name: str, variables: Mapping[str, str], *, option: bool | None, declared: bool) -> bool:
    text = variables.get(name)
    if option is not None or text is None:
        return declared if option is None else option
    if text.lower() not in ("true", "false"):
        raise UsageError(f"{PREFIX}{name.upper()}: true or false is expected, not {text!r}")
    return text.lower() == "true"


def _max_rejected(option: str | None, variable: str | None) -> MaxRejected | None:
    name, text = ("--max-rejected", option) if option is not None else (f"{PREFIX}MAX_REJECTED", variable)
    if text is None:
        return None
    try:
        return MaxRejected.parse(text)
    except UsageError as error:
        raise UsageError(f"{name}: {error}") from error


def _count(name: str, option: int | None, variables: Mapping[str, str], declared: int | None) -> int | None:
    text = variables.get(name)
    if option is not None or text is None:
        return declared if option is None else option
    if re.fullmatch(r"0*[1-9][0-9]{0,17}", text) is None:
        raise UsageError(f"{PREFIX}{name.upper()}: a whole number of 1 or more is expected, not {text!r}")
    return int(text)


def _seconds(name: str, variables: Mapping[str, str], declared: float) -> float:
    text = variables.get(name)
    if text is None:
        return declared
    try:
        return as_seconds(text)
    except ValueError as error:
        raise UsageError(f"{PREFIX}{name.upper()}: {error}") from error
