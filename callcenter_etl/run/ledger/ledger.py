"""Protocol of a ledger, the record of all runs into an output root."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from callcenter_etl.run.ledger.run_record import LedgerEntry, RunRecord, UnreadableRecord


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Filter of runs by contract id and status, and a limit of their number; None for all."""

    contract: str | None = None
    status: str | None = None
    limit: int | None = None

    def takes(self, record: LedgerEntry) -> bool:
        """Return whether a run passes the filter, the limit aside; an unreadable entry does, since it may be of any run."""
        if isinstance(record, UnreadableRecord):
            return True
        return self.contract in (None, record.contract.id) and self.status in (None, record.status)


class Ledger(Protocol):
    """The record of runs, with one entry a run, which is replaced when the run ends.

    Methods raise OutputError where the ledger cannot be written, SourceError where it cannot be read.
    """

    def put(self, record: RunRecord) -> None:
        """Write the entry of a run, replacing an earlier one."""

    def get(self, run_id: str) -> LedgerEntry | None:
        """Return the entry of a run by its whole id, None where there is none."""

    def ids(self, prefix: str) -> Sequence[str]:
        """Return the run ids that start with `prefix`, sorted."""

    def runs(self, wanted: RunFilter) -> Sequence[LedgerEntry]:
        """Return the entries of the wanted runs, unreadable ones among them, the latest first."""

    def unfinished(self, output: str) -> Sequence[RunRecord]:
        """Return the runs into one output that have no recorded end; unreadable entries are left out."""
