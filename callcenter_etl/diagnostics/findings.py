"""What reports for other programs show: each broken rule with its first records, and where its line stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from callcenter_etl.api_contract import Contract
from callcenter_etl.contract.loader import LoadedContract
from callcenter_etl.diagnostics.rule_texts import rule_texts
from callcenter_etl.errors import SourceError
from callcenter_etl.logs import get_logger
from callcenter_etl.run.result import RunResult
from callcenter_etl.run.summary import RuleCount, Summary, exit_code, exit_code_for
from callcenter_etl.writers.rejections import Rejection

MAX_A_RULE = 10
_JOINT = "; "
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    """One record that broke a rule; no line where an earlier run did not keep it."""

    line: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A rule that `broken` records of a source violate, and the first of them.

    `fails`: whether these records fail the command, by the limits of the contract and by `--fail-on`. A job that is
    green must not show errors, so renderers take the level from this and not from the severity.
    """

    rule: str
    severity: str
    broken: int
    findings: tuple[Finding, ...]
    fails: bool = True

    @property
    def level(self) -> str:
        """`error` where the rule fails the command, `warning` otherwise."""
        return "error" if self.fails else "warning"

    @property
    def left_out(self) -> str | None:
        """How many of the records are reported, and why not all; None where all are."""
        if len(self.findings) == self.broken:
            return None
        why = (
            "--max-findings N shows more"
            if self.severity == "error"
            else "of a warning only the first is known"
        )
        return f"{len(self.findings):,} of {self.broken:,} records shown ({why})"


@dataclass(frozen=True, slots=True)
class SourceFindings:
    """One run: its summary, and the broken rules in contract order."""

    summary: Summary
    broken: tuple[BrokenRule, ...]
    fails: bool = True

    @property
    def level(self) -> str:
        """`error` where the source fails the command, `warning` otherwise."""
        return "error" if self.fails else "warning"


@dataclass(frozen=True, slots=True)
class FailedRun:
    """A source whose run could not be finished, and the cause."""

    source: str
    cause: str


@dataclass(frozen=True, slots=True)
class Report:
    """All that one command found, under one contract, and the exit code that it ends with."""

    contract: LoadedContract
    sources: tuple[SourceFindings, ...]
    unfinished: tuple[FailedRun, ...]
    fail_on: str
    exit_code: int

    def place_of(self, rule: str) -> tuple[int, int] | None:
        """Return line and column of a rule in the contract."""
        return self.contract.rule_positions.get(rule)


def report_of(
    results: Sequence[RunResult],
    contract: Contract,
    *,
    unfinished: tuple[FailedRun, ...] = (),
    most: int = MAX_A_RULE,
    fail_on: str = "reject",
    exit_code: int = 0,
) -> Report:
    """Put together what the renderers for other programs show: `most` records a rule, the first of them.

    The records come from the published exceptions; where these cannot be read, and for warnings, which are not in
    there, only the first record of each rule is known.
    """
    texts = rule_texts(contract.document)
    sources = tuple(
        SourceFindings(
            result.record,
            _broken_rules(result, texts, most=most, failing=_failing_severities(result.record, fail_on)),
            fails=exit_code_for(result.record, fail_on) != 0,
        )
        for result in results
    )
    return Report(contract.loaded, sources, unfinished, fail_on, exit_code)


def _failing_severities(summary: Summary, fail_on: str) -> frozenset[str]:
    """Return the severities that fail the command for a run: rejects within a declared limit fail nothing."""
    rejects = exit_code(summary.status) != 0 and fail_on != "never"
    return frozenset({"error"} if rejects else ()) | frozenset({"warn"} if fail_on == "warn" else ())


def _broken_rules(
    result: RunResult, texts: Mapping[str, str], *, most: int, failing: frozenset[str]
) -> tuple[BrokenRule, ...]:
    counts = {rule: count for rule, count in result.record.rules.items() if count.broken}
    wanted = {rule: min(most, count.broken) for rule, count in counts.items() if count.severity == "error"}
    found: dict[str, list[Finding]] = {rule: [] for rule in wanted}
    try:
        with closing(result.rejections()) as rejections:
            _collect(rejections, wanted, found, texts)
    except SourceError as error:
        _log.warning("exceptions_not_read", run_id=result.record.run_id, cause=str(error))
    return tuple(
        BrokenRule(
            rule,
            count.severity,
            count.broken,
            tuple(found.get(rule) or _first(count, texts[rule])),
            fails=count.severity in failing,
        )
        for rule, count in counts.items()
    )


def _first(count: RuleCount, text: str) -> list[Finding]:
    return [Finding(count.first_line, count.sample_reason or text)]


def _collect(
    rejections: Iterator[Rejection],
    wanted: Mapping[str, int],
    found: dict[str, list[Finding]],
    texts: Mapping[str, str],
) -> None:
    """Fill `found` up to `wanted`, reading no further than that takes."""
    missing = {rule for rule, most in wanted.items() if most}
    while missing and (rejection := next(rejections, None)) is not None:
        rules = _rules_in(rejection.rules, texts)
        if missing.isdisjoint(rules):
            continue
        for rule, reason in zip(rules, _reasons_in(rejection.reasons, rules, texts), strict=True):
            if rule in missing:
                found[rule].append(Finding(rejection.line, reason))
                missing -= {rule} if len(found[rule]) == wanted[rule] else set()


def _rules_in(joined: str, known: Mapping[str, str]) -> list[str]:
    """Take joined rule ids apart; an id may hold what joins them."""
    rules, pending = [], ""
    for part in joined.split(_JOINT):
        pending = f"{pending}{_JOINT}{part}" if pending else part
        if pending in known:
            rules.append(pending)
            pending = ""
    return rules


def _reasons_in(joined: str, rules: list[str], texts: Mapping[str, str]) -> list[str]:
    """Take joined reasons apart; where a value holds what joins them, give what each rule asks for instead."""
    if len(rules) == 1:
        return [joined]
    sizes = [texts[rule].count(_JOINT) + 1 for rule in rules]
    parts = joined.split(_JOINT)
    if len(parts) != sum(sizes):
        return [texts[rule] for rule in rules]
    starts = [sum(sizes[:index]) for index in range(len(sizes))]
    return [_JOINT.join(parts[start : start + size]) for start, size in zip(starts, sizes, strict=True)]
