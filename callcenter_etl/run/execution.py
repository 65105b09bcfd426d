"""One run: a source, a contract, every record in its place, and a summary that adds up."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from callcenter_etl.contract.loader import LoadedContract
from callcenter_etl.diagnostic import Diagnostic
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
from callcenter_etl.run.limits import broken_limits, status_of
from callcenter_etl.run.plan import RunPlan, accepted_by, refuse_own_output, sink_plan
from callcenter_etl.run.summary import (
    ContractIdentity,
    OutputFile,
    Progress,
    RecordCounts,
    Resumed,
    RuleCount,
    SourceIdentity,
    Summary,
    instant,
)
from callcenter_etl.run.summary_builder import output_file, rule_counts, staged_bytes
from callcenter_etl.run.table_target import build_target
from callcenter_etl.sources.lookups import load_lookups
from callcenter_etl.sources.source import Source, SourceHeader
from callcenter_etl.sources.source_formats import open_source
from callcenter_etl.store.uris import shown
from callcenter_etl.writers.csv_injection import ESCAPED, RAW
from callcenter_etl.writers.destination import Destination, staged_for
from callcenter_etl.writers.file_names import EXCEPTIONS, REJECTED, TARGET
from callcenter_etl.writers.router import Router
from callcenter_etl.writers.staging import Staging
from callcenter_etl.writers.summary_file import summary_bytes
from callcenter_etl.writers.tables.open_target import opened_sink
from callcenter_etl.writers.tables.target_writer import TargetProvenance
from callcenter_etl.writers.tables.type_conversion import ConversionPlan

_log = get_logger(__name__)
ProgressCallback = Callable[[Progress], None]


def run_source(
    plan: RunPlan, contract: LoadedContract, *, on_progress: ProgressCallback | None = None
) -> Summary:
    """Hold one source to a contract and publish its files.

    Raises SourceError or OutputError when the run cannot be finished, and AccountingError when it does not
    add up; nothing is published then, and earlier files stay as they are.
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
    """The state of one execution."""

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
        """Read the source to its end, from where an unfinished run stood where that is given, then publish."""
        refuse_own_output(self.plan)
        if self.plan.unfinished is not None:
            try:
                return self._execute(self.plan.unfinished)
            except (AccountingError, CheckpointMismatchError) as error:
                # Counts that a checkpoint brought along may be why a run does not add up: a run that reads all of the
                # source itself is right, or fails in its own name. Nothing is published by then, nor committed.
                unfinished = self.plan.unfinished
                _log.warning("not_resumed", run_id=self.id, from_run=unfinished.run_id, cause=str(error))
                unfinished.clear(str(error))
                self.accounts = Tally()
                self.resumed = None
        return self._execute(None)

    def _execute(self, unfinished: InterruptedRun | None) -> Summary:
        plan = self.plan
        passed = None if unfinished is None else unfinished.checkpoint.position
        with open_source(
            plan.source,
            self.document,
            block_bytes=plan.block_bytes,
            chunk_rows=plan.chunk_rows,
            passed=passed,
        ) as reader:
            if unfinished is not None and unfinished.checkpoint.fingerprint != self._fingerprint(reader):
                raise CheckpointMismatchError(f"{reader.uri}: changed a moment ago")
            header = reader.open()
            dead = None if unfinished is None else unfinished.folder
            with (
                staged_for(
                    self._destination(), plan.lock_owner, room=self._room(reader), dead=dead
                ) as staged,
                opened_sink(plan.target_format, sink_plan(plan, self.document)) as sink,
            ):
                staged.sink = sink
                if header.problems:
                    return self._refuse(reader, header, staged)
                router = self._route_all(reader, header, staged, unfinished)
                return self._publish(reader, staged, router)

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
        """Return how many bytes this machine's disk must have for the files, None if unknown: tasks have their own."""
        return None if self.plan.parts else reader.min_output_bytes

    def _destination(self) -> Destination:
        plan = self.plan
        defaults = self.document.run
        return Destination(
            plan.output, plan.publish_to, plan.staging, defaults.storage_options, mode=defaults.mode
        )

    def _refuse(self, reader: Source, header: SourceHeader, staged: Staging) -> Summary:
        reader.drain()
        reader.check_unchanged()
        validator = Validator(self.document)
        rules = {rule.id: RuleCount(severity=rule.severity, broken=0) for rule in validator.rules}
        summary = self._summary(reader, status="refused", problems=header.problems, rules=rules, outputs={})
        staged.publish((), summary_bytes(summary.to_dict()))
        return summary

    def _route_all(
        self, reader: Source, header: SourceHeader, staged: Staging, unfinished: InterruptedRun | None
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
        accounts.preamble_bytes, accounts.preamble_lines = len(header.preamble), header.preamble_lines
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
            preamble=header.preamble,
            workers=self.plan.workers,
            block_bytes=self.plan.block_bytes,
            range_bytes=self.plan.range_bytes,
            parts=self.plan.parts,
            chunk_rows=self.plan.chunk_rows,
        )
        with ENGINES[self.plan.engine](assignment) as engine:
            self._run(engine, assignment, header, unfinished)
        return router

    def _run(
        self, engine: Engine, given: Assignment, header: SourceHeader, unfinished: InterruptedRun | None
    ) -> None:
        reader, parts = given.reader, None
        if engine.keys is not None:
            fingerprint = self._fingerprint(reader)
            parts = RunParts(fingerprint, reader, given.staged, given.router, engine.keys, self.accounts)
        seconds = 0 if self.plan.options is None else self.plan.checkpoint_seconds
        with checkpoints_of(parts, seconds=seconds) as checkpoints:
            if parts is None or unfinished is None:
                self._begin(given.router, header)
                checkpoints.begin()
            else:
                self._go_on(parts, unfinished)
            engine.run(
                reader.blocks(),
                after_each=lambda: self._report_progress(reader),
                pause_point=checkpoints,
            )

    def _begin(self, router: Router, header: SourceHeader) -> None:
        if not self.plan.parts:
            router.begin(header.preamble)
        self.accounts.blank_lines, self.accounts.blank_bytes = header.blank_lines, header.blank_bytes

    def _go_on(self, parts: RunParts, unfinished: InterruptedRun) -> None:
        checkpoint = unfinished.checkpoint
        resume(parts, checkpoint, after_each=lambda: self._report_progress(parts.reader))
        self.resumed = Resumed(unfinished.run_id, checkpoint.line)
        _log.info("run_resumed", run_id=self.id, from_run=unfinished.run_id, line=checkpoint.line)

    def _publish(self, reader: Source, staged: Staging, router: Router) -> Summary:
        reader.check_unchanged()
        preamble = self.accounts.preamble_bytes
        self.accounts.prove(
            plain_bytes=reader.plain_bytes,
            lines=reader.lines,
            target_bytes=staged_bytes(staged, TARGET, preamble=preamble) if staged.sink is None else None,
            target_records=router.target_records,
            rejected_bytes=staged_bytes(staged, REJECTED, preamble=preamble),
            exceptions=router.exception_records,
        )
        limits, rejected = self.plan.limits, self.accounts.rejected.records
        problems = broken_limits(limits, read=self.accounts.framed, rejected=rejected)
        status = status_of(limits, problems, rejected=rejected)
        names = (EXCEPTIONS, REJECTED) if status == "failed" else (TARGET, EXCEPTIONS, REJECTED)
        unconverted = self._build_target(reader, staged) if TARGET in names else None
        rules = rule_counts(self.accounts)
        outputs = {name: output_file(staged, name, unconverted=unconverted) for name in names}
        summary = self._summary(reader, status=status, problems=problems, rules=rules, outputs=outputs)
        staged.publish(names, summary_bytes(summary.to_dict()))
        # Of a table all is known only now that it is committed.
        return replace(
            summary, outputs={name: output_file(staged, name, unconverted=unconverted) for name in names}
        )

    def _build_target(self, reader: Source, staged: Staging) -> int | None:
        """Make the typed target, where the run has one, and tell how many of its records have values that do not fit."""
        if staged.sink is None:
            return None
        whose = TargetProvenance(
            run_id=self.id,
            source_uri=reader.uri,
            source_bytes=reader.stored_bytes,
            source_sha256=reader.sha256,
            contract_sha256=self.contract.sha256,
            options=accepted_by(self.plan.options),
        )
        records, force = self.accounts.accepted.records, self.plan.force
        return build_target(staged, staged.sink, self.document, whose, records=records, force=force)

    def _summary(
        self,
        reader: Source,
        *,
        status: str,
        problems: tuple[Diagnostic, ...],
        rules: dict[str, RuleCount],
        outputs: dict[str, OutputFile],
    ) -> Summary:
        accounts = self.accounts
        return Summary(
            run_id=self.id,
            status=status,
            contract=ContractIdentity(
                id=self.document.contract, version=self.document.version, sha256=self.contract.sha256
            ),
            source=SourceIdentity(uri=reader.uri, bytes=reader.stored_bytes, sha256=reader.sha256),
            records=RecordCounts(
                read=accounts.framed,
                accepted=accounts.accepted.records,
                rejected=accounts.rejected.records,
                malformed=accounts.malformed,
                warned=accounts.warned,
            ),
            blank_lines=accounts.blank_lines,
            lines=reader.lines,
            rules=rules,
            problems=problems,
            outputs=outputs,
            started_at=instant(self.started),
            finished_at=instant(datetime.now(UTC)),
            seconds=round(time.monotonic() - self.clock, 3),
            resumed=self.resumed,
        )

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
