"""Sort the sources of a report, worst first, and add up their counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from callcenter_etl.diagnostics.html.page_data import (
    FailedSource,
    RuleTotal,
    SourceRow,
    SourceSection,
    Totals,
)
from callcenter_etl.run.summary import VERDICTS

# The table of verdicts goes from best to worst, so a position in it is a rank.
_RANKS = {status: rank for rank, status in enumerate(VERDICTS)}
UNFINISHED = "error"


def rank_of(status: str) -> int:
    """Return the rank of a status: 0 for passed, the highest for an unfinished run."""
    return _RANKS[status]


def worst_first(sections: Iterable[SourceSection]) -> tuple[SourceSection, ...]:
    """Return sources by verdict, then by share of rejects, then by rejects; those that are equal keep their order."""
    # Python's sort keeps equal elements in order with `reverse` too.
    return tuple(sorted(sections, key=_badness, reverse=True))


def _badness(section: SourceSection) -> tuple[int, float, int]:
    records = section.summary.records
    share = records.rejected / records.read if records.read else 0.0
    return rank_of(section.summary.status), share, records.rejected


def source_rows(
    sections: Sequence[SourceSection], unfinished: Sequence[FailedSource]
) -> tuple[SourceRow, ...]:
    """Return one row for each source in the order of the page; sources without a section come first."""
    failed = [SourceRow(each.source, UNFINISHED, None, each.cause, None, None, None) for each in unfinished]
    finished = []
    for number, section in enumerate(sections, start=1):
        summary, records = section.summary, section.summary.records
        anchor = f"source-{number}"
        counts = (records.read, records.accepted, records.rejected)
        finished.append(SourceRow(summary.source.uri, summary.status, anchor, None, *counts))
    return (*failed, *finished)


def totals_of(sections: Sequence[SourceSection], unfinished: Sequence[FailedSource]) -> Totals:
    """Return the sums over all finished runs."""
    records = [section.summary.records for section in sections]
    return Totals(
        sources=len(sections) + len(unfinished),
        unfinished=len(unfinished),
        size=sum(section.summary.source.bytes for section in sections),
        read=sum(each.read for each in records),
        accepted=sum(each.accepted for each in records),
        rejected=sum(each.rejected for each in records),
        malformed=sum(each.malformed for each in records),
        warned=sum(each.warned for each in records),
    )


def rule_totals_of(sections: Iterable[SourceSection]) -> tuple[RuleTotal, ...]:
    """Return the violated rules of all sources, most violated first."""
    totals: dict[str, RuleTotal] = {}
    for section in sections:
        for each in section.rule_sections:
            before = totals.get(each.rule, RuleTotal(each.rule, each.severity, 0, 0))
            totals[each.rule] = RuleTotal(
                each.rule, each.severity, before.broken + each.broken, before.sources + 1
            )
    return tuple(sorted(totals.values(), key=lambda total: -total.broken))
