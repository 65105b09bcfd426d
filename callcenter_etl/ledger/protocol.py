"""What a ledger can do, wherever it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from callcenter_etl.ledger.record import RunRecord


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which runs are asked for; None wants all."""

    contract: str | None = None
    status: str | None = None
    limit: int | None = None

    def takes(self, record: RunRecord) -> bool:
        """Tell whether a run is asked for, the limit aside."""
        return self.contract in (None, record.contract.id) and self.status in (None, record.status)


class Ledger(Protocol):
    """The record of runs: a row a run, replaced as the run goes on.

    All of it raises OutputError where the ledger cannot be written, SourceError where it cannot be read.
    """

    def put(self, record: RunRecord) -> None:
        """Write a run, in place of what was known of it."""

    def get(self, run_id: str) -> RunRecord | None:
        """Give a run by its whole id, None where it is not known."""

    def ids(self, prefix: str) -> Sequence[str]:
        """Give the ids that start so, sorted."""

    def runs(self, wanted: Wanted) -> Sequence[RunRecord]:
        """Give the runs that are asked for, the latest first."""

    def unfinished(self, output: str) -> Sequence[RunRecord]:
        """Give the runs into one output that never said how they ended."""
