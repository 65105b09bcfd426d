"""Read a sheet of a workbook (.xlsx, .xlsb, .xls, .ods) as rows of text."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from itertools import islice
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.errors import AccountingError, SourceError, UsageError
from callcenter_etl.sources.cell_text import column_text
from callcenter_etl.sources.line_format import WrongFormatError
from callcenter_etl.sources.workbook_errors import error_cells
from callcenter_etl.store.compression import READ_BYTES
from callcenter_etl.store.zip_members import zip_entries, zip_stream

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

LIBRARY = "python_calamine"
_ZIP = b"PK\x03\x04"
_XLSX = "xl/workbook.xml"
_MAX_SHOWN = 10
_ROWS_A_BATCH = 1000


def check_library() -> None:
    """Raise UsageError where the reader of workbooks is not installed."""
    if find_spec(LIBRARY) is None:
        raise UsageError(
            "source.format: excel needs python-calamine, which is not installed"
            " (run: pip install 'callcenter-etl[excel]')"
        )


@dataclass(frozen=True, slots=True)
class SheetRows:
    """The rows of a sheet as the reader returns them, and the columns and cells that it leaves open.

    `errors` has the text of error cells by 0-based row and column of `values`, `timed` the columns with times of day.
    """

    values: CalamineSheet
    errors: dict[int, dict[int, str]]
    timed: frozenset[int]

    def batches(self) -> Iterator[list[list[Any]]]:
        """Yield the cells of batches of rows from the first row of the sheet on, error cells as their text.

        Raises AccountingError where rows or error cells are missing.
        """
        rows = errors = 0
        for batch in _batches(self.values):
            for row in self.errors.keys() & range(rows, rows + len(batch)):
                errors += _fill(batch[row - rows], self.errors[row])
            rows += len(batch)
            yield batch
        end = self.values.end
        if end is not None and rows != end[0] + 1:
            raise AccountingError(f"{rows:,} rows of the sheet were read of {end[0] + 1:,}")
        expected = sum(map(len, self.errors.values()))
        if errors != expected:
            raise AccountingError(f"{errors:,} error cells of the sheet were read of {expected:,}")

    def columns(self, batch: Sequence[Sequence[Any]]) -> list[Sequence[str]]:
        """Return the texts of a batch by column."""
        return [
            column_text(cells, with_time=column in self.timed)
            for column, cells in enumerate(zip(*batch, strict=True))
        ]


def _batches(values: CalamineSheet) -> Iterator[list[list[Any]]]:
    rows = values.iter_rows()
    while batch := list(islice(rows, _ROWS_A_BATCH)):
        yield batch


def _fill(cells: list[Any], errors: Mapping[int, str]) -> int:
    """Set the error cells of a row, and return how many were empty so far, as the reader returns them."""
    places = [column for column in errors if 0 <= column < len(cells) and cells[column] == ""]
    for column in places:
        cells[column] = errors[column]
    return len(places)


def read_sheet(content: bytes, *, sheet: int | str, uri: str, max_bytes: int) -> SheetRows:
    """Return a sheet by its name, or by its 1-based number.

    Raises WrongFormatError where the content is no workbook or has no such sheet, SourceError where it is damaged,
    protected by a password, or larger than `max_bytes` when unpacked.
    """
    # Imported here, since the library is an extra.
    import python_calamine

    if content.startswith(_ZIP):
        _check_parts(content, uri, max_bytes)
    try:
        workbook = python_calamine.load_workbook(io.BytesIO(content))
        values = _sheet_of(workbook, sheet)
        errors = _errors(content, values)
        return SheetRows(values, errors, frozenset(_timed_columns(values)))
    except python_calamine.PasswordError as error:
        raise SourceError(
            f"{uri}: the workbook is protected by a password (ask the sender for one without)"
        ) from error
    except python_calamine.CalamineError as error:
        sentence = f"the source cannot be read as a workbook: {error}"
        raise WrongFormatError(Diagnostic("file.not_delimited", sentence)) from error


def _check_parts(content: bytes, uri: str, max_bytes: int) -> None:
    """Read each part of a zipped workbook once: the reader trusts the sizes that the zip directory declares."""
    stream = io.BytesIO(content)
    size = 0
    for entry in zip_entries(stream, uri):
        if entry.fault is not None:
            raise SourceError(f"{uri}: part {entry.name!r} of the workbook cannot be read: {entry.fault}")
        size += entry.size
        if size > max_bytes:
            raise SourceError(
                f"{uri}: over {max_bytes:,} bytes when unpacked (raise source.max_bytes if that is right)"
            )
        with zip_stream(stream, entry, uri) as part:
            while part.read(READ_BYTES):
                continue


def _sheet_of(workbook: CalamineWorkbook, sheet: int | str) -> CalamineSheet:
    names = workbook.sheet_names
    found = sheet in names if isinstance(sheet, str) else 1 <= sheet <= len(names)
    if not found:
        shown = ", ".join(map(repr, names[:_MAX_SHOWN])) + (", …" if len(names) > _MAX_SHOWN else "")
        sentence = f"the workbook has no sheet {sheet!r} (it has {len(names):,}: {shown})"
        raise WrongFormatError(Diagnostic("file.not_delimited", sentence))
    return workbook.get_sheet_by_name(sheet if isinstance(sheet, str) else names[sheet - 1])


def _errors(content: bytes, values: CalamineSheet) -> dict[int, dict[int, str]]:
    if not content.startswith(_ZIP) or values.start is None:
        return {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if _XLSX not in archive.namelist():
            return {}
        try:
            found = error_cells(archive, values.name)
        except (KeyError, StopIteration, ValueError, expat.ExpatError) as error:
            sentence = f"the source cannot be read as a workbook: {error}"
            raise WrongFormatError(Diagnostic("file.not_delimited", sentence)) from error
    # Rows are returned from the first one on, columns from the first that holds a value.
    first = values.start[1]
    errors: dict[int, dict[int, str]] = {}
    for (row, column), text in found.items():
        if text:
            errors.setdefault(row, {})[column - first] = text
    return errors


def _timed_columns(values: CalamineSheet) -> Iterator[int]:
    """Yield the columns that hold a time of day: the reader returns a date for a time of midnight."""
    for batch in _batches(values):
        for column, cells in enumerate(zip(*batch, strict=True)):
            if datetime in map(type, cells):
                yield column
