"""Runs a source once: alone in its target, told to the ledger, and not again where it is done already."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from callcenter_etl import __version__
from callcenter_etl.contract.loader import LoadedContract
from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.errors import CallcenterEtlError, OutputError, SourceError
from callcenter_etl.logs import get_logger
from callcenter_etl.os_errors import catch_environment_errors
from callcenter_etl.run.checkpoints.checkpoint import RunFingerprint, run_fingerprint
from callcenter_etl.run.checkpoints.interrupted_run import (
    InterruptedRun,
    find_interrupted_remote_run,
    find_interrupted_run,
)
from callcenter_etl.run.ledger.equivalent_run import (
    RunQuery,
    find_equivalent_run,
    published_summary,
    stored_file_of,
)
from callcenter_etl.run.ledger.ledger import Ledger
from callcenter_etl.run.ledger.location import ledger_in, output_as_recorded
from callcenter_etl.run.ledger.recovery import recover_ledger
from callcenter_etl.run.ledger.redaction import cause_of
from callcenter_etl.run.ledger.run_record import ERROR, RUNNING, Process, RecordedSource, RunRecord, readable
from callcenter_etl.run.plan import RunPlan, accepted_by, refuse_own_output, sink_plan
from callcenter_etl.run.replacement import EarlierRun, earlier_runs, refuse_other_source
from callcenter_etl.run.summary import ContractIdentity, Resumed, Summary, instant
from callcenter_etl.signal_guard import interrupts
from callcenter_etl.sources.compression import suffix_of
from callcenter_etl.sources.lookups import hash_lookups
from callcenter_etl.store import access
from callcenter_etl.store.uris import (
    STANDARD_INPUT,
    absolute,
    base_name,
    is_local,
    is_s3,
    local_path,
    shown,
)
from callcenter_etl.writers.destination import remote_staging_folder
from callcenter_etl.writers.tables.open_target import opened_sink
from callcenter_etl.writers.tables.target_writer import TargetProvenance
from callcenter_etl.writers.target_lock import target_lock

_log = get_logger(__name__)
Run = Callable[[RunPlan, LoadedContract], Summary]


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """A run's summary; `already_done` where it is an earlier run's and nothing was run.

    `replaced` are the earlier runs whose files gave way to this run's.
    """

    summary: Summary
    already_done: bool = False
    replaced: tuple[EarlierRun, ...] = ()


def run_idempotent(plan: RunPlan, contract: LoadedContract, *, root: str, run: Run) -> RunOutcome:
    """Do what `run` does, unless the published outputs are already those of this source under this contract.

    Where an unfinished run of the same has a checkpoint, `run` is given it to go on from. Runs under the target's
    lock and is reported to the ledger of `root`. Raises what `run` raises; TargetLockedError when another run holds the
    target; OutputError when the ledger cannot be written, UsageError where the output holds another source's run,
    both before anything is read.
    """
    with _locked_output(plan, contract, root) as (options, unfinished, ledger, published):
        if options is not None:
            question = RunQuery(
                plan.source,
                plan.output,
                contract.sha256,
                options,
                publish_to=plan.publish_to,
                storage=contract.document.run.storage_options,
                in_table=partial(_in_table, plan, contract, options),
            )
            done = find_equivalent_run(ledger, question, published)
            if done is not None:
                _log.info(
                    "already_done",
                    run_id=done.run_id,
                    source=shown(plan.source),
                    finished_at=done.finished_at,
                )
                if unfinished is not None:
                    unfinished.clear("what it was to do is done already")
                return RunOutcome(done, already_done=True)
        earlier = earlier_runs(plan, contract.document, ledger, published)
        try:
            refuse_other_source(plan, contract.document.run.storage_options, earlier)
        except SourceError as error:
            run = _failing(error)
        plan = replace(plan, options=options, unfinished=unfinished)
        return _replacing(earlier, _recorded(plan, contract, root=root, ledger=ledger, run=run))


def run_forced(plan: RunPlan, contract: LoadedContract, *, root: str, run: Run) -> RunOutcome:
    """Do what `run` does as `run_idempotent` would, whatever was done before and whichever run is replaced."""
    with _locked_output(plan, contract, root) as (options, unfinished, ledger, published):
        earlier = earlier_runs(plan, contract.document, ledger, published)
        plan = replace(plan, options=options, unfinished=unfinished, force=True)
        return _replacing(earlier, _recorded(plan, contract, root=root, ledger=ledger, run=run))


@contextmanager
def _locked_output(
    plan: RunPlan, contract: LoadedContract, root: str
) -> Iterator[tuple[str | None, InterruptedRun | None, Ledger, Summary | None]]:
    """Lock the output of a run; yield its options, the interrupted run to resume, the ledger and the published summary."""
    refuse_own_output(plan)
    options = _options_of(plan, contract)
    with (
        interrupts.hold_until_recorded(),
        catch_environment_errors(shown(plan.output)),
        _alone(plan, contract),
        _unfinished(plan, contract, options) as unfinished,
    ):
        yield options, unfinished, *_open_ledger(plan, contract, root)


def _failing(error: SourceError) -> Run:
    """Return a run that ends with the error at once, so that the ledger records it as it does any other."""

    def fail(plan: RunPlan, contract: LoadedContract) -> Summary:
        raise error

    return fail


def _replacing(earlier: tuple[EarlierRun, ...], summary: Summary) -> RunOutcome:
    for run in earlier:
        _log.info("replaced", run_id=run.run_id, source=run.source, output=shown(run.output))
    return RunOutcome(summary, replaced=earlier)


def _alone(plan: RunPlan, contract: LoadedContract) -> AbstractContextManager[None]:
    """Hold the target for this run."""
    if not is_local(
        plan.output
    ):  # an object store has no locks: a conditional put settles there who publishes
        return nullcontext()
    return target_lock(Path(local_path(plan.output)), plan.lock_owner, mode=contract.document.run.mode)


def _unfinished(
    plan: RunPlan, contract: LoadedContract, options: str | None
) -> AbstractContextManager[InterruptedRun | None]:
    """Clear up after dead runs, and give the one to go on from."""
    fingerprint = partial(_fingerprint, plan, contract, options)
    if is_local(plan.output):
        return find_interrupted_run(Path(local_path(plan.output)), fingerprint, wanted=plan.resume)
    if is_s3(plan.output):
        return find_interrupted_remote_run(
            remote_staging_folder(plan.staging), plan.output, fingerprint, plan.lock_owner, wanted=plan.resume
        )
    return nullcontext()


def _fingerprint(plan: RunPlan, contract: LoadedContract, options: str | None) -> RunFingerprint | None:
    """Return what this run's bytes will depend on; None where that cannot be reported, which the run itself will say."""
    try:
        stored = access.identify(plan.source, contract.document.run.storage_options)
    except SourceError:
        return None
    if options is None:
        return None
    return run_fingerprint(
        source=plan.source,
        stored=stored,
        output=plan.output,
        contract_sha256=contract.sha256,
        options=options,
    )


def _in_table(plan: RunPlan, contract: LoadedContract, options: str, published: Summary) -> bool:
    """Return whether a table holds what a run brought into it, and this one would leave it as it is.

    Where sources are known by their address, the same bytes at another one are another source's.
    """
    source = published.source
    with opened_sink(plan.target_format, sink_plan(plan, contract.document)) as sink:
        whose = TargetProvenance(
            published.run_id,
            shown(plan.source),
            source.bytes,
            source.sha256,
            contract.sha256,
            accepted_by(options),
        )
        return sink is not None and sink.holds(whose)


def _open_ledger(plan: RunPlan, contract: LoadedContract, root: str) -> tuple[Ledger, Summary | None]:
    """Return the ledger, in step with the summary that is in the output, and that."""
    defaults = contract.document.run
    ledger = ledger_in(root, mode=defaults.mode, storage=defaults.storage_options)
    look = partial(_published_in, plan.output, defaults.storage_options)
    published = look()
    output = output_as_recorded(plan.output, root)
    recover_ledger(
        ledger, output=output, published=published, recheck=None if is_local(plan.output) else look
    )
    return ledger, published


def _published_in(output: str, storage: StorageOptions) -> Summary | None:
    try:
        return published_summary(output, storage)
    except SourceError as error:  # what cannot be read is where this run is to write
        raise OutputError(str(error)) from error


def _options_of(plan: RunPlan, contract: LoadedContract) -> str | None:
    """Return all that changes what a run writes, beside the source's content and the contract's text.

    None where a lookup cannot be read; the run itself will say so.
    """
    try:
        lookups = hash_lookups(contract.document, contract.origin)
    except SourceError:
        return None
    name = base_name(plan.source)
    limit = plan.limits.max_rejected
    options = {
        "excel_safe": contract.document.run.exceptions.excel_safe,
        "lookups": {shown(uri): sha256 for uri, sha256 in lookups.items()},
        "max_rejected": None if limit is None else str(limit),
        "name": suffix_of(name) if contract.document.source.filename is None else name,
        "publish_to": None if plan.publish_to is None else shown(plan.publish_to),
    }
    if plan.target_format != "csv":  # left out else, so that what earlier programs recorded still counts
        options["target_format"] = plan.target_format
    if plan.parts:
        options["parts"] = True
    if contract.part is not None:  # one of several contracts in one text
        options["part"] = contract.part
    return json.dumps(options, sort_keys=True)


def _recorded(plan: RunPlan, contract: LoadedContract, *, root: str, ledger: Ledger, run: Run) -> Summary:
    """Run between two rows of the ledger: that it began, and how it ended."""
    record = _begun(plan, contract, output=output_as_recorded(plan.output, root))
    ledger.put(record)
    try:
        summary = run(plan, contract)
    except BaseException as error:
        cause, code = cause_of(error)
        _put_or_warn(ledger, record.ended(cause, code=code, at=instant(datetime.now(UTC))))
        raise
    _put_or_warn(ledger, _proven(record, plan, contract).finished(summary))
    if summary.resumed is not None:
        _record_interrupted(ledger, summary.resumed, summary.run_id)
    return summary


def _record_interrupted(ledger: Ledger, resumed: Resumed, run_id: str) -> None:
    """Add to the record of an unfinished run which one finished its work."""
    try:
        record = readable(ledger.get(resumed.run_id))
    except CallcenterEtlError:
        return  # what cannot be read was given when it was to be written
    if record is not None and record.status == ERROR:
        cause = f"{record.cause}; run {run_id} went on from line {resumed.line:,}"
        _put_or_warn(ledger, replace(record, cause=cause))


def _begun(plan: RunPlan, contract: LoadedContract, *, output: str) -> RunRecord:
    document = contract.document
    stored_file = stored_file_of(plan.source, contract.document.run.storage_options)
    return RunRecord(
        run_id=plan.run_id,
        status=RUNNING,
        contract=ContractIdentity(id=document.contract, version=document.version, sha256=contract.sha256),
        source=RecordedSource(
            # a relative path means another file in another working folder
            uri=plan.source if plan.source == STANDARD_INPUT else shown(absolute(plan.source)),
            bytes=None if stored_file is None else stored_file.bytes,
            version=None if stored_file is None else stored_file.version,
        ),
        output=output,
        options=plan.options,
        process=Process(pid=os.getpid(), host=socket.gethostname(), program=__version__),
        started_at=instant(datetime.now(UTC)),
    )


def _proven(record: RunRecord, plan: RunPlan, contract: LoadedContract) -> RunRecord:
    """Drop what did not hold from the run's start to its end, so that no later run relies on it."""
    stored_file = stored_file_of(plan.source, contract.document.run.storage_options)
    version = (
        record.source.version
        if stored_file is not None and stored_file.version == record.source.version
        else None
    )
    options = record.options if _options_of(plan, contract) == record.options else None
    return replace(record, options=options, source=replace(record.source, version=version))


def _put_or_warn(ledger: Ledger, record: RunRecord) -> None:
    """Write how a run ended; where that fails, the next run into this output finds it out from the summary."""
    try:
        ledger.put(record)
    except CallcenterEtlError as error:
        _log.warning("ledger_not_written", run_id=record.run_id, status=record.status, cause=str(error))
