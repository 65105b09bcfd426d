"""Declare options of the command line that several commands have, or that the table of run options names."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from callcenter_etl.contract.run_option_table import RUN_OPTIONS

ContractOption = Annotated[
    str, typer.Option("--contract", "-c", metavar="FILE", help="The contract, YAML or JSON.")
]


def run_option(name: str, panel: str | None = None) -> Any:
    """Return an option of a run as typer declares it, with the spelling, help and choices of the table."""
    option = RUN_OPTIONS[name]
    return typer.Option(
        # typer adds --no-parts by itself for a flag of this one spelling only where it is named here
        f"{option.flag}/--no-{name}" if name == "parts" else option.flag,
        *([option.short] if option.short else []),
        help=option.help,
        metavar=option.metavar,
        min=1 if option.kind == "count" else None,
        rich_help_panel=panel,
    )
