"""Reads the records of a sample in chunks, with the reader that runs use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from callcenter_etl.contract.loader import load_document
from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.engines.block_steps import BlockFormat, parse_block
from callcenter_etl.errors import SampleError
from callcenter_etl.sources.byte_buffer import OversizedRecord
from callcenter_etl.sources.chunk import Chunk
from callcenter_etl.sources.framing import STRUCTURAL_RULES, TOO_LONG
from callcenter_etl.sources.header import ColumnLayout
from callcenter_etl.sources.source_reader import SourceReader

OnBytes = Callable[[int, int | None], None]
FIRST_ROWS = 65_536  # rows of a chunk: small enough to drop impossible types early


@dataclass(frozen=True, slots=True)
class LongRecord:
    """A record over the size limit; only its line is known."""

    line: int
    rule: str = STRUCTURAL_RULES[TOO_LONG]


def plain_document(columns: Sequence[Mapping[str, Any]], source: Mapping[str, Any]) -> ContractDocument:
    """Return a contract with a source format and columns, without rules."""
    return load_document({"contract": "sample", "source": dict(source), "columns": list(columns)}).document


def read_chunks(
    uri: str, document: ContractDocument, *, max_records: int | None, on_bytes: OnBytes
) -> Iterator[tuple[Chunk | LongRecord, ColumnLayout]]:
    """Yield the records of a sample in chunks, in the source format of a contract, at most `max_records`.

    Raises SampleError if the source is refused, SourceError if it cannot be read.
    """
    with SourceReader(uri, document) as reader:
        opening = reader.open()
        if opening.problems:
            raise SampleError("\n".join(f"{reader.uri}: {problem.message}" for problem in opening.problems))
        rows = FIRST_ROWS if max_records is None else min(FIRST_ROWS, max(max_records, 1))
        shape = BlockFormat(opening.layout, reader.dialect, chunk_rows=rows)
        left = max_records
        for item in reader.blocks(opening.layout):
            pieces: Sequence[Chunk | LongRecord] = (
                _long(item) if isinstance(item, OversizedRecord) else parse_block(item, shape).chunks
            )
            for piece in pieces:
                if left is not None:
                    left -= len(piece) if isinstance(piece, Chunk) else 1
                yield piece, opening.layout
                if left is not None and left <= 0:
                    return
            on_bytes(reader.stored_bytes, reader.size)


def _long(piece: OversizedRecord) -> Sequence[LongRecord]:
    return (LongRecord(piece.line),) if piece.first else ()
