"""Publish a run: check its totals, build its target, write its summary, and publish all files together."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from callcenter_etl.contract.loader import LoadedContract
from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.judge.tally import Tally
from callcenter_etl.judge.validator import Validator
from callcenter_etl.run.limits import broken_limits, status_of
from callcenter_etl.run.plan import RunPlan, accepted_by
from callcenter_etl.run.summary import (
    ContractIdentity,
    OutputFile,
    RecordCounts,
    Resumed,
    RuleCount,
    SourceIdentity,
    Summary,
    SurroundingsSummary,
    instant,
)
from callcenter_etl.run.summary_builder import output_file, rule_counts, staged_bytes
from callcenter_etl.run.table_target import build_target
from callcenter_etl.sources.delivery import Delivery
from callcenter_etl.sources.source import Source, SourceHeader
from callcenter_etl.writers.file_names import EXCEPTIONS, REJECTED, TARGET
from callcenter_etl.writers.router import Router
from callcenter_etl.writers.staging import Staging
from callcenter_etl.writers.summary_file import summary_bytes
from callcenter_etl.writers.tables.target_writer import TargetProvenance


@dataclass(frozen=True, slots=True)
class Publication:
    """Publication of one run: its plan, values and counts, its start (UTC, and by the monotonic clock), and the resumed run."""

    plan: RunPlan
    contract: LoadedContract
    delivery: Delivery
    accounts: Tally
    started: datetime
    clock: float
    resumed: Resumed | None

    def refuse(self, reader: Source, header: SourceHeader, staged: Staging) -> Summary:
        """Publish the summary of a refused source, and return it. Raises SourceError, OutputError."""
        # No record is read, but the summary has size and hash of the whole source.
        reader.drain()
        reader.check_unchanged()
        validator = Validator(self.contract.document)
        rules = {rule.id: RuleCount(severity=rule.severity, broken=0) for rule in validator.counted_rules}
        # A source that was cut short may be refused for that: then the checksum says so.
        problems = (*header.problems, *self.delivery.digest_problems(reader.hashes.digest))
        values = self._values(header, {})
        summary = self._summary(
            reader, status="refused", problems=problems, rules=rules, outputs={}, values=values
        )
        staged.publish((), summary_bytes(summary.to_dict()))
        return summary

    def publish(self, reader: Source, header: SourceHeader, staged: Staging, router: Router) -> Summary:
        """Publish the staged files of a source that was read to its end, and return the summary.

        Raises AccountingError where the totals do not agree, SourceError where the source changed, OutputError.
        """
        reader.check_unchanged()
        header_bytes = self.accounts.surroundings.header.bytes
        self.accounts.prove(
            plain_bytes=reader.plain_bytes,
            lines=reader.lines,
            # A typed target has a form of its own, so that only its records can be compared.
            target_bytes=staged_bytes(staged, TARGET, header_bytes=header_bytes)
            if staged.sink is None
            else None,
            target_records=router.target_records,
            rejected_bytes=staged_bytes(staged, REJECTED, header_bytes=header_bytes),
            exceptions=router.exception_records,
        )
        problems = self._failures(reader)
        status = status_of(self.plan.limits, problems, rejected=self.accounts.rejected.records)
        problems += header.warnings  # after the status, since they never fail a run by themselves
        # Over a limit, without its footer, or with another checksum, the rejects are published, so that they can be examined, but the target is not.
        names = (EXCEPTIONS, REJECTED) if status == "failed" else (TARGET, EXCEPTIONS, REJECTED)
        unconverted = self._build_target(reader, staged) if TARGET in names else None
        rules = rule_counts(self.accounts)
        outputs = {name: output_file(staged, name, unconverted=unconverted) for name in names}
        summary = self._summary(
            reader,
            status=status,
            problems=problems,
            rules=rules,
            outputs=outputs,
            values=self._values(header, reader.footer.values),
        )
        staged.publish(names, summary_bytes(summary.to_dict()))
        # A table has its version and the added bytes only since its commit.
        return replace(
            summary, outputs={name: output_file(staged, name, unconverted=unconverted) for name in names}
        )

    def _failures(self, reader: Source) -> tuple[Diagnostic, ...]:
        """Return the problems for which a source that was read to its end has failed."""
        accounts = self.accounts
        return (
            *self.delivery.digest_problems(reader.hashes.digest),
            *reader.footer.problems,
            *broken_limits(self.plan.limits, read=accounts.framed, rejected=accounts.rejected.records),
        )

    def _values(self, header: SourceHeader, footer: Mapping[str, str]) -> Mapping[str, Mapping[str, str]]:
        """Return the values of the run by origin, without origins that have none."""
        values = {"preamble": header.values, "footer": footer, **self.delivery.values}
        return {origin: each for origin, each in values.items() if each}

    def _build_target(self, reader: Source, staged: Staging) -> int | None:
        """Build the typed target of a run that has one, and return the number of records with unconverted values."""
        if staged.sink is None:
            return None
        provenance = TargetProvenance(
            run_id=self.plan.run_id,
            source_uri=reader.uri,
            source_bytes=reader.stored_bytes,
            source_sha256=reader.sha256,
            contract_sha256=self.contract.sha256,
            options=accepted_by(self.plan.options),
        )
        records, force = self.accounts.accepted.records, self.plan.force
        return build_target(
            staged, staged.sink, self.contract.document, provenance, records=records, force=force
        )

    def _summary(
        self,
        reader: Source,
        *,
        status: str,
        problems: tuple[Diagnostic, ...],
        rules: dict[str, RuleCount],
        outputs: dict[str, OutputFile],
        values: Mapping[str, Mapping[str, str]],
    ) -> Summary:
        accounts, lines = self.accounts, self.accounts.surroundings
        return Summary(
            run_id=self.plan.run_id,
            status=status,
            contract=_identity_of(self.contract),
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
            # Not from the two times: the clock of the machine may be set during the run.
            seconds=round(time.monotonic() - self.clock, 3),
            blank_bytes=accounts.blank_bytes,
            surroundings=SurroundingsSummary(
                lines.preamble, lines.header, lines.after_header, lines.comments, lines.footer, values
            ),
            resumed=self.resumed,
        )


def _identity_of(contract: LoadedContract) -> ContractIdentity:
    document = contract.document
    return ContractIdentity(id=document.contract, version=document.version, sha256=contract.sha256)
