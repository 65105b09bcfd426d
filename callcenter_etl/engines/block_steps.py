"""Last step of a block in every engine: convert its judged records to bytes for each file, and count them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from callcenter_etl.judge.judged_chunks import JudgedChunk
from callcenter_etl.judge.tally import RuleTally, Tally
from callcenter_etl.judge.validator import Validator, Verdict
from callcenter_etl.rules.rule import Rule
from callcenter_etl.sources.framing import STRUCTURAL_RULES
from callcenter_etl.sources.header import ColumnLayout
from callcenter_etl.sources.source import ParsedBlock
from callcenter_etl.writers.csv_injection import RAW, Cells
from callcenter_etl.writers.router import Routed, Router, route_chunk
from callcenter_etl.writers.tables.type_conversion import ConversionPlan, cast_records


@dataclass(frozen=True, slots=True)
class RoutingFormat:
    """Format in which the records of a source are written: columns, encoding, exception cells.

    `typed` is None where the target gets the records' own bytes.
    """

    layout: ColumnLayout
    encoding: str
    cells: Cells = RAW
    typed: ConversionPlan | None = None


@dataclass(frozen=True, slots=True)
class RoutedBlock:
    """Bytes of a block's records for each file, chunk by chunk, and the counts of the block."""

    routed: tuple[Routed, ...]
    counts: Tally


def route_block(
    validator: Validator, parsed: ParsedBlock, judged: Iterable[JudgedChunk], shape: RoutingFormat
) -> RoutedBlock:
    """Return the bytes of a judged block's records for each file, and their counts."""
    counts = Tally(blank_lines=parsed.blank_lines, blank_bytes=parsed.blank_bytes)
    routed = []
    for each in judged:
        reject_reasons = validator.reject_reasons(each.verdict)
        routed.append(
            route_chunk(
                each.chunk,
                each.rejected,
                reject_reasons,
                encoding=shape.encoding,
                cells=shape.cells,
                typed=_typed(shape, each),
            )
        )
        counts.merge(_count(each, validator.rules, reject_reasons.samples))
    return RoutedBlock(tuple(routed), counts)


def write_block(done: RoutedBlock, router: Router, accounts: Tally) -> None:
    """Write a block, and add its counts; blocks must come in the order of the source."""
    for routed in done.routed:
        router.write(routed)
    accounts.merge(done.counts)


def _typed(shape: RoutingFormat, judged: JudgedChunk) -> pa.RecordBatch | None:
    if shape.typed is None:
        return None
    verdict = judged.verdict
    return cast_records(shape.typed, verdict.columns, judged.chunk.values, ~verdict.rejected)


def _count(judged: JudgedChunk, rules: tuple[Rule, ...], samples: Mapping[str, str]) -> Tally:
    counts = Tally()
    chunk, verdict = judged.chunk, judged.verdict
    counts.count_records(judged.rejected, chunk.stops - chunk.starts, chunk.line_counts)
    # The record was counted with its first piece; its other bytes go the same way.
    counts.rejected.bytes += chunk.continued_bytes
    counts.malformed = len(chunk.malformed)
    counts.warned = int(verdict.warned.sum())
    for m in chunk.malformed:
        counts.structural(STRUCTURAL_RULES[m.status]).add(1, int(chunk.lines[m.record]), m.reason)
    for rule in rules:
        if rule.id in verdict.masks:
            counts.rules[rule.id] = _tally(rule, verdict, samples.get(rule.id))
    return counts


def _tally(rule: Rule, verdict: Verdict, sample: str | None) -> RuleTally:
    mask = verdict.masks[rule.id]
    first = int(mask.argmax())
    if sample is None:  # a warning has no reason, as its record is accepted
        sample = str(rule.reasons(verdict.columns, np.array([first]))[0].as_py())
    tally = RuleTally(rule.severity)
    tally.add(int(np.count_nonzero(mask)), int(verdict.columns.lines[first]), sample)
    return tally
