"""The record of runs."""

from callcenter_etl.run.ledger.ledger import Ledger, RunFilter
from callcenter_etl.run.ledger.queries import find_run, list_runs, problems_of
from callcenter_etl.run.ledger.run_record import STATUSES, LedgerEntry, RunRecord, UnreadableRecord

__all__ = [
    "STATUSES",
    "Ledger",
    "LedgerEntry",
    "RunFilter",
    "RunRecord",
    "UnreadableRecord",
    "find_run",
    "list_runs",
    "problems_of",
]
