"""The data of a report as frozen values, collected once before rendering."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from callcenter_etl.run.summary import Summary


@dataclass(frozen=True, slots=True)
class Strip:
    """The distribution of rejected records: counts by stretch of `width` lines, shape (stretches,).

    `by_rule` has such counts for each violated rule; a record may be in several, so their sum may exceed `rejected`.
    """

    lines: int
    width: int
    rejected: tuple[int, ...]
    by_rule: Mapping[str, tuple[int, ...]]

    def stretch(self, index: int) -> tuple[int, int]:
        """Return the first and the last line of a stretch."""
        # The last stretch may be shorter than the others.
        return index * self.width + 1, min((index + 1) * self.width, self.lines)


@dataclass(frozen=True, slots=True)
class Example:
    """A record that violates a rule: its line, and the displayed values of the rule's columns."""

    line: int
    place: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RuleSection:
    """A violated rule: the number of its records, its sentence, and a few examples."""

    rule: str
    severity: str
    broken: int
    sentence: str
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class MalformedExample:
    """A malformed record; `text` is its delimiters and quotes, or its whole text."""

    line: int
    place: str
    rule: str
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class CauseLine:
    """A cause of rejects: a sentence, and the YAML of the change that it proposes.

    `withheld`: the YAML is left out because it holds a hidden value.
    """

    rule: str
    sentence: str
    yaml: str | None
    withheld: bool


@dataclass(frozen=True, slots=True)
class CauseSection:
    """The causes of the rejects of a run, most frequent first; `others` is the text for the remaining ones."""

    heading: str
    causes: tuple[CauseLine, ...]
    others: str


@dataclass(frozen=True, slots=True)
class SourceSection:
    """The section of one source. `strip` is None if the exceptions could not be read; `gap` has the cause.

    `causes` is None without rejects, and where no cause was found; then `causes_gap` says why.
    `malformed_in_full`: malformed records are shown with their whole text.
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
    """A source with an unfinished run, and the cause."""

    source: str
    cause: str


@dataclass(frozen=True, slots=True)
class ContractFacts:
    """The contract of a report, and its contact."""

    id: str
    version: str
    sha256: str
    description: str | None
    owner: str | None
    max_rejected: str | None
    min_records: int | None


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row of the table of sources: status and counts of a run, None for an unfinished run.

    `anchor` is the id of its section on the page; without a section, `cause` says why.
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
    """The sums over the finished runs of a page; `unfinished` sources are not included."""

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
    """A rule violated in any source: the number of records, and the number of sources with such records."""

    rule: str
    severity: str
    broken: int
    sources: int


@dataclass(frozen=True, slots=True)
class ReportData:
    """The data of one page, the source with the worst result first.

    `past` has earlier runs in order of time; `past_gap` says why there are none. `values` is the display of values.
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
