"""What a report shows, as frozen values: gathered once, then only rendered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from callcenter_etl.run.summary import Summary


@dataclass(frozen=True, slots=True)
class Strip:
    """Where the rejected records stand: counts by stretch of `width` lines, of shape (stretches,).

    `by_rule` counts for each broken rule the records that broke it, so that its sum may be more than `rejected`'s.
    """

    lines: int
    width: int
    rejected: tuple[int, ...]
    by_rule: Mapping[str, tuple[int, ...]]

    def stretch(self, index: int) -> tuple[int, int]:
        """Return the first and the last line of a stretch."""
        return index * self.width + 1, min((index + 1) * self.width, self.lines)


@dataclass(frozen=True, slots=True)
class Example:
    """One record that broke a rule: where it stands, and the masked values of the rule's columns."""

    line: int
    place: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RuleSection:
    """One broken rule: how many records broke it, the sentence with a masked value, a few examples."""

    rule: str
    severity: str
    broken: int
    sentence: str
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class MalformedExample:
    """One record that cannot be read as fields; `skeleton` keeps its delimiters and quotes alone."""

    line: int
    place: str
    rule: str
    reason: str
    skeleton: str


@dataclass(frozen=True, slots=True)
class SourceSection:
    """What is reported of one source. `strip` is None where the exceptions could not be looked at; `gap` says why."""

    summary: Summary
    already_done: bool
    kept: bool
    rule_sections: tuple[RuleSection, ...] = ()
    malformed: tuple[MalformedExample, ...] = ()
    strip: Strip | None = None
    gap: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PastRun:
    """One run of the ledger under the same contract; `rate` is the share of rejected records, None if none was read."""

    run_id: str
    status: str
    source: str
    started_at: str
    read: int | None
    rejected: int | None
    rate: float | None
    reported: bool


@dataclass(frozen=True, slots=True)
class FailedSource:
    """A source whose run could not be finished, and why."""

    source: str
    cause: str


@dataclass(frozen=True, slots=True)
class ContractFacts:
    """Which contract, and whom to ask."""

    id: str
    version: str
    sha256: str
    description: str | None
    owner: str | None
    max_rejected: str | None
    min_records: int | None


@dataclass(frozen=True, slots=True)
class ReportData:
    """All that one page shows. `past` holds runs in the order of time; `past_gap` says why there are none."""

    contract: ContractFacts
    sources: tuple[SourceSection, ...]
    unfinished: tuple[FailedSource, ...]
    past: tuple[PastRun, ...]
    past_gap: str | None
    written_at: str
    program: str
