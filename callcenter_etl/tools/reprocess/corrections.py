"""Corrected records of a file of either kind, as batches to validate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice, repeat
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.errors import AccountingError, SourceError
from callcenter_etl.judge.validator import Validator
from callcenter_etl.rules.chunk_columns import ChunkColumns, texts_by_name
from callcenter_etl.run.exceptions_file import ExceptionsFile
from callcenter_etl.sources.header import ColumnLayout, layout_without_header, match_header
from callcenter_etl.sources.source_formats import source_format
from callcenter_etl.store import access
from callcenter_etl.store.uris import base_name
from callcenter_etl.tools.reprocess.corrected_records import Batch, Writing, batch_of
from callcenter_etl.tools.reprocess.exceptions_sheet import LINE, MAX_PROBLEMS, NEEDED, Row, Sheet, open_sheet
from callcenter_etl.tools.reprocess.original_run import OriginalRun
from callcenter_etl.tools.reprocess.record_order import compared
from callcenter_etl.tools.reprocess.rejected_file import RejectedFile, with_lines, without
from callcenter_etl.writers.file_names import EXCEPTIONS, TARGET, is_part_name

BATCH_ROWS = 20_000
_HEADER_BYTES = 2**20
_MAY_JOIN = (
    "with source.multiline, separate records may be joined here, so that their lines in the source are unknown"
    " (correct exceptions.csv instead)"
)
_NO_PART = (
    "the lines of these records of a part are unknown, and equal records of other parts could be confused with them"
    " (keep all records of a part, in their order and under its name, in the run's folder; or correct its part of the"
    " exceptions instead)"
)
_BY_CONTENT = (
    "records are identified by their content, and their lines in the source are unknown"
    " (keep rejected.csv beside the run's own exceptions.csv, with all of its records)"
)


class Corrections(Protocol):
    """Corrected records, and the format in which they are written again."""

    kind: str
    layout: ColumnLayout
    target_start: bytes
    line_end: bytes
    problems: tuple[Diagnostic, ...]
    notes: tuple[str, ...]

    @property
    def identity(self) -> tuple[int, str]:
        """Size and hash of the file."""

    def batches(self, before: frozenset[str]) -> Iterator[tuple[Batch, int]]:
        """Yield the records with unknown keys, and the number of the others."""

    def columns(self, batch: Batch, validator: Validator) -> ChunkColumns:
        """Name the values of a batch's sound records by the contract's columns."""

    def prove(self, read: int) -> None:
        """Raise AccountingError unless all rows were given."""


@contextmanager
def open_corrections(uri: str, document: ContractDocument, origin: OriginalRun) -> Iterator[Corrections]:
    """Open a file of corrections: an exceptions file if it has reject columns, otherwise rejected records."""
    storage = document.run.storage_options
    # By content, not by file name: users rename files when they correct them.
    sheet = open_sheet(uri, storage, marked=document.run.exceptions.excel_safe)
    if sheet.has_our_columns:
        yield CorrectedExceptions(sheet, document, origin)
        return
    with RejectedFile(uri, document) as file:
        yield CorrectedRejected(file, document, origin)


def _columns(batch: Batch, layout: ColumnLayout, validator: Validator) -> ChunkColumns:
    document = validator.document
    return ChunkColumns(
        columns={column.name: column for column in document.columns},
        empty_values=tuple(document.source.empty_values),
        texts=texts_by_name(layout, batch.values, records=len(batch.lines[batch.sound])),
        lines=batch.lines[batch.sound],
        lookups=validator.lookups,
        absent=frozenset(layout.absent),
        short=batch.short,
    )


class CorrectedExceptions:
    """A corrected exceptions file."""

    kind = EXCEPTIONS

    def __init__(self, sheet: Sheet, document: ContractDocument, origin: OriginalRun) -> None:
        self._sheet = sheet
        self.notes: tuple[str, ...] = ()
        self.layout, problems = _layout_of(sheet, document)
        start = _start_of_target(origin, document)
        self.line_end = b"\r\n" if b"\r\n" in start else b"\n"
        self._writing = Writing(source_format(document), self.layout.names, self.line_end.decode())
        self._lines = np.empty(0, dtype=np.int64)
        if not problems:
            self._lines = sheet.lines(problems)
            problems += _strange_lines(self._lines, origin, document)
        self.problems = tuple(problems)
        self.target_start = self._target_start(document)

    @property
    def identity(self) -> tuple[int, str]:
        """Size and hash of the file."""
        return self._sheet.bytes, self._sheet.sha256

    def columns(self, batch: Batch, validator: Validator) -> ChunkColumns:
        """Name the values of a batch's sound records by the contract's columns."""
        return _columns(batch, self.layout, validator)

    def batches(self, before: frozenset[str]) -> Iterator[tuple[Batch, int]]:
        """Yield the records with unknown keys, by line, and the number of the others."""
        rows = self._in_order()
        while part := list(islice(rows, BATCH_ROWS)):
            wanted = [row for row in part if str(row.line) not in before]
            yield batch_of(wanted, self._writing), len(part) - len(wanted)

    def prove(self, read: int) -> None:
        """Raise AccountingError unless so many rows are all that were counted."""
        if read != len(self._lines):
            raise AccountingError(f"{len(self._lines):,} rows were counted, but {read:,} read")

    def _in_order(self) -> Iterator[Row]:
        """Yield the rows by line; they are kept in memory only if the file is out of order."""
        rows = self._sheet.rows()
        if (np.diff(self._lines) > 0).all():
            return rows
        return iter(sorted(rows, key=lambda row: row.line))

    def _target_start(self, document: ContractDocument) -> bytes:
        if document.source.header == "none" or self.problems:
            return b""
        header = [Row(1, self.layout.names, "", "")]
        return batch_of(header, self._writing).raws[0]


def _layout_of(sheet: Sheet, document: ContractDocument) -> tuple[ColumnLayout, list[Diagnostic]]:
    missing = [
        Diagnostic("header.missing", f"column {name!r} is missing")
        for name in NEEDED
        if name not in sheet.header
    ]
    if document.source.header == "none":
        layout = layout_without_header(document)
        if sheet.names != layout.names:
            wanted = ", ".join(layout.names)
            missing.append(
                Diagnostic("header.missing", f"the columns are not those of the contract: {wanted}")
            )
        return layout, missing
    match = match_header(sheet.names, document)
    return match.layout, [*missing, *match.problems]


def _start_of_target(origin: OriginalRun, document: ContractDocument) -> bytes:
    """Return the header line of the run's target, which has the line end of the source."""
    storage = document.run.storage_options
    if not origin.has_target:
        return b""
    start: bytes = access.read_bytes(origin.files(TARGET, storage)[0], storage, most=_HEADER_BYTES)
    return start.partition(b"\n")[0] + b"\n"


def _strange_lines(
    lines: NDArray[np.int64], origin: OriginalRun, document: ContractDocument
) -> list[Diagnostic]:
    """Return which lines the run did not reject; nothing where its own exceptions are no longer at hand."""
    known = rejected_lines(origin, document)
    if known is None:
        return []
    strange = np.setdiff1d(lines, known)
    problems = [
        Diagnostic(LINE, f"line {line:,} is none that the run rejected")
        for line in strange[:MAX_PROBLEMS].tolist()
    ]
    if len(strange) > MAX_PROBLEMS:
        problems.append(Diagnostic(LINE, f"and {len(strange) - MAX_PROBLEMS:,} more such lines"))
    return problems


def rejected_lines(origin: OriginalRun, document: ContractDocument) -> NDArray[np.int64] | None:
    """Return the lines that a run rejected, in order; None where its exceptions are not as it wrote them."""
    exceptions = _own_exceptions(origin, document)
    return None if exceptions is None else _lines_of(exceptions)


def _own_exceptions(origin: OriginalRun, document: ContractDocument) -> ExceptionsFile | None:
    """Return the run's exceptions; None where they are not there as it wrote them."""
    if origin.exceptions_sha256 is None:
        return None
    try:
        uris = origin.files(EXCEPTIONS, document.run.storage_options)
        exceptions = ExceptionsFile(uris, document)
        for _ in exceptions.checked_blocks(origin.exceptions_sha256, parts=origin.parts.get(EXCEPTIONS)):
            continue  # all of it is read for its hash
    except SourceError:  # changed or missing exceptions only mean that lines are not checked
        return None
    return exceptions


def _lines_of(exceptions: ExceptionsFile) -> NDArray[np.int64]:
    none = np.empty(0, dtype=np.int64)
    return np.concatenate([none, *(block.lines for block in exceptions.blocks())])


def _rows(exceptions: ExceptionsFile) -> Iterator[Row]:
    for block in exceptions.blocks():
        columns = [values.to_pylist() for values in block.values]
        # Without columns, `zip` would yield no row.
        values = zip(*columns, strict=True) if columns else repeat(())
        rules, raws = block.rules.to_pylist(), block.raws.to_pylist()
        yield from map(Row, block.lines.tolist(), values, rules, raws)


class CorrectedRejected:
    """A corrected file of rejected records."""

    kind = "rejected"

    def __init__(self, file: RejectedFile, document: ContractDocument, origin: OriginalRun) -> None:
        self._file = file
        self._document = document
        self.layout, self.target_start, self.problems = file.layout, file.target_start, file.problems
        self.line_end = b"\r\n" if file.target_start.endswith(b"\r\n") else b"\n"
        self.notes: tuple[str, ...] = ()
        self._lines: NDArray[np.int64] | None = None
        if not self.problems:
            self._take_lines(origin)
        if self.problems:
            file.drain()

    @property
    def identity(self) -> tuple[int, str]:
        """Size and hash of the file."""
        return self._file.identity

    def columns(self, batch: Batch, validator: Validator) -> ChunkColumns:
        """Name the values of a batch's sound records by the contract's columns."""
        return _columns(batch, self.layout, validator)

    def batches(self, before: frozenset[str]) -> Iterator[tuple[Batch, int]]:
        """Yield the records with unknown keys, by line, and the number of the others."""
        given = 0
        for batch in self._file.batches():
            lined = (
                batch if self._lines is None else with_lines(batch, self._lines[given : given + len(batch)])
            )
            given += len(batch)
            wanted = without(lined, before)
            yield wanted, len(lined) - len(wanted)

    def prove(self, read: int) -> None:
        """Raise AccountingError unless so many rows are all that were counted."""
        if self._lines is not None and read != len(self._lines):
            raise AccountingError(f"{len(self._lines):,} records were counted, but {read:,} read")

    def _take_lines(self, origin: OriginalRun) -> None:
        """Find out which lines the records stood on, where they are all there and in order; in a reading of its own."""
        exceptions, delimiter = _own_exceptions(origin, self._document), self._document.source.delimiter
        name = base_name(self._file.uri)
        if exceptions is not None and origin.parts and is_part_name(name):
            exceptions = replace(exceptions, uris=[uri for uri in exceptions.uris if base_name(uri) == name])
        complete = False
        strangers: list[Diagnostic] = []
        if exceptions is not None:
            # A separate pass, because the order is known only at the end, and no batch may be published before.
            with RejectedFile(self._file.uri, self._document) as file:
                complete, strangers = compared(file.batches(), _rows(exceptions), delimiter)
        if exceptions is not None and complete:
            self._lines = _lines_of(exceptions)
            self.problems = tuple(strangers)
            return
        # Without lines, records are identified by content, and parts of one run can have equal records.
        if origin.parts or is_part_name(name):
            self.problems = (Diagnostic(LINE, _NO_PART),)
            return
        self.notes = (_BY_CONTENT,)
        # Two rejected records with an open quote each may be read as one record if the lines between them are missing.
        if self._document.source.multiline:
            self.problems = (Diagnostic("record.quote", _MAY_JOIN),)
