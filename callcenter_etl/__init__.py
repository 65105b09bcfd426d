"""Hold delimited files to a contract, with every record in its place and proof that nothing was lost."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "Contract": "callcenter_etl.api",
    "RunResult": "callcenter_etl.api",
    "load_contract": "callcenter_etl.api",
    "validate": "callcenter_etl.api",
    "CallcenterEtlError": "callcenter_etl.errors",
    "ContractError": "callcenter_etl.errors",
    "OutputError": "callcenter_etl.errors",
    "SourceError": "callcenter_etl.errors",
    "UsageError": "callcenter_etl.errors",
}
__all__ = ["__version__", *sorted(_HOMES)]  # noqa: PLE0604  the names are strings


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return __all__
