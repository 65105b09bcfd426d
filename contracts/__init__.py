"""The contracts of this folder by name: `from contracts import call_center`."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
SUFFIXES = (".yaml", ".yml")


def __getattr__(name: str) -> Any:
    """Give the contract of that file name, loaded once; raises AttributeError, or ContractError if it is wrong."""
    path = _paths().get(name)
    if path is None:
        raise AttributeError(f"module 'contracts' has no contract {name!r}{_suggestion(name)}", name=name)
    # Imported here: looking at the folder should not cost the import of pandas.
    from callcenter_etl import load_contract

    contract = load_contract(path)
    globals()[name] = contract
    return contract


def __dir__() -> list[str]:
    """Name the contracts of the folder."""
    return sorted(_paths())


def _paths() -> dict[str, Path]:
    found = (path for path in FOLDER.iterdir() if path.suffix in SUFFIXES)
    return {path.stem.replace("-", "_"): path for path in found}


def _suggestion(name: str) -> str:
    close = get_close_matches(name, _paths(), n=1)
    return f" (did you mean {close[0]!r}?)" if close else f" (there are: {', '.join(__dir__())})"
