"""The record of runs."""

from callcenter_etl.ledger.find import find_run, list_runs
from callcenter_etl.ledger.protocol import Ledger, Wanted
from callcenter_etl.ledger.record import STATUSES, LedgerEntry, RunRecord, UnreadableRecord

__all__ = [
    "STATUSES",
    "Ledger",
    "LedgerEntry",
    "RunRecord",
    "UnreadableRecord",
    "Wanted",
    "find_run",
    "list_runs",
]
