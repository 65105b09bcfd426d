"""`callcenter-etl contract import` and `export`: convert contracts from and to other formats."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from callcenter_etl.errors import UsageError
from callcenter_etl.imports import importing_pandera
from callcenter_etl.os_errors import entry_exists, translate_os_errors
from callcenter_etl.terminal import printable

if TYPE_CHECKING:
    from callcenter_etl.api_contract import Contract
    from callcenter_etl.tools.convert.conversion import Imported

_MODEL = re.compile(r".+(\.py|[^/\\]):[A-Za-z_]\w*")
_PANDERA = ("pandera", "pandera-model")


class Exchange(StrEnum):
    """The contract formats of other tools."""

    odcs = "odcs"
    frictionless = "frictionless"
    frictionless_package = "frictionless-package"
    pandera = "pandera"
    pandera_model = "pandera-model"
    pipeline_config = "pipeline-config"


class Importable(StrEnum):
    """The contract formats that are imported: those of `Exchange`, and those that are not written."""

    odcs = "odcs"
    frictionless = "frictionless"
    frictionless_package = "frictionless-package"
    csvw = "csvw"
    pandera = "pandera"
    pandera_model = "pandera-model"
    pipeline_config = "pipeline-config"


# In the help text: as a metavar these words would be wider than a terminal of 80 columns.
_FORMATS = ", ".join(each.value for each in Exchange)
_IMPORTS = ", ".join(each.value for each in Importable)
_Output = Annotated[
    str | None, typer.Option("--output", "-o", metavar="FILE", help="Write here instead of standard output.")
]
_Force = Annotated[bool, typer.Option("--force", help="Replace the file of --output.")]


def export_contract(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The contract, YAML, JSON or ODCS.")],
    *,
    to: Annotated[Exchange, typer.Option("--to", metavar="FORMAT", help=f"The format to write: {_FORMATS}.")],
    odcs_version: Annotated[
        str | None,
        typer.Option("--odcs-version", metavar="X.Y", help="3.0.2, 3.1.0 or 3.2.0. Default: the last."),
    ] = None,
    output: _Output = None,
    force: _Force = False,
) -> None:
    """Write a contract in the format of another tool.

    Parts that the format has no terms for are kept in its extension properties, so that `contract import` restores
    the same contract, and are listed on standard error. With -o NAME.json or NAME.yaml the text is JSON or YAML.

    Example: callcenter-etl contract export calls.yaml --to odcs -o odcs.yaml
    """
    from callcenter_etl.api_contract import load_contract
    from callcenter_etl.tools.convert.conversion import export_contract as export

    if odcs_version is not None and to is not Exchange.odcs:
        raise UsageError("--odcs-version goes with --to odcs")
    document = load_contract(file).document
    exported = export(document, to.value, version=odcs_version, text=_text_of(output))
    _write(exported.text, output, force=force)
    if exported.kept:
        # On standard error, since the exported text may go to standard output.
        _say(f"kept under {exported.place!r}, for {to.value} has no words for it:", exported.kept)


def import_contract(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            help="The other contract; FILE#NAME for one of several objects, module.py:Class for a DataFrameModel.",
        ),
    ],
    *,
    form: Annotated[
        Importable | None,
        typer.Option("--from", metavar="FORMAT", help=f"The format of FILE: {_IMPORTS}. Default: guessed."),
    ] = None,
    output: _Output = None,
    force: _Force = False,
) -> None:
    """Convert a file of another tool to a contract.

    Parts that the contract does not hold are listed on standard error. Only the import of a DataFrameModel runs code:
    its module.

    Example: callcenter-etl contract import odcs.yaml -o orders.yaml
    """
    imported = _imported(files, None if form is None else form.value)
    _write(imported.text, output, force=force)
    if imported.notes:
        _say("not in the contract:", map(str, imported.notes))


def print_unsupported(contract: Contract) -> None:
    """Print a warning for each assertion of an ODCS file that no rule of the converted contract checks."""
    for fault in contract.loaded.unsupported:
        print(printable(f"warning: {fault}"), file=sys.stderr)


def print_warnings(contract: Contract) -> None:
    """Print the warnings about a contract without faults."""
    for fault in contract.loaded.warnings:
        print(printable(str(fault)), file=sys.stderr)


def _imported(files: list[str], form: str | None) -> Imported:
    from callcenter_etl.contract.loader import READ_BYTES
    from callcenter_etl.store.access import read_bytes
    from callcenter_etl.tools.convert.conversion import import_contract as from_files
    from callcenter_etl.tools.convert.conversion import import_text, import_value

    if form not in _PANDERA[1:] and not (form in (None, "pandera") and _MODEL.fullmatch(files[0])):
        return from_files(files, form, read_bytes=partial(read_bytes, most=READ_BYTES))
    if len(files) > 1 or ":" not in files[0]:
        raise UsageError("one DataFrameModel is expected, as module.py:Class")
    # The only import that runs a user's code, hence never for another format.
    with importing_pandera():
        from callcenter_etl.rules.dataframe_model import model_document

    found = model_document(files[0])
    return (
        import_text(found, files[0]) if isinstance(found, str) else import_value(found, files[0], "pandera")
    )


def _text_of(output: str | None) -> str | None:
    suffix = Path(output or "").suffix.lower()
    return {".json": "json", ".yaml": "yaml", ".yml": "yaml"}.get(suffix)


def _write(text: str, output: str | None, *, force: bool) -> None:
    """Print the text, or write it to a new file. Raises UsageError if the file exists and `force` is not set."""
    if output is None:
        sys.stdout.write(text)
        return
    from callcenter_etl.writers.whole_file import open_whole

    # Also true of a link without a target, which writing would create.
    if not force and entry_exists(output):
        raise UsageError(f"{output} is there already (--force replaces it)")
    with translate_os_errors(output), open_whole(Path(output)) as file:
        file.write(text)


def _say(head: str, lines: Iterable[str]) -> None:
    print(head, *(f"  {printable(line)}" for line in lines), sep="\n", file=sys.stderr)
