"""Counts the records of one chunk by what became of them, and keeps diagnostics of the first of each rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import cast

import numpy as np

from callcenter_etl.diagnostic import Diagnostic, Location, Severity
from callcenter_etl.judge.judged_chunks import JudgedChunk
from callcenter_etl.judge.tally import RuleTally, Tally, max_samples
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.rules.masks import Mask
from callcenter_etl.rules.rule import Rule
from callcenter_etl.sources.chunk import Chunk
from callcenter_etl.sources.framing import STRUCTURAL_RULES, MalformedRecord


def count_chunk(judged: JudgedChunk, rules: Sequence[Rule], reasons: Mapping[str, Sequence[str]]) -> Tally:
    """Return the counts of one chunk. `reasons` has the first reasons of each rule of severity error."""
    counts = Tally()
    chunk, verdict = judged.chunk, judged.verdict
    counts.count_records(judged.rejected, chunk.stops - chunk.starts, chunk.line_counts)
    # The record was counted with its first piece; its other bytes go the same way.
    counts.rejected.bytes += chunk.continued_bytes
    counts.malformed = len(chunk.malformed)
    counts.warned = int(verdict.warned.sum())
    # In the order of their first record, which is the order that the summary lists them in.
    malformed = defaultdict[str, list[MalformedRecord]](list)
    for each in chunk.malformed:
        malformed[STRUCTURAL_RULES[each.status]].append(each)
    for rule_id, found in malformed.items():
        counts.structural(rule_id).add(len(found), _malformed_samples(chunk, rule_id, found))

    @cache  # wide records violate hundreds of rules, and the first records of one are mostly those of the next
    def location(record: int) -> Location:
        return _location(chunk, int(chunk.sound[record]))

    masks = {**verdict.masks, **verdict.information}
    for rule in rules:
        if rule.id in masks:
            counts.rules[rule.id] = _tally(
                rule, verdict.columns, masks[rule.id], reasons.get(rule.id), location
            )
    return counts


def _malformed_samples(chunk: Chunk, rule: str, found: Sequence[MalformedRecord]) -> list[Diagnostic]:
    return [
        Diagnostic(rule, m.reason, location=_location(chunk, m.record)) for m in found[: max_samples("error")]
    ]


def _tally(
    rule: Rule,
    columns: ChunkColumns,
    mask: Mask,
    reasons: Sequence[str] | None,
    location: Callable[[int], Location],
) -> RuleTally:
    first = np.flatnonzero(mask)[: max_samples(rule.severity)]
    if reasons is None:  # the exceptions have reasons of errors alone
        reasons = rule.reasons(columns, first).to_pylist()
    values = rule.shown(columns, first)
    tally = RuleTally(rule.severity)
    samples = [
        Diagnostic(
            rule.id,
            reason,
            severity=cast("Severity", rule.severity),  # the model admits no other words
            location=location(record),
            path=rule.column or "",
            value=value,
        )
        for record, reason, value in zip(first.tolist(), reasons, values, strict=True)
    ]
    tally.add(int(np.count_nonzero(mask)), samples)
    return tally


def _location(chunk: Chunk, record: int) -> Location:
    """Return the place where a record of the chunk begins; the file is added where it is reported."""
    return Location(line=int(chunk.lines[record]), byte=chunk.offset + int(chunk.starts[record]))
