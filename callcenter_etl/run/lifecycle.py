"""Lifecycle of a run: lock the target, recover the ledger, skip what is done already, resume, record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from callcenter_etl.contract.loader import LoadedContract
from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.errors import OutputError, SourceError
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
)
from callcenter_etl.run.ledger.ledger import Ledger
from callcenter_etl.run.ledger.location import ledger_in, output_as_recorded
from callcenter_etl.run.ledger.recovery import recover_ledger
from callcenter_etl.run.plan import RunPlan, accepted_by, outcome_options, refuse_own_output, sink_plan
from callcenter_etl.run.recorded_run import recorded_run
from callcenter_etl.run.replacement import EarlierRun, earlier_runs, refuse_other_source
from callcenter_etl.run.summary import Summary
from callcenter_etl.signal_guard import interrupts
from callcenter_etl.store import access
from callcenter_etl.store.uris import is_local, is_s3, local_path, shown
from callcenter_etl.writers.destination import remote_staging_folder
from callcenter_etl.writers.tables.open_target import opened_sink
from callcenter_etl.writers.tables.target_writer import TargetProvenance
from callcenter_etl.writers.target_lock import target_lock

_log = get_logger(__name__)
Run = Callable[[RunPlan, LoadedContract], Summary]


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """Summary of a run, or with `already_done` that of the earlier run that has done the same.

    `replaced` are the earlier runs that this run replaced in its output.
    """

    summary: Summary
    already_done: bool = False
    replaced: tuple[EarlierRun, ...] = ()


def run_idempotent(plan: RunPlan, contract: LoadedContract, *, root: str, run: Run) -> RunOutcome:
    """Return the outcome of `run`, or that of an earlier run that has done the same.

    It runs under the lock of the target and is recorded in the ledger of `root`. An interrupted run of the same is
    resumed from its checkpoint. Raises what `run` raises; before the source is read, TargetLockedError where another run
    holds the target, OutputError where the ledger cannot be written, UsageError where the output holds a run of another
    source.
    """
    with _locked_output(plan, contract, root) as (options, interrupted, ledger, published):
        # None where a lookup cannot be read: such a run is never taken for one that is done.
        if options is not None:
            query = RunQuery(
                plan.source,
                plan.output,
                contract.sha256,
                options,
                publish_to=plan.publish_to,
                storage=contract.document.run.storage_options,
                in_table=partial(_in_table, plan, contract, options),
            )
            done = find_equivalent_run(ledger, query, published)
            if done is not None:
                _log.info(
                    "already_done",
                    run_id=done.run_id,
                    source=shown(plan.source),
                    finished_at=done.finished_at,
                )
                if interrupted is not None:
                    interrupted.clear("another run has done the same already")
                return RunOutcome(done, already_done=True)
        earlier = earlier_runs(plan, contract.document, ledger, published)
        try:
            refuse_other_source(plan, contract.document.run.storage_options, earlier)
        except SourceError as error:
            # The source is missing: the run fails as it would have when it reads, and so the ledger records it.
            run = _failing(error)
        plan = replace(plan, options=options, interrupted=interrupted)
        return _replacing(earlier, recorded_run(plan, contract, root=root, ledger=ledger, run=run))


def run_forced(plan: RunPlan, contract: LoadedContract, *, root: str, run: Run) -> RunOutcome:
    """Return the outcome of `run` as `run_idempotent` does, but run in any case, and replace any earlier run."""
    with _locked_output(plan, contract, root) as (options, interrupted, ledger, published):
        earlier = earlier_runs(plan, contract.document, ledger, published)
        plan = replace(plan, options=options, interrupted=interrupted, force=True)
        return _replacing(earlier, recorded_run(plan, contract, root=root, ledger=ledger, run=run))


@contextmanager
def _locked_output(
    plan: RunPlan, contract: LoadedContract, root: str
) -> Iterator[tuple[str | None, InterruptedRun | None, Ledger, Summary | None]]:
    """Lock the output of a run; yield its options, the interrupted run to resume, the ledger and the published summary."""
    refuse_own_output(plan)
    options = outcome_options(plan, contract)
    # The order matters: signals are held until the ledger has the end of the run, and staging folders are examined under
    # the lock, when no other run can be writing into them.
    with (
        interrupts.hold_until_recorded(),
        catch_environment_errors(shown(plan.output)),
        _locked_target(plan, contract),
        _find_interrupted(plan, contract, options) as interrupted,
    ):
        yield options, interrupted, *_open_ledger(plan, contract, root)


def _failing(error: SourceError) -> Run:
    """Return a run that raises an error."""

    def fail(plan: RunPlan, contract: LoadedContract) -> Summary:
        raise error

    return fail


def _replacing(earlier: tuple[EarlierRun, ...], summary: Summary) -> RunOutcome:
    for run in earlier:
        _log.info("replaced", run_id=run.run_id, source=run.source, output=shown(run.output))
    return RunOutcome(summary, replaced=earlier)


def _locked_target(plan: RunPlan, contract: LoadedContract) -> AbstractContextManager[None]:
    """Hold the lock of a local target for this run."""
    # An object store has no locks: there a conditional put decides which run publishes.
    if not is_local(plan.output):
        return nullcontext()
    return target_lock(Path(local_path(plan.output)), plan.lock_owner, mode=contract.document.run.mode)


def _find_interrupted(
    plan: RunPlan, contract: LoadedContract, options: str | None
) -> AbstractContextManager[InterruptedRun | None]:
    """Remove the staging folders of dead runs, and yield the interrupted run to resume, None where there is none."""
    fingerprint = partial(_fingerprint, plan, contract, options)
    if is_local(plan.output):
        return find_interrupted_run(Path(local_path(plan.output)), fingerprint, wanted=plan.resume)
    if is_s3(plan.output):
        return find_interrupted_remote_run(
            remote_staging_folder(plan.staging), plan.output, fingerprint, plan.lock_owner, wanted=plan.resume
        )
    return nullcontext()


def _fingerprint(plan: RunPlan, contract: LoadedContract, options: str | None) -> RunFingerprint | None:
    """Return the fingerprint of this run, None where the source or a lookup cannot be read."""
    # The run itself reports the error. Until then no interrupted run is removed: it may fit once the file is back.
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
    """Return whether a table still has the records of a published run, and this run would not change it."""
    # The address is this run's: where sources are identified by address, the same bytes elsewhere are another source.
    source = published.source
    with opened_sink(plan.target_format, sink_plan(plan, contract.document)) as sink:
        provenance = TargetProvenance(
            published.run_id,
            shown(plan.source),
            source.bytes,
            source.sha256,
            contract.sha256,
            accepted_by(options),
        )
        return sink is not None and sink.holds(provenance)


def _open_ledger(plan: RunPlan, contract: LoadedContract, root: str) -> tuple[Ledger, Summary | None]:
    """Return the ledger, recovered from the published summary, and that summary."""
    defaults = contract.document.run
    ledger = ledger_in(root, mode=defaults.mode, storage=defaults.storage_options)
    look = partial(_published_in, plan.output, defaults.storage_options)
    published = look()
    output = output_as_recorded(plan.output, root)
    # First of all: a run that crashed between publishing and its ledger entry must count as done.
    recover_ledger(
        ledger, output=output, published=published, recheck=None if is_local(plan.output) else look
    )
    return ledger, published


def _published_in(output: str, storage: StorageOptions) -> Summary | None:
    try:
        return published_summary(output, storage)
    except SourceError as error:  # it is in the output of this run, so the output is what cannot be used
        raise OutputError(str(error)) from error
