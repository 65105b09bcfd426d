"""The record of runs."""

from callcenter_etl.ledger.find import find_run, list_runs
from callcenter_etl.ledger.protocol import Ledger, Wanted
from callcenter_etl.ledger.record import STATUSES, RunRecord

__all__ = ["STATUSES", "Ledger", "RunRecord", "Wanted", "find_run", "list_runs"]
