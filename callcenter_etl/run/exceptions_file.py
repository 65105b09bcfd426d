"""Reads the exceptions that a run published back, a block at a time: the one reader of `exceptions.csv`."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.contract.model import Column, ContractDocument, SourceFormat
from callcenter_etl.contract.names import REJECT_COLUMNS
from callcenter_etl.contract.run_defaults import RunDefaults
from callcenter_etl.errors import SourceError
from callcenter_etl.run.summary import OutputFile
from callcenter_etl.sources.byte_buffer import OversizedRecord
from callcenter_etl.sources.chunk import parse_chunk
from callcenter_etl.sources.framing import Frame
from callcenter_etl.sources.header import ColumnLayout, layout_without_header, match_header
from callcenter_etl.sources.source_reader import SourceReader
from callcenter_etl.store.uris import base_name, shown
from callcenter_etl.writers.csv_injection import unescape, unescape_column
from callcenter_etl.writers.part_folder import folder_sha256


@dataclass(frozen=True, slots=True)
class RejectedRecords:
    """Some rejected records in source order, as columns of text, all of shape (records,).

    `names` and `values` are the source's columns by position. `numbers` counts the rows of the exceptions from 0, so
    that a reader can choose every n-th. `rules` and `reasons` are joined, as the file has them: `RejectDiagnostics`
    splits them. `passed_over` rows of the block are too long to be read as a whole.
    """

    names: tuple[str, ...]
    values: tuple[pa.StringArray, ...]
    numbers: NDArray[np.int64]
    lines: NDArray[np.int64]
    rules: pa.StringArray
    reasons: pa.StringArray
    raws: pa.StringArray
    passed_over: int = 0

    def __len__(self) -> int:
        return len(self.lines)

    def take(self, records: NDArray[np.int64]) -> RejectedRecords:
        """Return the records with the given indices."""
        picks = pa.array(records)
        return RejectedRecords(
            self.names,
            tuple(values.take(picks) for values in self.values),
            self.numbers[records],
            self.lines[records],
            self.rules.take(picks),
            self.reasons.take(picks),
            self.raws.take(picks),
        )


@dataclass(slots=True)
class _Progress:
    """How far a pass over the files is: rows seen, and the name and hash of each file read to its end."""

    rows: int = 0
    hashes: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ExceptionsFile:
    """Published exceptions, one file or its parts in the order of the source, and the contract of their run.

    The product's own source reader is used: it keeps memory constant whatever a record is like, and hashes on the way.
    """

    uris: Sequence[str]
    document: ContractDocument

    def blocks(self) -> Generator[RejectedRecords, None, None]:
        """Yield the rejected records, reading no further than is asked for. Raises SourceError."""
        progress = _Progress()
        for uri in self.uris:
            yield from self._blocks_of(uri, progress)

    def checked_blocks(self, published: OutputFile) -> Iterator[RejectedRecords]:
        """Yield the rejected records; raise SourceError before, or at the end, where they are not those published."""
        progress = _Progress()
        if published.parts is not None and len(self.uris) != published.parts:
            raise _replaced()
        for uri in self.uris:
            size = published.bytes if published.parts is None else None
            yield from self._blocks_of(uri, progress, size)
        hashes = progress.hashes
        if (hashes[0][1] if published.parts is None else folder_sha256(hashes)) != published.sha256:
            raise _replaced()

    def layout_of(self, names: tuple[str, ...]) -> ColumnLayout:
        """Return which source column holds which column of the contract. Raises SourceError where none fits."""
        if self.document.source.header == "none":
            return layout_without_header(self.document)
        layout, problems = match_header(names, self.document)
        if problems:
            raise SourceError(
                f"{shown(self.uris[0])}: is no exceptions file of this contract: {problems[0].message}"
            )
        return layout

    def _blocks_of(self, uri: str, progress: _Progress, size: int | None = None) -> Iterator[RejectedRecords]:
        with SourceReader(uri, _as_source(self.document)) as reader:
            if size is not None and reader.size not in (None, size):
                raise _replaced()
            layout = reader.open().layout
            if layout.names[-len(REJECT_COLUMNS) :] != REJECT_COLUMNS:
                raise SourceError(
                    f"{reader.uri}: is no exceptions file: its last columns are not {REJECT_COLUMNS}"
                )
            for item in reader.blocks(layout):
                block = self._block(item, layout, progress.rows, reader.uri)
                progress.rows += len(item) if isinstance(item, Frame) else block.passed_over
                yield block
            progress.hashes.append((base_name(uri), reader.sha256))

    def _block(self, item: object, layout: ColumnLayout, rows: int, uri: str) -> RejectedRecords:
        names = layout.names[: -len(REJECT_COLUMNS)]
        empty = pa.array([], type=pa.string())
        if not isinstance(item, Frame):  # pieces of a row over the limit; the last one counts it
            passed_over = int(isinstance(item, OversizedRecord) and item.last)
            none = np.empty(0, dtype=np.int64)
            return RejectedRecords(names, (empty,) * len(names), none, none, empty, empty, empty, passed_over)
        chunk = parse_chunk(item, first=0, last=len(item), fields=layout.fields)
        columns = chunk.values
        if self.document.run.exceptions.excel_safe:
            names = tuple(unescape(name) for name in names)
            columns = tuple(unescape_column(column) for column in columns)
        *values, lines, rules, reasons, raws = columns
        try:
            numbers = pc.cast(lines, pa.int64()).to_numpy(zero_copy_only=False)
        except pa.ArrowInvalid as error:
            raise SourceError(f"{uri}: a line of a rejected record is not a number") from error
        return RejectedRecords(
            names,
            tuple(values),
            chunk.sound + rows,
            np.asarray(numbers, dtype=np.int64),
            rules,
            reasons,
            raws,
            len(chunk.malformed),
        )


def _replaced() -> SourceError:
    return SourceError("the exceptions were replaced since this run")


def _as_source(document: ContractDocument) -> ContractDocument:
    """Return a contract of exceptions, whatever the columns of their source: it counts only how they are written."""
    return ContractDocument(
        contract="exceptions",
        source=SourceFormat(multiline=True, header="by_name"),
        columns=tuple(Column(name=name) for name in REJECT_COLUMNS),
        run=RunDefaults(storage_options=document.run.storage_options),
    )
