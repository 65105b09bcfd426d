"""Takes out of messages what the ledger must not keep."""

from __future__ import annotations

import re

from callcenter_etl.errors import CallcenterEtlError

INTERRUPTED = 130
BUG = 70
_USER = re.compile(r"(\w[\w+.-]*://)[^/?#@\s\"']*@")
_QUERY = re.compile(r"(\w[\w+.-]*://[^?\s\"']*)\?[^\s\"']*")


def scrubbed(text: str) -> str:
    """Give an address, or a message with addresses in it, without users, passwords and signed queries."""
    return _QUERY.sub(r"\1?...", _USER.sub(r"\1***@", text))


def cause_of(error: BaseException) -> tuple[str, int]:
    """Give why a run ended, and the exit code that it means.

    The program's own errors hold no value of a record; any other one is told by its kind alone, as its message
    may quote anything.
    """
    if isinstance(error, CallcenterEtlError):
        return scrubbed(str(error)), error.exit_code
    if not isinstance(error, Exception):
        return "interrupted", INTERRUPTED
    return f"bug: {type(error).__name__}", BUG
