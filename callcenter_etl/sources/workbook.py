"""Read a sheet of a workbook (.xlsx, .xlsb, .xls, .ods) as rows of text."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING
from xml.parsers import expat

from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.errors import AccountingError, SourceError, UsageError
from callcenter_etl.sources.cell_text import cell_text
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
    errors: dict[tuple[int, int], str]
    timed: frozenset[int]

    def texts(self) -> Iterator[list[str]]:
        """Yield each row as text from the first row of the sheet on. Raises AccountingError where rows are missing."""
        number = -1
        for number, row in enumerate(self.values.iter_rows()):
            yield [
                self.errors.get((number, column)) or cell_text(value, with_time=column in self.timed)
                for column, value in enumerate(row)
            ]
        end = self.values.end
        if end is not None and number != end[0]:
            raise AccountingError(f"{number + 1:,} rows of the sheet were read of {end[0] + 1:,}")


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


def _errors(content: bytes, values: CalamineSheet) -> dict[tuple[int, int], str]:
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
    return {(row, column - first): text for (row, column), text in found.items()}


def _timed_columns(values: CalamineSheet) -> Iterator[int]:
    """Yield the columns that hold a time of day: the reader returns a date for a time of midnight."""
    for row in values.iter_rows():
        for column, value in enumerate(row):
            if isinstance(value, datetime):
                yield column
