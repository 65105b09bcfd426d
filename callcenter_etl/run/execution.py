"""Execute one run: read a source, judge and route every record, check the totals, publish."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from callcenter_etl.contract.loader import LoadedContract
from callcenter_etl.engines.block_steps import RoutingFormat
from callcenter_etl.engines.engine import Assignment, Engine
from callcenter_etl.engines.engine_table import ENGINES
from callcenter_etl.errors import AccountingError, CallcenterEtlError, CheckpointMismatchError
from callcenter_etl.judge.tally import Tally
from callcenter_etl.judge.validator import Validator
from callcenter_etl.logs import get_logger
from callcenter_etl.memory_errors import translate_memory_errors
from callcenter_etl.os_errors import catch_environment_errors
from callcenter_etl.run.checkpoints.checkpoint import RunFingerprint, run_fingerprint
from callcenter_etl.run.checkpoints.checkpointer import RunParts, checkpoints_of, resume
from callcenter_etl.run.checkpoints.interrupted_run import InterruptedRun
from callcenter_etl.run.plan import RunPlan, refuse_own_output, sink_plan
from callcenter_etl.run.publication import Publication
from callcenter_etl.run.summary import Progress, Resumed, Summary
from callcenter_etl.sources.delivery import Delivery, open_delivered, read_delivery
from callcenter_etl.sources.lookups import load_lookups
from callcenter_etl.sources.source import Source, SourceHeader
from callcenter_etl.sources.source_formats import open_source
from callcenter_etl.sources.surrounding_lines import LineTotals, Surroundings
from callcenter_etl.store.uris import shown
from callcenter_etl.writers.csv_injection import ESCAPED, RAW
from callcenter_etl.writers.destination import Destination, staged_for
from callcenter_etl.writers.router import Router
from callcenter_etl.writers.staging import Staging
from callcenter_etl.writers.tables.open_target import opened_sink
from callcenter_etl.writers.tables.type_conversion import ConversionPlan

_log = get_logger(__name__)
ProgressCallback = Callable[[Progress], None]


def run_source(
    plan: RunPlan, contract: LoadedContract, *, on_progress: ProgressCallback | None = None
) -> Summary:
    """Validate one source by a contract, publish its files, and return the summary.

    Raises SourceError or OutputError when the run cannot be finished, and AccountingError when its totals do not agree;
    nothing is published then, and earlier files stay unchanged.
    """
    run = _RunExecution(plan, contract, on_progress)
    _log.info("run_started", run_id=run.id, source=shown(plan.source), contract=contract.document.contract)
    try:
        with translate_memory_errors(), catch_environment_errors(shown(plan.output)):
            summary = run.execute()
    except CallcenterEtlError as error:
        _log.error("run_not_finished", run_id=run.id, source=shown(plan.source), cause=str(error))
        raise
    records = summary.records
    _log.info(
        "run_finished",
        run_id=run.id,
        status=summary.status,
        read=records.read,
        accepted=records.accepted,
        rejected=records.rejected,
        malformed=records.malformed,
        warned=records.warned,
        seconds=summary.seconds,
    )
    return summary


class _RunExecution:
    """State of one run while it is executed."""

    def __init__(self, plan: RunPlan, contract: LoadedContract, on_progress: ProgressCallback | None) -> None:
        self.plan = plan
        self.contract = contract
        self.document = contract.document
        self.id = plan.run_id
        self.on_progress = on_progress
        self.accounts = Tally()
        self.resumed: Resumed | None = None
        self.started = datetime.now(UTC)
        self.clock = time.monotonic()

    def execute(self) -> Summary:
        """Execute the run, from the checkpoint of an interrupted run where the plan has one, and return its summary."""
        refuse_own_output(self.plan)
        if self.plan.interrupted is not None:
            try:
                return self._execute(self.plan.interrupted)
            except (AccountingError, CheckpointMismatchError) as error:
                # The totals may disagree because of the counts in the checkpoint, so the run starts again from the
                # beginning, and fails only if they still disagree. Nothing is published or committed until then.
                interrupted = self.plan.interrupted
                _log.warning("not_resumed", run_id=self.id, from_run=interrupted.run_id, cause=str(error))
                interrupted.clear(str(error))
                self.accounts = Tally()
                self.resumed = None
        return self._execute(None)

    def _execute(self, interrupted: InterruptedRun | None) -> Summary:
        plan = self.plan
        passed = None if interrupted is None else interrupted.checkpoint.position
        with open_source(
            plan.source,
            self.document,
            block_bytes=plan.block_bytes,
            chunk_rows=plan.chunk_rows,
            passed=passed,
        ) as reader:
            # The source may have been replaced between the search for the checkpoint and its opening.
            if interrupted is not None and interrupted.checkpoint.fingerprint != self._fingerprint(reader):
                raise CheckpointMismatchError(f"{reader.uri}: changed since the run was planned")
            delivery = read_delivery(plan.source, self.document)
            header = open_delivered(reader, delivery)
            dead = None if interrupted is None else interrupted.folder
            with (
                staged_for(
                    self._destination(), plan.lock_owner, room=self._room(reader), dead=dead
                ) as staged,
                opened_sink(plan.target_format, sink_plan(plan, self.document)) as sink,
            ):
                staged.sink = sink
                if header.problems:
                    return self._publication(delivery).refuse(reader, header, staged)
                router = self._route_all(reader, header, staged, interrupted)
                return self._publication(delivery).publish(reader, header, staged, router)

    def _fingerprint(self, reader: Source) -> RunFingerprint:
        plan, sha256 = self.plan, self.contract.sha256
        return run_fingerprint(
            source=plan.source,
            stored=reader.identity,
            output=plan.output,
            contract_sha256=sha256,
            options=plan.options,
        )

    def _room(self, reader: Source) -> int | None:
        """Return the bytes that this machine's disk needs for the files, None if unknown."""
        # Part files are written on the machines of the tasks.
        return None if self.plan.parts else reader.min_output_bytes

    def _destination(self) -> Destination:
        plan = self.plan
        defaults = self.document.run
        return Destination(
            plan.output, plan.publish_to, plan.staging, defaults.storage_options, mode=defaults.mode
        )

    def _publication(self, delivery: Delivery) -> Publication:
        return Publication(
            self.plan, self.contract, delivery, self.accounts, self.started, self.clock, self.resumed
        )

    def _route_all(
        self, reader: Source, header: SourceHeader, staged: Staging, interrupted: InterruptedRun | None
    ) -> Router:
        validator = Validator(self.document, lookups=load_lookups(self.document, self.contract.origin))
        cells = ESCAPED if self.document.run.exceptions.excel_safe else RAW
        typed = None if staged.sink is None else ConversionPlan.of(self.document, header.layout)
        router = Router(
            staged,
            names=header.layout.names,
            cells=cells,
            schema=None if typed is None else typed.schema,
        )
        accounts = self.accounts
        head = header.surroundings
        accounts.surroundings = Surroundings(
            preamble=head.preamble, header=head.header, after_header=head.after_header
        )
        shape = RoutingFormat(header.layout, reader.encoding, cells, typed)
        assignment = Assignment(
            run_id=self.id,
            source=self.plan.source,
            reader=reader,
            validator=validator,
            shape=shape,
            router=router,
            accounts=accounts,
            staged=staged,
            target_start=header.target_start,
            workers=self.plan.workers,
            block_bytes=self.plan.block_bytes,
            range_bytes=self.plan.range_bytes,
            parts=self.plan.parts,
            chunk_rows=self.plan.chunk_rows,
        )
        with ENGINES[self.plan.engine](assignment) as engine:
            self._run(engine, assignment, header, interrupted)
        return router

    def _run(
        self, engine: Engine, given: Assignment, header: SourceHeader, interrupted: InterruptedRun | None
    ) -> None:
        reader, parts = given.reader, None
        # Spark takes no checkpoints, since its blocks are on other machines.
        if engine.keys is not None:
            fingerprint = self._fingerprint(reader)
            parts = RunParts(fingerprint, reader, given.staged, given.router, engine.keys, self.accounts)
        # Without options no later run can prove that it continues this one, so a checkpoint would be useless.
        seconds = 0 if self.plan.options is None else self.plan.checkpoint_seconds
        with checkpoints_of(parts, seconds=seconds) as checkpoints:
            if parts is None or interrupted is None:
                self._begin(given.router, header)
                checkpoints.begin()
            else:
                self._resume(parts, interrupted)
            engine.run(
                reader.blocks(),
                after_each=lambda: self._report_progress(reader),
                pause_point=checkpoints,
            )
        end = reader.footer
        self.accounts.surroundings.footer = end.surroundings.footer
        self._count(end.blank, end.surroundings.comments)

    def _begin(self, router: Router, header: SourceHeader) -> None:
        # Each part file begins with the header, and the task that writes the part writes it.
        if not self.plan.parts:
            router.begin(header.target_start)
        # Not for a resumed run, which has these from its checkpoint, with those between records.
        self._count(header.blank, header.surroundings.comments)

    def _count(self, blank: LineTotals, comments: LineTotals) -> None:
        self.accounts.blank_lines += blank.lines
        self.accounts.blank_bytes += blank.bytes
        self.accounts.surroundings.comments.add(comments.lines, comments.bytes)

    def _resume(self, parts: RunParts, interrupted: InterruptedRun) -> None:
        checkpoint = interrupted.checkpoint
        resume(parts, checkpoint, after_each=lambda: self._report_progress(parts.reader))
        self.resumed = Resumed(interrupted.run_id, checkpoint.line)
        _log.info("run_resumed", run_id=self.id, from_run=interrupted.run_id, line=checkpoint.line)

    def _report_progress(self, reader: Source) -> None:
        if self.on_progress is not None:
            self.on_progress(
                Progress(
                    bytes_read=reader.stored_bytes,
                    bytes_total=reader.size,
                    records=self.accounts.framed,
                    rejected=self.accounts.rejected.records,
                )
            )
