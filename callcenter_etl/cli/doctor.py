"""`callcenter-etl doctor`: check that this machine is ready for runs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from callcenter_etl.cli.output_formats import Form, OutputFormat
from callcenter_etl.terminal import printable

if TYPE_CHECKING:
    from callcenter_etl.tools.doctor import MachineCheck


def doctor(
    *,
    contract: Annotated[
        str | None,
        typer.Option(
            "--contract",
            "-c",
            metavar="FILE",
            help="A contract, for its storage options, staging folder, engine and target format.",
        ),
    ] = None,
    staging: Annotated[
        str | None,
        typer.Option("--staging", metavar="DIR", help="Local folder for files before their upload."),
    ] = None,
    form: Form = OutputFormat.text,
) -> None:
    """Check this machine: Python, packages, extras, Java, S3 credentials (never their values), folders, cores, memory.

    Each check results in ok, note (some commands need more) or wrong, with a remedy. Exit codes: 0 nothing is wrong,
    1 something is.

    Example: callcenter-etl doctor -c contracts/call_center.yaml
    """
    from callcenter_etl.api_contract import load_contract
    from callcenter_etl.contract.run_defaults import RunDefaults
    from callcenter_etl.run.options import command_line, environment, resolve_options
    from callcenter_etl.tools.doctor import examine

    defaults = RunDefaults() if contract is None else load_contract(contract).document.run
    # Resolved as for a run, so that the checks are about the settings that a run would use.
    options = resolve_options(defaults, command_line({"staging": staging}), environment(os.environ))
    extras = {options.target_format, options.engine}  # an extra has the name of its format or engine
    checks = examine(defaults.storage_options, staging=options.staging, extras=extras)
    if form is OutputFormat.json:
        json.dump(
            {"sound": _sound(checks), "checks": [asdict(check) for check in checks]}, sys.stdout, indent=2
        )
        print()
    else:
        _show(checks)
    raise typer.Exit(0 if _sound(checks) else 1)


def _sound(checks: Sequence[MachineCheck]) -> bool:
    return all(check.state != "wrong" for check in checks)


def _show(checks: Sequence[MachineCheck]) -> None:
    width = max(len(check.name) for check in checks)
    for check in checks:
        remedy = "" if check.remedy is None else f" ({check.remedy})"
        print(printable(f"{check.state:<5}  {check.name:<{width}}  {check.found}{remedy}"))
