"""Validate delimited files against a data contract, with proof that every record is in target or exceptions."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # at run time the names are imported on first use, which keeps --help fast
    from callcenter_etl.api import validate
    from callcenter_etl.api_contract import Contract, Split, load_contract
    from callcenter_etl.errors import (
        ArgumentTypeError,
        CallcenterEtlError,
        ContractError,
        EngineError,
        OutputError,
        SampleError,
        SourceError,
        UsageError,
    )
    from callcenter_etl.functions import InferredContract, diff, explain, find_sources, infer
    from callcenter_etl.run.result import RunResult

__version__ = "0.1.0"

# The module of each public name: the package itself imports none of them.
_HOMES = {
    "validate": "callcenter_etl.api",
    **dict.fromkeys(
        ("InferredContract", "diff", "explain", "find_sources", "infer"), "callcenter_etl.functions"
    ),
    **dict.fromkeys(("Contract", "Split", "load_contract"), "callcenter_etl.api_contract"),
    "RunResult": "callcenter_etl.run.result",
    **dict.fromkeys(
        (
            "ArgumentTypeError",
            "CallcenterEtlError",
            "ContractError",
            "EngineError",
            "OutputError",
            "SampleError",
            "SourceError",
            "UsageError",
        ),
        "callcenter_etl.errors",
    ),
}
__all__ = [
    "ArgumentTypeError",
    "CallcenterEtlError",
    "Contract",
    "ContractError",
    "EngineError",
    "InferredContract",
    "OutputError",
    "RunResult",
    "SampleError",
    "SourceError",
    "Split",
    "UsageError",
    "__version__",
    "diff",
    "explain",
    "find_sources",
    "infer",
    "load_contract",
    "validate",
]


if not TYPE_CHECKING:  # with a visible __getattr__, a type checker would accept every attribute name

    def __getattr__(name: str) -> Any:
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return __all__
