"""Redact the cause of a failed run, so that the ledger holds no values of records and no secrets."""

from __future__ import annotations

from callcenter_etl.errors import CallcenterEtlError
from callcenter_etl.store.uris import shown

INTERRUPTED = 130  # 128 + SIGINT, as shells report it
BUG = 70  # EX_SOFTWARE of sysexits.h


def cause_of(error: BaseException) -> tuple[str, int]:
    """Return the cause of a run's end, and its exit code.

    Messages of this program's own errors hold no value of a record, and are stored without secrets. Of any other error
    only the class is stored, since its message may quote a value.
    """
    if isinstance(error, CallcenterEtlError):
        return shown(str(error)), error.exit_code
    if not isinstance(error, Exception):
        return "interrupted", INTERRUPTED
    return f"bug: {type(error).__name__}", BUG
