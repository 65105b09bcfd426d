"""Reads the ledger for people: lists of runs, and one run by the beginning of its id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from callcenter_etl.contract.storage import StorageOptions
from callcenter_etl.errors import UsageError
from callcenter_etl.ledger.done import published_summary
from callcenter_etl.ledger.healing import as_seen
from callcenter_etl.ledger.place import existing_ledger_in, output_of
from callcenter_etl.ledger.protocol import Wanted
from callcenter_etl.ledger.record import ERROR, RUNNING, RunRecord
from callcenter_etl.storage.access import DEFAULTS

_SHOWN_IDS = 5


def list_runs(root: str, wanted: Wanted, storage: StorageOptions = DEFAULTS) -> Sequence[RunRecord]:
    """Give the runs that the ledger of `root` knows, the latest first.

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
    """Give the run whose id is `start`, or the only one whose id begins so. Raises UsageError for none or several."""
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
    return _seen(record, root, storage)


def _seen(record: RunRecord, root: str, storage: StorageOptions) -> RunRecord:
    if record.status != RUNNING:
        return record
    return as_seen(record, published_summary(output_of(record.output, root), storage))
