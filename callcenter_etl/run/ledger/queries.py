"""Queries of the ledger for people: list runs, and find a run by a prefix of its id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.errors import SourceError, UsageError
from callcenter_etl.run.ledger.equivalent_run import published_summary
from callcenter_etl.run.ledger.ledger import RunFilter
from callcenter_etl.run.ledger.location import existing_ledger_in, output_of
from callcenter_etl.run.ledger.recovery import as_seen
from callcenter_etl.run.ledger.run_record import ERROR, RUNNING, LedgerEntry, RunRecord, UnreadableRecord
from callcenter_etl.store.access import DEFAULTS

_SHOWN_IDS = 5


def list_runs(root: str, wanted: RunFilter, storage: StorageOptions = DEFAULTS) -> Sequence[LedgerEntry]:
    """Return the wanted entries in the ledger of `root`, unreadable ones among them, the latest first.

    A run that is recorded as running and has no process any more is returned with its actual end. Raises UsageError
    where there is no ledger, SourceError where it cannot be read.
    """
    ledger = existing_ledger_in(root, storage)
    # A dead run is recorded as `running` and returned as `error`, so for these two statuses the filter comes last.
    if wanted.status in (RUNNING, ERROR):
        every = ledger.runs(replace(wanted, status=None, limit=None))
        found = [record for record in (_seen(each, root, storage) for each in every) if wanted.takes(record)]
        return found[: wanted.limit]
    return [_seen(record, root, storage) for record in ledger.runs(wanted)]


def find_run(root: str, start: str, storage: StorageOptions = DEFAULTS) -> RunRecord:
    """Return the run with the id `start`, or the only run with an id that begins with it.

    Raises UsageError for none or several, SourceError where the ledger's entry cannot be read.
    """
    ledger = existing_ledger_in(root, storage)
    record = ledger.get(start)
    if record is None:
        ids = ledger.ids(start)
        if not ids:
            raise UsageError(
                f"no run {start!r} in {root} (callcenter-etl runs list --output {root} lists them)"
            )
        if len(ids) > 1:
            shown = ", ".join(ids[-_SHOWN_IDS:]) + (", …" if len(ids) > _SHOWN_IDS else "")
            raise UsageError(
                f"{start!r} is the beginning of {len(ids):,} run ids, add more characters: {shown}"
            )
        record = ledger.get(ids[0])
    if record is None:
        raise UsageError(f"no run {start!r} in {root}")
    seen = _seen(record, root, storage)
    if isinstance(seen, UnreadableRecord):
        raise SourceError(
            f"{root}: the ledger's entry of run {seen.run_id!r} cannot be read: {seen.cause}"
            " (validate the source again if its files are needed)"
        )
    return seen


def problems_of(record: RunRecord, root: str, storage: StorageOptions = DEFAULTS) -> tuple[Diagnostic, ...]:
    """Return the problems of a refused or failed run from its published summary, none where that is of another run.

    Raises SourceError where the summary cannot be read.
    """
    summary = published_summary(output_of(record.output, root), storage)
    return summary.problems if summary is not None and summary.run_id == record.run_id else ()


def _seen(record: LedgerEntry, root: str, storage: StorageOptions) -> LedgerEntry:
    if isinstance(record, UnreadableRecord) or record.status != RUNNING:
        return record
    return as_seen(record, published_summary(output_of(record.output, root), storage))
