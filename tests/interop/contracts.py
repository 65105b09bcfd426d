"""The contracts that the tests of interop exchange, and the ways in which they do."""

from __future__ import annotations

from pathlib import Path

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.tools.convert.contract_formats import FORMATS
from callcenter_etl.tools.convert.conversion import Imported, export_contract, import_contract
from tests.shared_folder import REPOSITORY

SAMPLES = Path(__file__).parent / "samples"
CASES = sorted((REPOSITORY / "tests" / "cases").glob("*/contract.yaml"))
CONTRACTS = [
    REPOSITORY / "contracts" / "call_center.yaml",
    REPOSITORY / "tests/unit/spec_example.yaml",
    *CASES,
]
WAYS = [(name, version) for name, form in FORMATS.items() for version in form.versions or (None,)]


def read_bytes(name: str) -> bytes:
    return Path(name).read_bytes()


def imported(*names: str, form: str | None = None) -> Imported:
    return import_contract([str(SAMPLES / name) for name in names], form, read_bytes=read_bytes)


def through(document: ContractDocument, to: str, version: str | None, folder: Path) -> Imported:
    """Export a contract into a file and import the file again."""
    path = folder / f"exported-{to}"
    path.write_text(export_contract(document, to, version=version).text, encoding="utf-8")
    return import_contract([str(path)], None, read_bytes=read_bytes)
