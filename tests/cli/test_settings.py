"""An option wins, then the environment, then the contract; what cannot be used is named by where it came from."""

from __future__ import annotations

from typing import Any

import pytest

from callcenter_etl.contract.run_defaults import LogSettings, RunDefaults
from callcenter_etl.errors import UsageError
from callcenter_etl.run.options import OptionSource, RunOptions, command_line, environment, resolve_options

DECLARED = RunDefaults(
    source="declared.csv",
    output="declared",
    publish_to="s3://declared",
    staging="declared_staging",
    chunk_rows=1,
    workers=10,
    log=LogSettings(level="ERROR", directory="declared_logs", format="console"),
)
ENVIRON = {
    "CALLCENTER_ETL_SOURCE": "env.csv",
    "CALLCENTER_ETL_OUTPUT": "env",
    "CALLCENTER_ETL_PUBLISH_TO": "s3://env",
    "CALLCENTER_ETL_STAGING": "env_staging",
    "CALLCENTER_ETL_CHUNK_ROWS": "2",
    "CALLCENTER_ETL_WORKERS": "20",
    "CALLCENTER_ETL_MAX_REJECTED": "2%",
    "CALLCENTER_ETL_LOG_LEVEL": "warning",
    "CALLCENTER_ETL_LOG_DIRECTORY": "env_logs",
    "CALLCENTER_ETL_LOG_FORMAT": "json",
}
OPTIONS = command_line(
    {
        "output": "option",
        "chunk_rows": 3,
        "max_rejected": "3",
        "log_level": "debug",
        "publish_to": "s3://option",
        "staging": "option_staging",
        "workers": 30,
    }
)
NONE = command_line({})


def told(settings: RunOptions) -> tuple[Any, ...]:
    log = settings.log
    limit = None if settings.max_rejected is None else str(settings.max_rejected)
    return (
        *settings.sources,
        settings.output,
        settings.chunk_rows,
        settings.workers,
        limit,
        log.level,
        log.directory,
        log.format,
    )


def test_each_setting_has_its_precedence() -> None:
    declared = resolve_options(DECLARED)
    assert told(declared) == ("declared.csv", "declared", 1, 10, None, "ERROR", "declared_logs", "console")
    environ = resolve_options(DECLARED, environment(ENVIRON))
    assert told(environ) == ("env.csv", "env", 2, 20, "2%", "WARNING", "env_logs", "json")
    option = resolve_options(DECLARED, OPTIONS, environment(ENVIRON), sources=("option.csv",))
    assert told(option) == ("option.csv", "option", 3, 30, "3", "DEBUG", "env_logs", "json")


def test_each_place_of_storage_has_its_precedence() -> None:
    for options, environ, name in (
        (NONE, {}, "declared"),
        (NONE, ENVIRON, "env"),
        (OPTIONS, ENVIRON, "option"),
    ):
        settings = resolve_options(DECLARED, options, environment(environ))
        assert (settings.publish_to, settings.staging) == (f"s3://{name}", f"{name}_staging")


def test_what_would_be_copied_is_the_output_where_there_is_no_other() -> None:
    settings = resolve_options(RunDefaults(), command_line({"publish_to": "s3://b/p"}))
    assert (settings.output, settings.publish_to) == ("s3://b/p", None)


def test_an_empty_variable_is_none() -> None:
    assert resolve_options(DECLARED, environment(dict.fromkeys(ENVIRON, ""))) == resolve_options(DECLARED)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("CHUNK_ROWS", "many"),
        ("WORKERS", "0"),
        ("CHUNK_ROWS", "0"),
        ("CHUNK_ROWS", "9" * 5000),
        ("FAIL_ON", "always"),
        ("MAX_FINDINGS", "0"),
        ("MAX_REJECTED", "lots"),
        ("MAX_REJECTED", "101%"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_bad_variable_is_named(name: str, text: str) -> None:
    with pytest.raises(UsageError, match=f"^CALLCENTER_ETL_{name}: "):
        resolve_options(RunDefaults(), environment({f"CALLCENTER_ETL_{name}": text}))


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (command_line({"max_rejected": ""}), "--max-rejected"),
        (command_line({"log_level": "loud"}), "--log-level"),
        (command_line({"fail_on": "always"}), "--fail-on"),
        (command_line({"output": ""}), "--output"),
        (command_line({"publish_to": ""}), "--publish-to"),
        (command_line({"staging": ""}), "--staging"),
    ],
)
def test_a_bad_option_is_named_and_the_environment_not_blamed(options: OptionSource, name: str) -> None:
    with pytest.raises(UsageError, match=f"^{name}: "):
        resolve_options(RunDefaults(), options, environment(ENVIRON))
