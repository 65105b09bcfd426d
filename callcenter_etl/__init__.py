"""Hold delimited files to a contract, with every record in its place and proof that nothing was lost."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # for type checkers alone: the names are imported on first use, which keeps --help fast
    from callcenter_etl.api import validate
    from callcenter_etl.api_contract import Contract, load_contract
    from callcenter_etl.errors import CallcenterEtlError, ContractError, OutputError, SourceError, UsageError
    from callcenter_etl.run.result import RunResult

__version__ = "0.1.0"

_HOMES = {
    "Contract": "callcenter_etl.api_contract",
    "RunResult": "callcenter_etl.run.result",
    "load_contract": "callcenter_etl.api_contract",
    "validate": "callcenter_etl.api",
    "CallcenterEtlError": "callcenter_etl.errors",
    "ContractError": "callcenter_etl.errors",
    "OutputError": "callcenter_etl.errors",
    "SourceError": "callcenter_etl.errors",
    "UsageError": "callcenter_etl.errors",
}
__all__ = [
    "CallcenterEtlError",
    "Contract",
    "ContractError",
    "OutputError",
    "RunResult",
    "SourceError",
    "UsageError",
    "__version__",
    "load_contract",
    "validate",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return __all__
