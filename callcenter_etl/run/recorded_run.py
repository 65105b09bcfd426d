"""Record one run in the ledger: its begin, its end, and which interrupted run it resumed."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from callcenter_etl import __version__
from callcenter_etl.contract.loader import LoadedContract
from callcenter_etl.errors import CallcenterEtlError
from callcenter_etl.logs import get_logger
from callcenter_etl.run.ledger.equivalent_run import stored_file_of
from callcenter_etl.run.ledger.ledger import Ledger
from callcenter_etl.run.ledger.location import output_as_recorded
from callcenter_etl.run.ledger.redaction import cause_of
from callcenter_etl.run.ledger.run_record import ERROR, RUNNING, Process, RecordedSource, RunRecord, readable
from callcenter_etl.run.plan import RunPlan, outcome_options
from callcenter_etl.run.summary import ContractIdentity, Resumed, Summary, instant
from callcenter_etl.store.uris import STANDARD_INPUT, absolute, shown

_log = get_logger(__name__)


def recorded_run(
    plan: RunPlan,
    contract: LoadedContract,
    *,
    root: str,
    ledger: Ledger,
    run: Callable[[RunPlan, LoadedContract], Summary],
) -> Summary:
    """Return the summary of `run`, with its begin and its end recorded in the ledger.

    Raises what `run` raises, OutputError before it where the ledger cannot be written.
    """
    # A run that cannot be recorded does not begin. When its end cannot be recorded, its files are published already, so
    # that is logged only, and the next run into the output completes the entry from the summary.
    record = _begin_record(plan, contract, output=output_as_recorded(plan.output, root))
    ledger.put(record)
    try:
        summary = run(plan, contract)
    # Every end is recorded, also that by an interrupt, which is not an Exception.
    except BaseException as error:
        cause, code = cause_of(error)
        _put_or_warn(ledger, record.ended(cause, code=code, at=instant(datetime.now(UTC))))
        raise
    _put_or_warn(ledger, _confirmed(record, plan, contract).finished(summary))
    if summary.resumed is not None:
        _record_resumption(ledger, summary.resumed, summary.run_id)
    return summary


def _record_resumption(ledger: Ledger, resumed: Resumed, run_id: str) -> None:
    """Add to the record of an interrupted run which run resumed it."""
    try:
        record = readable(ledger.get(resumed.run_id))
    except CallcenterEtlError:
        return  # logged already, when the end of this run could not be written
    if record is not None and record.status == ERROR:
        cause = f"{record.cause}; resumed by run {run_id} at line {resumed.line:,}"
        _put_or_warn(ledger, replace(record, cause=cause))


def _begin_record(plan: RunPlan, contract: LoadedContract, *, output: str) -> RunRecord:
    document = contract.document
    stored_file = stored_file_of(plan.source, contract.document.run.storage_options)
    return RunRecord(
        run_id=plan.run_id,
        status=RUNNING,
        contract=ContractIdentity(id=document.contract, version=document.version, sha256=contract.sha256),
        source=RecordedSource(
            # Absolute: a relative path means another file in another working folder.
            uri=plan.source if plan.source == STANDARD_INPUT else shown(absolute(plan.source)),
            bytes=None if stored_file is None else stored_file.bytes,
            version=None if stored_file is None else stored_file.version,
        ),
        output=output,
        options=plan.options,
        process=Process(pid=os.getpid(), host=socket.gethostname(), program=__version__),
        started_at=instant(datetime.now(UTC)),
    )


def _confirmed(record: RunRecord, plan: RunPlan, contract: LoadedContract) -> RunRecord:
    """Return the record without a source version or options that changed during the run."""
    # A later run counts as done by these: a file that was replaced while it was read must not pass as the one read.
    stored_file = stored_file_of(plan.source, contract.document.run.storage_options)
    version = (
        record.source.version
        if stored_file is not None and stored_file.version == record.source.version
        else None
    )
    options = record.options if outcome_options(plan, contract) == record.options else None
    return replace(record, options=options, source=replace(record.source, version=version))


def _put_or_warn(ledger: Ledger, record: RunRecord) -> None:
    """Write the end of a run, or log that it could not be written."""
    try:
        ledger.put(record)
    except CallcenterEtlError as error:
        _log.warning("ledger_not_written", run_id=record.run_id, status=record.status, cause=str(error))
