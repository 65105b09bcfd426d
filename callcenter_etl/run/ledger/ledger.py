"""What a ledger can do, wherever it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from callcenter_etl.run.ledger.run_record import LedgerEntry, RunRecord, UnreadableRecord


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs are asked for; None wants all."""

    contract: str | None = None
    status: str | None = None
    limit: int | None = None

    def takes(self, record: LedgerEntry) -> bool:
        """Check whether a run is wanted, the limit aside. An unreadable entry always is: it may be of any run."""
        if isinstance(record, UnreadableRecord):
            return True
        return self.contract in (None, record.contract.id) and self.status in (None, record.status)


class Ledger(Protocol):
    """The record of runs: a row a run, replaced as the run continues.

    All of it raises OutputError where the ledger cannot be written, SourceError where it cannot be read.
    """

    def put(self, record: RunRecord) -> None:
        """Write a run, in place of what was known of it."""

    def get(self, run_id: str) -> LedgerEntry | None:
        """Return the entry of a run by its whole id, None where there is none."""

    def ids(self, prefix: str) -> Sequence[str]:
        """Return the ids that start so, sorted."""

    def runs(self, wanted: RunFilter) -> Sequence[LedgerEntry]:
        """Return the entries of the wanted runs, the latest first; unreadable ones are among them."""

    def unfinished(self, output: str) -> Sequence[RunRecord]:
        """Return the runs into one output that never said how they ended; unreadable ones are left out."""
