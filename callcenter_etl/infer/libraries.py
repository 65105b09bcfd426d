"""The libraries that sniff dialects and encodings: an extra, since only this command needs them."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from callcenter_etl.errors import UsageError


def sniffer(name: str) -> ModuleType:
    """Import one of the libraries. Raises UsageError with the remedy where the extra is not installed."""
    try:
        return import_module(name)
    except ImportError as error:
        raise UsageError(
            f"inferring a contract needs {name.partition('.')[0]}, which is not installed"
            " (run: pip install 'callcenter-etl[infer]')"
        ) from error
