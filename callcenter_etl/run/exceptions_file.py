"""Reads the exceptions that a run published back, a block at a time: the one reader of `exceptions.csv`."""

from __future__ import annotations

import csv
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
from callcenter_etl.sources.chunk import Chunk
from callcenter_etl.sources.delimited_format import DelimitedFormat
from callcenter_etl.sources.dialect import Dialect
from callcenter_etl.sources.framing import TOO_LONG
from callcenter_etl.sources.header import ColumnLayout, layout_without_header, match_header
from callcenter_etl.sources.line_source import LineSource
from callcenter_etl.store.uris import base_name, shown
from callcenter_etl.writers.csv_injection import unescape, unescape_column
from callcenter_etl.writers.part_folder import folder_sha256

_START_BYTES = 2**16
# A row has the lines of its record and of declared reasons, and another quote may double each of its characters.
_DIALECT = Dialect(multiline=True, max_joined_lines=4000, max_joined_bytes=4 * 2**20)


class OtherContentError(SourceError):
    """A file in the place of exceptions has a content that no run writes."""


@dataclass(frozen=True, slots=True)
class RejectedRecords:
    """Some rejected records in source order, as columns of text, all of shape (records,).

    `names` and `values` are the source's columns by position. `numbers` counts the rows of the exceptions from 0, so
    that a reader can choose every n-th. `rules` and `reasons` are joined, as the file has them: `RejectDiagnostics`
    splits them. `passed_over` rows are too long to be read as a whole: those of records over the limit are here without
    their text, others are not.
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
class _Pass:
    """The state of a pass over the files: the rows read so far, and name and hash of each file read to its end."""

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
        progress = _Pass()
        for uri in self.uris:
            yield from self._blocks_of(uri, progress)

    def checked_blocks(self, sha256: str, *, parts: int | None) -> Iterator[RejectedRecords]:
        """Yield the rejected records. Raise SourceError, at the end at the latest, where they are not those published."""
        progress = _Pass()
        if len(self.uris) != (1 if parts is None else parts):
            raise _replaced()
        try:
            for uri in self.uris:
                yield from self._blocks_of(uri, progress)
        except OtherContentError as error:
            raise _replaced() from error
        hashes = progress.hashes
        if (hashes[0][1] if parts is None else folder_sha256(hashes)) != sha256:
            raise _replaced()

    def layout_of(self, names: tuple[str, ...]) -> ColumnLayout:
        """Return which source column holds which column of the contract. Raises SourceError where none fits."""
        if self.document.source.header == "none":
            return layout_without_header(self.document)
        match = match_header(names, self.document)
        if match.problems:
            raise SourceError(
                f"{shown(self.uris[0])}: is no exceptions file of this contract: {match.problems[0].message}"
            )
        return match.layout

    def _blocks_of(self, uri: str, progress: _Pass) -> Iterator[RejectedRecords]:
        description = _as_source(self.document)
        with LineSource(uri, description, DelimitedFormat(_DIALECT)) as reader:
            layout = reader.open().layout
            if layout.names[-len(REJECT_COLUMNS) :] != REJECT_COLUMNS:
                raise OtherContentError(
                    f"{reader.uri}: is no exceptions file: its last columns are not {REJECT_COLUMNS}"
                )
            # First none, so that the names of the columns are known also where nothing was rejected.
            none = (pa.array([], type=pa.string()),) * layout.fields
            yield self._records(layout.names, none, np.arange(0), 0, reader.uri)
            for chunk in reader.chunks():
                columns, numbers = _rows_of(chunk, layout.fields)
                numbers = numbers + progress.rows
                yield self._records(layout.names, columns, numbers, len(chunk.malformed), reader.uri)
                progress.rows += len(chunk)
            progress.hashes.append((base_name(uri), reader.sha256))

    def _records(
        self,
        names: tuple[str, ...],
        columns: tuple[pa.StringArray, ...],
        numbers: NDArray[np.int64],
        passed_over: int,
        uri: str,
    ) -> RejectedRecords:
        if self.document.run.exceptions.excel_safe:
            # Undone here, so that every reader sees the names and values of the source.
            names = tuple(unescape(name) for name in names)
            columns = tuple(unescape_column(column) for column in columns)
        *values, lines, rules, reasons, raws = columns
        return RejectedRecords(
            names[: -len(REJECT_COLUMNS)],
            tuple(values),
            numbers,
            _line_numbers(lines, uri),
            rules,
            reasons,
            raws,
            passed_over,
        )


def _rows_of(chunk: Chunk, fields: int) -> tuple[tuple[pa.StringArray, ...], NDArray[np.int64]]:
    """Return the rows of a chunk, and their numbers in it; of those over the limit the start."""
    parts, numbers = [chunk.values], [chunk.sound]
    for each in chunk.malformed:
        if each.status == TOO_LONG:
            parts.append(_start_of_row(chunk.raw_of(each.record), fields))
            numbers.append(np.full(len(parts[-1][0]), each.record))
    if len(parts) == 1:
        return chunk.values, chunk.sound
    order = np.argsort(np.concatenate(numbers), kind="stable")
    columns = (pa.concat_arrays(arrays).take(pa.array(order)) for arrays in zip(*parts, strict=True))
    return tuple(columns), np.concatenate(numbers)[order]


def _start_of_row(data: bytes, fields: int) -> tuple[pa.StringArray, ...]:
    """Return the row of a record that was too long to be read, without the record's text; no row for any other.

    Of such a record the source's columns are empty, so that line, rule and reason are at the start of the row.
    """
    start = data[:_START_BYTES].decode("utf-8", errors="replace").split("\n", 1)[0]
    cells = next(csv.reader([start]), [])
    rows = [[*cells[: fields - 1], ""]] if len(cells) == fields else []
    return tuple(pa.array([row[at] for row in rows], type=pa.string()) for at in range(fields))


def _line_numbers(cells: pa.StringArray, uri: str) -> NDArray[np.int64]:
    try:
        lines = np.asarray(pc.cast(cells, pa.int64()).to_numpy(zero_copy_only=False), dtype=np.int64)
    except pa.ArrowInvalid:
        # Lines count from 1, so that the check below reports this one.
        lines = np.zeros(1, dtype=np.int64)
    if lines.min(initial=1) < 1:
        raise OtherContentError(
            f"{uri}: was changed since the run: {REJECT_COLUMNS[0]} holds no line numbers"
        )
    return lines


def _replaced() -> SourceError:
    return SourceError("the exceptions were replaced since this run")


def _as_source(document: ContractDocument) -> ContractDocument:
    """Return a contract of exceptions, whatever the columns of their source: it counts only how they are written."""
    return ContractDocument(
        contract="exceptions",
        # The columns of the source come first, and their names are not known here.
        source=SourceFormat(multiline=True, header="by_name"),
        columns=tuple(Column(name=name) for name in REJECT_COLUMNS),
        run=RunDefaults(storage_options=document.run.storage_options),
    )
