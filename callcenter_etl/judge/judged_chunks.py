"""Loop over the records of a source: parse each block, look up its keys, judge its records by every rule.

`judged_chunks` is the whole loop. A caller that distributes it to threads or tasks calls its steps in the same order:
`Block.parse` (any thread), `keyed_columns` (in the order of the source), `judge_chunk` (any thread).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from callcenter_etl.judge.unique_keys import KeyLines
from callcenter_etl.judge.validator import Validator, Verdict
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.rules.masks import Mask
from callcenter_etl.sources.chunk import Chunk
from callcenter_etl.sources.header import ColumnLayout
from callcenter_etl.sources.source import Block, ParsedBlock


@dataclass(frozen=True, slots=True)
class JudgedChunk:
    """The records of a chunk with their verdict; `rejected` has the shape (records,), malformed records included."""

    chunk: Chunk
    verdict: Verdict
    rejected: Mask

    def __len__(self) -> int:
        return len(self.chunk)


def judged_chunks(
    blocks: Iterable[Block], *, layout: ColumnLayout, validator: Validator, keys: KeyLines
) -> Iterator[JudgedChunk]:
    """Yield every chunk of a source's blocks, judged, in the order of the source, with one block in memory.

    A record over the size limit is one malformed record; its further pieces come as chunks without records. Raises
    SourceError where the source cannot be read, OutputError where keys cannot be kept on disk.
    """
    for block in blocks:
        yield from judged_block(block.parse(), layout=layout, validator=validator, keys=keys)


def judged_block(
    parsed: ParsedBlock, *, layout: ColumnLayout, validator: Validator, keys: KeyLines
) -> Iterator[JudgedChunk]:
    """Yield every chunk of a parsed block, judged."""
    # Lazily: the caller writes a chunk before the next one is judged, so that one verdict is in memory.
    for chunk in parsed.chunks:
        yield judge_chunk(validator, chunk, keyed_columns(validator, chunk, layout, keys))


def keyed_columns(validator: Validator, chunk: Chunk, layout: ColumnLayout, keys: KeyLines) -> ChunkColumns:
    """Return the columns of a chunk's sound records with the first lines of repeated keys.

    Call it in the order of the source, since the first occurrence of a key is the one on the lowest line.
    """
    return with_key_lines(validator.columns_of(chunk, layout), keys)


def with_key_lines(columns: ChunkColumns, keys: KeyLines) -> ChunkColumns:
    """Return columns, which need not come from a chunk, with the first lines of repeated keys."""
    # The copy shares the masks of blank values that the lookup of the keys has computed.
    return replace(columns, first_lines=keys.first_lines(columns))


def judge_chunk(validator: Validator, chunk: Chunk, columns: ChunkColumns) -> JudgedChunk:
    """Return a chunk judged by every rule; malformed records are rejected without one."""
    verdict = validator.judge(columns)
    # The verdict is on sound records only: `chunk.sound` maps them to the chunk's records.
    rejected = np.zeros(len(chunk), dtype=bool)
    rejected[[malformed.record for malformed in chunk.malformed]] = True
    rejected[chunk.sound[verdict.rejected]] = True
    return JudgedChunk(chunk, verdict, rejected)
