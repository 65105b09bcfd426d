"""Reads the records of a sample in chunks, with the reader that runs use."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from callcenter_etl.contract.loader import load_document
from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.errors import SampleError
from callcenter_etl.judge.judged_chunks import JudgedChunk
from callcenter_etl.sources.chunk import Chunk
from callcenter_etl.sources.header import ColumnLayout
from callcenter_etl.sources.source import Block, Source
from callcenter_etl.sources.source_formats import open_source

Records = TypeVar("Records", Chunk, JudgedChunk)
OnBytes = Callable[[int, int | None], None]
FIRST_ROWS = 65_536  # rows of a chunk: small enough to drop impossible types early


def plain_document(columns: Sequence[Mapping[str, Any]], source: Mapping[str, Any]) -> ContractDocument:
    """Return a contract with a source format and columns, without rules."""
    return load_document({"contract": "sample", "source": dict(source), "columns": list(columns)}).document


@contextmanager
def open_sample(
    uri: str, document: ContractDocument, *, max_records: int | None, ignored: Collection[str] = ()
) -> Iterator[tuple[Source, ColumnLayout]]:
    """Open a sample under a contract's source format.

    Raises SampleError where the source is refused for another problem than those with the rule ids `ignored`.
    """
    # The last chunk is not cut, so chunks are not larger than the number of records asked for.
    rows = FIRST_ROWS if max_records is None else min(FIRST_ROWS, max(max_records, 1))
    with open_source(uri, document, chunk_rows=rows) as source:
        header = source.open()
        problems = [problem for problem in header.problems if problem.rule not in ignored]
        if problems:
            raise SampleError("\n".join(f"{source.uri}: {problem.message}" for problem in problems))
        yield source, header.layout


def reported_blocks(source: Source, on_bytes: OnBytes) -> Iterator[Block]:
    """Yield the blocks of a source, and report how far it was read after each."""
    for block in source.blocks():
        yield block
        on_bytes(source.stored_bytes, source.size)


def first_records(chunks: Iterable[Records], max_records: int | None) -> Iterator[Records]:
    """Yield chunks until they have `max_records` records, None for all; the last chunk may have more."""
    left = max_records
    for chunk in chunks:
        yield chunk
        if left is not None:
            left -= len(chunk)
            if left <= 0:
                return


def read_chunks(
    uri: str, document: ContractDocument, *, max_records: int | None, on_bytes: OnBytes
) -> Iterator[Chunk]:
    """Yield the records of a sample under a contract's source format, about `max_records` of them.

    Raises SampleError if the source is refused, SourceError if it cannot be read.
    """
    with open_sample(uri, document, max_records=max_records) as (source, _):
        blocks = reported_blocks(source, on_bytes)
        chunks = (chunk for block in blocks for chunk in block.parse().chunks)
        yield from first_records(chunks, max_records)
