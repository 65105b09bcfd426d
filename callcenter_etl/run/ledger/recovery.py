"""Recover the ledger after a crash: the published summary is the truth, and the ledger is completed from it."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from dataclasses import replace

from callcenter_etl.run.ledger.ledger import Ledger
from callcenter_etl.run.ledger.redaction import INTERRUPTED
from callcenter_etl.run.ledger.run_record import RUNNING, VANISHED, RunRecord, of_summary, readable
from callcenter_etl.run.summary import Summary


def recover_ledger(
    ledger: Ledger,
    *,
    output: str,
    published: Summary | None,
    recheck: Callable[[], Summary | None] | None = None,
) -> None:
    """Complete the entries of earlier runs into one output; call it under the lock of the target.

    `published` is the summary in the output. An output without a lock, as in an object store, needs `recheck`, which
    reads the summary again: there, entries of runs that may be alive are not changed. Raises OutputError, SourceError.
    """
    for record in ledger.unfinished(output):
        if recheck is None:
            ledger.put(with_recovered_status(record, published))
        elif not _may_live(record):
            _recover_dead_run(ledger, record.run_id, recheck)
    if published is None:
        return
    entry = readable(ledger.get(published.run_id))
    if entry is None:  # missing after a power loss, or unreadable: the summary has what it needs
        ledger.put(of_summary(published, output=output))
    elif entry.exit_code == INTERRUPTED:  # by a second signal, after it had published
        ledger.put(with_recovered_status(entry, published))


def _recover_dead_run(ledger: Ledger, run_id: str, recheck: Callable[[], Summary | None]) -> None:
    """Complete the entry of a run without a process, unless the run did so itself."""
    # The run may have recorded its end after the entries were listed and before its process was looked for.
    record = readable(ledger.get(run_id))
    if record is not None and record.status == RUNNING:
        ledger.put(with_recovered_status(record, recheck()))


def with_recovered_status(record: RunRecord, published: Summary | None) -> RunRecord:
    """Return the record of a dead run with its end: as its summary says, else `error`."""
    if published is not None and published.run_id == record.run_id:
        return _unseen(record).finished(published)
    return record.ended(VANISHED, code=None)


def as_seen(record: RunRecord, published: Summary | None) -> RunRecord:
    """Return the record of a run for a reader without the lock: a running one without a process is returned as ended."""
    if record.status != RUNNING or _may_live(record):
        return record
    return with_recovered_status(record, published)


def _unseen(record: RunRecord) -> RunRecord:
    """Return the record without the source's version, and without options that contain lookups."""
    # Only the run itself compares these at its end with those at its start. Without that comparison they may be of a
    # file that changed during the run, and a later run must not rely on them.
    looked_up = record.options is not None and bool(json.loads(record.options).get("lookups"))
    options = None if looked_up else record.options
    return replace(record, options=options, source=replace(record.source, version=None))


def _may_live(record: RunRecord) -> bool:
    # A process of another host cannot be looked for, so its run counts as alive. Signal 0 only tests for the process.
    process = record.process
    if process is None or process.pid <= 0 or process.host != socket.gethostname():
        return True
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
