"""What no path can hold; apart from the models, so that `--help` imports none of these."""

from __future__ import annotations


def holds_nul(address: str) -> bool:
    """Check for a NUL character, which no path can hold; `%00` in a file:// address is one."""
    return "\0" in address or (address[:7].lower() == "file://" and "%00" in address)
