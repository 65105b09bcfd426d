"""Resolve the options of a run: the command line or a call wins, then the environment, then the contract."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from callcenter_etl.contract.key_types import as_seconds
from callcenter_etl.contract.model import MaxRejected
from callcenter_etl.contract.paths import holds_nul
from callcenter_etl.contract.run_defaults import LogSettings, RunDefaults
from callcenter_etl.contract.run_option_table import (
    ENVIRONMENT_PREFIX,
    RUN_OPTIONS,
    Engine,
    FailOn,
    OptionKind,
    RunOption,
    TargetFormat,
)
from callcenter_etl.errors import UsageError

DEFAULT_MAX_FINDINGS = 10
_COUNT = re.compile(r"0*[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of a run, each with its final value.

    `output` is None where no files are kept, `workers` is None for the number of usable cores, `chunk_rows` for all
    records of a block, and `max_rejected` for the contract's own limit.
    """

    sources: tuple[str, ...]
    output: str | None
    publish_to: str | None
    staging: str | None
    target_format: TargetFormat
    parts: bool
    max_rejected: MaxRejected | None
    fail_on: FailOn
    max_findings: int
    force: bool
    engine: Engine
    workers: int | None
    chunk_rows: int | None
    checkpoint_seconds: float
    log: LogSettings


@dataclass(frozen=True, slots=True)
class OptionSource:
    """Source of options, such as the command line: their values by name, and the label of an option in messages."""

    values: Mapping[str, Any]
    label: Callable[[RunOption], str]


def command_line(arguments: Mapping[str, Any]) -> OptionSource:
    """Return the arguments of a command that are options of a run; None for an option that was not given."""
    return OptionSource(_known(arguments), lambda option: option.flag)


def keywords(arguments: Mapping[str, Any]) -> OptionSource:
    """Return the arguments of a function that are options of a run; None for an argument that was not passed."""
    return OptionSource(_known(arguments), lambda option: option.name)


def _known(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in arguments.items() if name in RUN_OPTIONS}


def environment(environ: Mapping[str, str]) -> OptionSource:
    """Return the options in `CALLCENTER_ETL_*`; an empty variable is ignored."""
    values = {
        name.removeprefix(ENVIRONMENT_PREFIX).lower(): text
        for name, text in environ.items()
        if name.startswith(ENVIRONMENT_PREFIX) and text
    }
    return OptionSource(values, lambda option: option.variable)


def resolve_options(
    defaults: RunDefaults, *places: OptionSource, sources: tuple[str, ...] = ()
) -> RunOptions:
    """Return every option from the first of the places that has it, else from the contract's `run`.

    `sources` are those of the command or call; where empty, those of the environment or the contract. Raises UsageError
    for a value that is not valid, with the label of the option in its place.
    """
    found = {name: _resolve(option, defaults, places) for name, option in RUN_OPTIONS.items()}
    if found["output"] is None:  # a destination of copies alone is an output
        found["output"], found["publish_to"] = found["publish_to"], None
    log = {"level": "log_level", "format": "log_format", "directory": "log_directory"}
    settings = defaults.log.model_copy(update={key: found.pop(name) for key, name in log.items()})
    return RunOptions(
        sources=sources or _declared_sources(defaults, places),
        log=settings,
        **{
            **found,
            # No key of the contract sets it, so that it is None where nobody has.
            "force": bool(found["force"]),
            "max_findings": found["max_findings"] or DEFAULT_MAX_FINDINGS,
        },
    )


def resolve_output(option: str | None, environ: Mapping[str, str], declared: str | None = None) -> str:
    """Return the output root of a command about runs: the option, else `CALLCENTER_ETL_OUTPUT`, else the contract's.

    Raises UsageError where none names one.
    """
    given = (command_line({"output": option}), environment(environ))
    output: str | None = _resolve(RUN_OPTIONS["output"], RunDefaults(output=declared), given)
    if output is None:
        raise UsageError(
            f"which output? Name the folder of the runs with --output, or in {RUN_OPTIONS['output'].variable},"
            " or a contract that has run.output with --contract"
        )
    return output


def _declared_sources(defaults: RunDefaults, places: tuple[OptionSource, ...]) -> tuple[str, ...]:
    for place in places:
        if place.values.get("source"):
            return (place.values["source"],)
    return (defaults.source,) if isinstance(defaults.source, str) else defaults.source or ()


def _resolve(option: RunOption, defaults: RunDefaults, places: tuple[OptionSource, ...]) -> Any:
    for place in places:
        value = place.values.get(option.name)
        if value is not None:
            try:
                return _READERS[option.kind](option, value)
            except (UsageError, ValueError) as error:
                raise UsageError(f"{place.label(option)}: {error}") from error
    return _declared(option, defaults)


def _declared(option: RunOption, defaults: RunDefaults) -> Any:
    """Return the value of an option in the contract's `run`, None where the contract has no such key."""
    room, _, key = (option.contract_key or "").partition(".")
    return reduce(getattr, key.split("."), defaults) if room == "run" else None


def _read_place(_: RunOption, value: str | os.PathLike[str]) -> str:
    place = os.fspath(value)
    if place == "":  # most likely an unset variable of a script, which must not mean the current folder
        raise ValueError("a folder is expected, not ''")
    if holds_nul(place):
        raise ValueError(f"a path holds no NUL character, got {place!r}")
    return place


def _read_choice(option: RunOption, value: str) -> str:
    # Log levels, the only choices in capitals, may be typed in any case.
    text = value.upper() if option.choices[0].isupper() else value
    if text not in option.choices:
        raise ValueError(f"{value!r} is none of {', '.join(option.choices)}")
    return text


def _read_count(_: RunOption, value: str | int) -> int:
    # Checked by a pattern first: int() is slow for thousands of digits, and raises an error of its own over 4,300.
    is_count = _COUNT.fullmatch(value) is not None if isinstance(value, str) else 0 < value < 10**18
    if not is_count:
        raise ValueError(f"a whole number of 1 or more is expected, not {value!r}")
    return int(value)


def _read_flag(_: RunOption, value: object) -> bool:
    if str(value).lower() not in ("true", "false"):
        raise ValueError(f"true or false is expected, not {value!r}")
    return str(value).lower() == "true"


def _read_limit(_: RunOption, value: str | int | MaxRejected) -> MaxRejected:
    return value if isinstance(value, MaxRejected) else MaxRejected.parse(str(value))


def _read_seconds(_: RunOption, value: str | float) -> float:
    return as_seconds(value if isinstance(value, str) else float(value))


_READERS: Mapping[OptionKind, Callable[[RunOption, Any], Any]] = {
    "choice": _read_choice,
    "count": _read_count,
    "flag": _read_flag,
    "limit": _read_limit,
    "place": _read_place,
    "seconds": _read_seconds,
}
