"""Source formats by name; each format is one module with a `Source`, and one entry in the table below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.sources.delimited_source import DelimitedSource
from callcenter_etl.sources.source import BLOCK_BYTES, Source
from callcenter_etl.sources.source_position import SourceOffset

DELIMITED = "delimited"


class OpenSource(Protocol):
    """Constructor of the `Source` of a format."""

    def __call__(
        self,
        uri: str,
        document: ContractDocument,
        *,
        block_bytes: int,
        chunk_rows: int | None,
        passed: SourceOffset | None,
    ) -> Source:
        """Return the source; see `open_source`."""


# The only place that names the classes: engines and tools open sources through `open_source`.
SOURCE_FORMATS: Mapping[str, OpenSource] = {DELIMITED: DelimitedSource}


def open_source(
    uri: str,
    document: ContractDocument,
    *,
    block_bytes: int = BLOCK_BYTES,
    chunk_rows: int | None = None,
    passed: SourceOffset | None = None,
) -> Source:
    """Return the source at an address, in the format that the contract declares. Raises SourceError.

    `block_bytes` are read at a time, and a chunk has at most `chunk_rows` records (None: all of a block). With
    `passed`, the position of a checkpoint, the source checks that the bytes before it are still the same.
    """
    # Contracts cannot declare another format yet, so there is no key to look up.
    return SOURCE_FORMATS[DELIMITED](
        uri, document, block_bytes=block_bytes, chunk_rows=chunk_rows, passed=passed
    )
