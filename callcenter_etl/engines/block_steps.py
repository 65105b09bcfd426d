"""The two steps of the core that every engine takes: a block becomes chunks, chunks become bytes and counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from callcenter_etl.engines.chunk_counts import count_chunk
from callcenter_etl.judge.tally import Tally
from callcenter_etl.judge.validator import Validator, Verdict
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.sources.chunk import Chunk, parse_chunk
from callcenter_etl.sources.dialect import Dialect
from callcenter_etl.sources.framing import Frame, frame_block
from callcenter_etl.sources.header import ColumnLayout
from callcenter_etl.sources.source_reader import Block
from callcenter_etl.writers.csv_injection import RAW, Cells
from callcenter_etl.writers.router import Routed, route_chunk
from callcenter_etl.writers.tables.type_conversion import ConversionPlan, cast_records


@dataclass(frozen=True, slots=True)
class BlockFormat:
    """How the blocks of one source are cut into chunks of values, and how its records are written.

    `chunk_rows` None: a chunk a block. `typed` None: the target takes the records' own bytes.
    """

    layout: ColumnLayout
    dialect: Dialect
    chunk_rows: int | None = None
    cells: Cells = RAW
    typed: ConversionPlan | None = None


@dataclass(frozen=True, slots=True)
class ParsedBlock:
    """The chunks of a block, and what it held besides records."""

    chunks: tuple[Chunk, ...]
    blank_lines: int
    blank_bytes: int


@dataclass(frozen=True, slots=True)
class JudgedBlock:
    """Where the records of a block go, chunk by chunk, and what was counted."""

    routed: tuple[Routed, ...]
    counts: Tally


def parse_block(item: Block | Frame, shape: BlockFormat) -> ParsedBlock:
    """Frame a block where that is not yet done, and parse it to chunks."""
    fields = shape.layout.fields
    frame = item
    if isinstance(frame, Block):
        frame = frame_block(
            frame.raw,
            dialect=shape.dialect,
            fields=fields,
            first_line=frame.first_line,
            offset=frame.offset,
            final=True,
        )
    rows = shape.chunk_rows or max(len(frame), 1)
    chunks = tuple(
        parse_chunk(frame, first=first, last=min(first + rows, len(frame)), fields=fields)
        for first in range(0, len(frame), rows)
    )
    return ParsedBlock(chunks, frame.blank_lines, frame.blank_bytes)


def judge_block(
    validator: Validator, block: ParsedBlock, columns: Sequence[ChunkColumns], shape: BlockFormat
) -> JudgedBlock:
    """Ask every rule about the records of a block and put them into their places.

    `columns` are those of each chunk, with the first lines of repeated keys.
    """
    counts = Tally(blank_lines=block.blank_lines, blank_bytes=block.blank_bytes)
    routed = []
    for chunk, of_chunk in zip(block.chunks, columns, strict=True):
        verdict = validator.judge(of_chunk)
        rejected = np.zeros(len(chunk), dtype=bool)
        rejected[[m.record for m in chunk.malformed]] = True
        rejected[chunk.sound[verdict.rejected]] = True
        reject_reasons = validator.reject_reasons(verdict)
        routed.append(
            route_chunk(
                chunk,
                rejected,
                reject_reasons,
                encoding=shape.dialect.encoding,
                cells=shape.cells,
                typed=_typed(shape, chunk, verdict),
            )
        )
        counts.merge(count_chunk(chunk, verdict, rejected, validator.rules, reject_reasons.samples))
    return JudgedBlock(tuple(routed), counts)


def _typed(shape: BlockFormat, chunk: Chunk, verdict: Verdict) -> pa.RecordBatch | None:
    if shape.typed is None:
        return None
    return cast_records(shape.typed, verdict.columns, chunk.values, ~verdict.rejected)
