"""Mends what a crash left half told: the published summary is the truth, the ledger follows it."""

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
    """Finish in the ledger what earlier runs into one output did not; call it under the target's lock.

    `published` is the summary that is in the output. Without a lock, as in an object store, `look_again` gives
    what is there by then: runs that may still live are left as they are.
    """
    for record in ledger.unfinished(output):
        if recheck is None:
            ledger.put(with_recovered_status(record, published))
        elif not _may_live(record):
            _recover_dead_run(ledger, record.run_id, recheck)
    if published is None:
        return
    told = readable(ledger.get(published.run_id))
    if told is None:  # an entry that cannot be read is replaced too: the summary says what it should
        ledger.put(of_summary(published, output=output))
    elif told.exit_code == INTERRUPTED:  # by a second signal, when it had published
        ledger.put(with_recovered_status(told, published))


def _recover_dead_run(ledger: Ledger, run_id: str, recheck: Callable[[], Summary | None]) -> None:
    """Settle a run whose process is gone, unless it had the last word between being listed and being looked for."""
    record = readable(ledger.get(run_id))
    if record is not None and record.status == RUNNING:
        ledger.put(with_recovered_status(record, recheck()))


def with_recovered_status(record: RunRecord, published: Summary | None) -> RunRecord:
    """Return how a run ended that no longer lives."""
    if published is not None and published.run_id == record.run_id:
        return _unseen(record).finished(published)
    return record.ended(VANISHED, code=None)


def as_seen(record: RunRecord, published: Summary | None) -> RunRecord:
    """Return a run as a reader should see it, who holds no lock: one whose process is gone has ended."""
    if record.status != RUNNING or _may_live(record):
        return record
    return with_recovered_status(record, published)


def _unseen(record: RunRecord) -> RunRecord:
    """Drop what nobody saw hold to the run's end: the source's version, and the lookups among the options."""
    looked_up = record.options is not None and bool(json.loads(record.options).get("lookups"))
    options = None if looked_up else record.options
    return replace(record, options=options, source=replace(record.source, version=None))


def _may_live(record: RunRecord) -> bool:
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
