"""The last step of the core in every engine: a judged block becomes bytes for each file and counts."""

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
    """How the records of one source are written: their columns, and the encoding of their bytes.

    `typed` None: the target takes the records' own bytes.
    """

    layout: ColumnLayout
    encoding: str
    cells: Cells = RAW
    typed: ConversionPlan | None = None


@dataclass(frozen=True, slots=True)
class RoutedBlock:
    """The bytes of the records of a block for each file, chunk by chunk, and the counts of the block."""

    routed: tuple[Routed, ...]
    counts: Tally


def route_block(
    validator: Validator, parsed: ParsedBlock, judged: Iterable[JudgedChunk], shape: RoutingFormat
) -> RoutedBlock:
    """Put the records of a judged block into their places."""
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
        counts.merge(count_chunk(each, validator.rules, reject_reasons.samples))
    return RoutedBlock(tuple(routed), counts)


def write_block(done: RoutedBlock, router: Router, accounts: Tally) -> None:
    """Write the block that is next in the order of the source, and count it."""
    for routed in done.routed:
        router.write(routed)
    accounts.merge(done.counts)


def _typed(shape: RoutingFormat, judged: JudgedChunk) -> pa.RecordBatch | None:
    if shape.typed is None:
        return None
    verdict = judged.verdict
    return cast_records(shape.typed, verdict.columns, judged.chunk.values, ~verdict.rejected)
