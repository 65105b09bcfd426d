"""Last step of a block in every engine: convert its judged records to bytes for each file, and count them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from callcenter_etl.engines.chunk_counts import count_chunk
from callcenter_etl.judge.judged_chunks import JudgedChunk
from callcenter_etl.judge.tally import Tally
from callcenter_etl.judge.validator import Validator
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
    counts.surroundings.comments = parsed.comments
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
        counts.merge(count_chunk(each, validator.counted_rules, reject_reasons.samples))
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
