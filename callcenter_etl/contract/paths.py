"""Checks of paths and addresses; apart from the models, so that `--help` does not import pydantic."""

from __future__ import annotations


def holds_nul(address: str) -> bool:
    """Return whether an address contains a NUL, which no path can; `%00` in a file:// address is a NUL."""
    return "\0" in address or (address[:7].lower() == "file://" and "%00" in address)
