"""Reads the ledger for people: lists of runs, and one run by the beginning of its id."""

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
    """Return the entries that the ledger of `root` has, the latest first; unreadable ones are among them.

    A run that is said to be running but whose process is gone shows as it ended. Raises UsageError where there
    is no ledger, SourceError where it cannot be read.
    """
    ledger = existing_ledger_in(root, storage)
    if wanted.status in (RUNNING, ERROR):  # which of the two a dead run is shows only when looked at
        every = ledger.runs(replace(wanted, status=None, limit=None))
        found = [record for record in (_seen(each, root, storage) for each in every) if wanted.takes(record)]
        return found[: wanted.limit]
    return [_seen(record, root, storage) for record in ledger.runs(wanted)]


def find_run(root: str, start: str, storage: StorageOptions = DEFAULTS) -> RunRecord:
    """Return the run whose id is `start`, or the only one whose id begins so.

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
            raise UsageError(f"{start!r} begins the ids of {len(ids):,} runs, give more of it: {shown}")
        record = ledger.get(ids[0])
    if record is None:
        raise UsageError(f"no run {start!r} in {root}")
    seen = _seen(record, root, storage)
    if isinstance(seen, UnreadableRecord):
        raise SourceError(
            f"{root}: the ledger's entry of run {seen.run_id!r} cannot be read: {seen.cause}"
            " (validate again where its files are wanted)"
        )
    return seen


def problems_of(record: RunRecord, root: str, storage: StorageOptions = DEFAULTS) -> tuple[Diagnostic, ...]:
    """Return why a run was refused or failed, as its published summary says; nothing where that is another run's.

    Raises SourceError where the summary cannot be read.
    """
    summary = published_summary(output_of(record.output, root), storage)
    return summary.problems if summary is not None and summary.run_id == record.run_id else ()


def _seen(record: LedgerEntry, root: str, storage: StorageOptions) -> LedgerEntry:
    if isinstance(record, UnreadableRecord) or record.status != RUNNING:
        return record
    return as_seen(record, published_summary(output_of(record.output, root), storage))
