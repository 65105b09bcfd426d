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
    """A record that broke a rule: where it stands, and the masked values of the rule's columns."""

    line: int
    place: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RuleSection:
    """A broken rule: how many records broke it, the sentence with a masked value, a few examples."""

    rule: str
    severity: str
    broken: int
    sentence: str
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class MalformedExample:
    """A record that cannot be read as fields; `text` keeps its delimiters and quotes alone, or is all of it."""

    line: int
    place: str
    rule: str
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class CauseLine:
    """A cause of rejects: a sentence, and the YAML of the change that it proposes.

    `withheld` where that YAML is left out because it holds a value that the page does not show.
    """

    rule: str
    sentence: str
    yaml: str | None
    withheld: bool


@dataclass(frozen=True, slots=True)
class CauseSection:
    """The causes behind the rejects of a run, the greatest first; `others` counts the lesser ones, in words."""

    heading: str
    causes: tuple[CauseLine, ...]
    others: str


@dataclass(frozen=True, slots=True)
class SourceSection:
    """The part of a report about one source. `strip` is None where the exceptions could not be looked at; `gap` says why.

    `causes` is None where nothing was rejected, or no cause could be found: then `causes_gap` says why.
    `malformed_in_full` says that malformed records are shown as they are.
    """

    summary: Summary
    already_done: bool
    kept: bool
    rule_sections: tuple[RuleSection, ...] = ()
    malformed: tuple[MalformedExample, ...] = ()
    strip: Strip | None = None
    gap: str | None = None
    notes: tuple[str, ...] = ()
    causes: CauseSection | None = None
    causes_gap: str | None = None
    malformed_in_full: bool = False


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run of the ledger under the same contract; `rate` is the share of rejected records, None if none was read."""

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
class SourceRow:
    """A source in the table of several: how its run ended, and its counts, None where the run was not finished.

    `anchor` is the id of its section on the page, `cause` says why there is none.
    """

    source: str
    status: str
    anchor: str | None
    cause: str | None
    read: int | None
    accepted: int | None
    rejected: int | None


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums over the finished runs of a page; `unfinished` sources are in none of them."""

    sources: int
    unfinished: int
    size: int
    read: int
    accepted: int
    rejected: int
    malformed: int
    warned: int


@dataclass(frozen=True, slots=True)
class RuleTotal:
    """A broken rule over all sources: the records that broke it, and the number of sources that have such."""

    rule: str
    severity: str
    broken: int
    sources: int


@dataclass(frozen=True, slots=True)
class ReportData:
    """All that one page shows, the sources that ended worst first.

    `past` holds runs in the order of time; `past_gap` says why there are none. `values` is how values are shown.
    """

    contract: ContractFacts
    sources: tuple[SourceSection, ...]
    unfinished: tuple[FailedSource, ...]
    past: tuple[PastRun, ...]
    past_gap: str | None
    written_at: str
    program: str
    values: str
    rows: tuple[SourceRow, ...]
    totals: Totals
    rule_totals: tuple[RuleTotal, ...]
