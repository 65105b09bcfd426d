"""Takes out of messages what the ledger must not keep."""

from __future__ import annotations

from callcenter_etl.errors import CallcenterEtlError
from callcenter_etl.store.uris import shown

INTERRUPTED = 130
BUG = 70


def cause_of(error: BaseException) -> tuple[str, int]:
    """Return why a run ended, and the exit code that it means.

    The program's own errors hold no value of a record; any other one is reported by its kind alone, as its message
    may quote anything.
    """
    if isinstance(error, CallcenterEtlError):
        return shown(str(error)), error.exit_code
    if not isinstance(error, Exception):
        return "interrupted", INTERRUPTED
    return f"bug: {type(error).__name__}", BUG
