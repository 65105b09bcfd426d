"""Source formats by name; each format is one module with a `LineFormat`, and one entry in the table below."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.contract.source_format import DELIMITED, EXCEL, FIXED_WIDTH
from callcenter_etl.sources.delimited_format import delimited_format
from callcenter_etl.sources.excel_format import excel_format
from callcenter_etl.sources.fixed_width_format import fixed_width_format
from callcenter_etl.sources.line_format import LineFormat
from callcenter_etl.sources.line_source import LineSource
from callcenter_etl.sources.source import BLOCK_BYTES, Source
from callcenter_etl.sources.source_position import SourceOffset

# The only place that names the formats: engines and tools open sources through `open_source`.
SOURCE_FORMATS: Mapping[str, Callable[[ContractDocument], LineFormat]] = {
    DELIMITED: delimited_format,
    FIXED_WIDTH: fixed_width_format,
    EXCEL: excel_format,
}


def source_format(document: ContractDocument) -> LineFormat:
    """Return the format of sources that a contract declares."""
    return SOURCE_FORMATS[document.source.format](document)


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
    return LineSource(
        uri,
        document,
        source_format(document),
        block_bytes=block_bytes,
        chunk_rows=chunk_rows,
        passed=passed,
    )
