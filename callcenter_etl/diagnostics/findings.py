"""Collect the findings of a command: diagnostics of the problems of each source and of the first records of each violated rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from callcenter_etl.api_contract import Contract
from callcenter_etl.contract.loader import LoadedContract
from callcenter_etl.diagnostic import INFO, Diagnostic, Location
from callcenter_etl.diagnostics.rule_texts import rule_texts
from callcenter_etl.errors import CallcenterEtlError, SourceError
from callcenter_etl.logs import get_logger
from callcenter_etl.run.exceptions_file import ExceptionsFile
from callcenter_etl.run.reject_diagnostics import first_rejects
from callcenter_etl.run.result import RunResult
from callcenter_etl.run.summary import RuleCount, Summary, exit_code

# As many as a run keeps of each rule, so that by default no exceptions have to be read back.
MAX_A_RULE = 10
UNFINISHED = "run.unfinished"  # the rule of a source with an unfinished run
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ViolatedRule:
    """A rule that `broken` records of a source violate, and diagnostics of the first of them.

    `fails`: whether these records fail the command, by the limits of the contract and by `--fail-on`. A job that is
    green must not show errors, so renderers take the level from this and not from the severity.
    """

    rule: str
    severity: str
    broken: int
    diagnostics: tuple[Diagnostic, ...]
    fails: bool = True

    @property
    def level(self) -> str:
        """`error` where the rule fails the command, `warning` otherwise."""
        return "error" if self.fails else "warning"

    @property
    def left_out(self) -> str | None:
        """The number of reported records and why others are missing; None if all are reported."""
        if len(self.diagnostics) == self.broken:
            return None
        why = (
            "--max-findings N shows more"
            if self.severity == "error"
            else "of a warning only the first is known"
        )
        return f"{len(self.diagnostics):,} of {self.broken:,} records shown ({why})"


@dataclass(frozen=True, slots=True)
class SourceFindings:
    """The findings of one run: its summary, its problems, and the violated rules in contract order.

    `failing` has the severities that fail the command for this run.
    """

    summary: Summary
    problems: tuple[Diagnostic, ...]
    violated: tuple[ViolatedRule, ...]
    failing: frozenset[str]

    def level_of(self, problem: Diagnostic) -> str:
        """Return `error` where a problem fails the command, `warning` otherwise."""
        return "error" if problem.severity in self.failing else "warning"


@dataclass(frozen=True, slots=True)
class Report:
    """The findings of one command under one contract, and its exit code.

    `unfinished` has a diagnostic for each source with an unfinished run.
    """

    contract: LoadedContract
    sources: tuple[SourceFindings, ...]
    unfinished: tuple[Diagnostic, ...]
    fail_on: str
    exit_code: int

    def place_of(self, rule: str) -> tuple[int, int] | None:
        """Return line and column of a rule in the contract."""
        return self.contract.rule_positions.get(rule)


def report_of(
    results: Sequence[RunResult],
    contract: Contract,
    *,
    unfinished: Sequence[tuple[str, CallcenterEtlError]] = (),
    most: int = MAX_A_RULE,
    fail_on: str = "reject",
    exit_code: int = 0,
) -> Report:
    """Return the input of the renderers: the first `most` records of each rule, none if `most` is 0.

    They are those that the run kept. Only where more are wanted than it keeps, or where the run ended before this
    command, the published exceptions are read; these have no warnings, of which then only the rule is known.
    """
    texts = rule_texts(contract.document)
    sources = tuple(
        SourceFindings(
            result.record,
            tuple(_in_source(problem, result.record) for problem in result.record.problems),
            _violated_rules(result, contract, texts, most=most, fail_on=fail_on),
            _failing_severities(result.record, fail_on),
        )
        for result in results
    )
    failed = tuple(
        Diagnostic(UNFINISHED, str(error), location=Location(source)) for source, error in unfinished
    )
    return Report(contract.loaded, sources, failed, fail_on, exit_code)


def _in_source(problem: Diagnostic, summary: Summary) -> Diagnostic:
    """Return a problem of a whole source located on its first line, where the header is, or would be."""
    return replace(problem, location=Location(summary.source.uri, line=problem.location.line or 1))


def _failing_severities(summary: Summary, fail_on: str) -> frozenset[str]:
    """Return the severities that fail the command for a run: rejects within a declared limit fail nothing."""
    rejects = exit_code(summary.status) != 0 and fail_on != "never"
    return frozenset({"error"} if rejects else ()) | frozenset({"warn"} if fail_on == "warn" else ())


def _violated_rules(
    result: RunResult, contract: Contract, texts: Mapping[str, str], *, most: int, fail_on: str
) -> tuple[ViolatedRule, ...]:
    failing, source = _failing_severities(result.record, fail_on), result.record.source.uri
    counts = {
        rule: count
        for rule, count in result.record.rules.items()
        if count.broken and count.severity != INFO  # which nothing violates
    }
    read = _read_where_unknown(result, contract, counts, most=most)
    return tuple(
        ViolatedRule(
            rule,
            count.severity,
            count.broken,
            tuple(
                each.in_file(source)
                for each in (read.get(rule) or count.samples)[:most]
                # Without a known record the rule's own sentence is the finding, so that the rule is not lost.
                or (_without_record(rule, count, texts[rule]),)
            ),
            fails=count.severity in failing,
        )
        for rule, count in counts.items()
    )


def _read_where_unknown(
    result: RunResult, contract: Contract, counts: Mapping[str, RuleCount], *, most: int
) -> Mapping[str, tuple[Diagnostic, ...]]:
    """Return diagnostics of the rules of which the run kept fewer records than requested."""
    wanted = {
        rule: min(most, count.broken)
        for rule, count in counts.items()
        # Not for warnings: their records are in the target, so the exceptions do not have them.
        if count.severity == "error" and len(count.samples) < min(most, count.broken)
    }
    if not wanted:
        return {}
    read: dict[str, list[Diagnostic]] = {}
    try:
        first_rejects(ExceptionsFile(result.exceptions_uris(), contract.document), wanted, read)
    # The output may have been replaced or removed since; the other findings are reported all the same.
    except SourceError as error:
        _log.warning("exceptions_not_read", run_id=result.record.run_id, cause=str(error))
    return {rule: tuple(found) for rule, found in read.items()}


def _without_record(rule: str, count: RuleCount, text: str) -> Diagnostic:
    """Return the sentence of a rule that has no known record."""
    return Diagnostic(rule, text, severity="error" if count.severity == "error" else "warn")
