"""The entry point of an AWS Glue job: reads the job's arguments and validates one source."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from callcenter_etl.api import validate_source
from callcenter_etl.api_contract import load_contract
from callcenter_etl.contract.run_option_table import RUN_OPTIONS
from callcenter_etl.errors import UsageError
from callcenter_etl.logs import configure_logs
from callcenter_etl.run.options import OptionSource, resolve_options
from callcenter_etl.run.summary import exit_code_for

# Job arguments of the form `--name value`; Glue's own arguments (JOB_NAME, TempDir) are ignored.
REQUIRED = ("source", "contract", "output")
OPTIONAL = tuple(name for name in RUN_OPTIONS if name not in REQUIRED)


def main(argv: Sequence[str] | None = None) -> None:
    """Validate one source and print its summary. Raises SystemExit with the exit code of the run, if not 0.

    Raises the errors of `validate` too: Glue marks a job as failed if its script raises.
    """
    arguments = job_arguments(sys.argv if argv is None else argv)
    contract = load_contract(arguments["contract"])
    # Unlike elsewhere Spark is the default: a Glue job has a session.
    given = OptionSource({"engine": "spark", **arguments}, lambda option: f"job argument --{option.name}")
    options = resolve_options(contract.document.run, given)
    configure_logs(options.log)
    if options.engine == "spark":
        _adopt_session()
    result = validate_source(arguments["source"], contract, options)
    print(json.dumps(result.summary, ensure_ascii=False))  # noqa: T201  the job's log is where it is read
    code = exit_code_for(result.record, options.fail_on)
    if code:
        raise SystemExit(code)


def job_arguments(argv: Sequence[str]) -> Mapping[str, str]:
    """Return the arguments of a job, parsed by Glue's own function if that is installed.

    Raises UsageError if a required argument is missing.
    """
    given = {each.removeprefix("--").partition("=")[0] for each in argv if each.startswith("--")}
    missing = [name for name in REQUIRED if name not in given]
    if missing:
        raise UsageError(f"job arguments are missing: {', '.join(f'--{name}' for name in missing)}")
    wanted = [name for name in (*REQUIRED, *OPTIONAL) if name in given]
    found = _resolver()(list(argv), wanted)
    return {name: str(found[name]) for name in wanted}


def _resolver() -> Callable[[list[str], list[str]], Mapping[str, Any]]:
    try:
        from awsglue.utils import getResolvedOptions
    except ImportError:  # not on Glue
        return _resolved
    return cast("Callable[[list[str], list[str]], Mapping[str, Any]]", getResolvedOptions)


def _resolved(argv: list[str], names: list[str]) -> Mapping[str, Any]:
    """Return the values of `--name value` and `--name=value`, as Glue's function does."""
    found: dict[str, str] = {}
    for place, each in enumerate(argv):
        name, equals, value = each.removeprefix("--").partition("=")
        if not each.startswith("--") or name not in names:
            continue
        if not equals:
            if place + 1 == len(argv) or argv[place + 1].startswith("--"):
                raise UsageError(f"job argument --{name} has no value")
            value = argv[place + 1]
        found[name] = value
    return found


def _adopt_session() -> None:
    from callcenter_etl.engines.engine_table import check_engine

    check_engine("spark", parts=False)
    from callcenter_etl.engines.spark.spark_session import adopt_session

    adopt_session()
