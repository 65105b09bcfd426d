"""Writes the first sheet of each sample that is a workbook as CSV, so that it is surveyed as any other text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from callcenter_etl.contract.model import SourceFormat
from callcenter_etl.errors import SampleError, UsageError
from callcenter_etl.sources.line_format import WrongFormatError
from callcenter_etl.sources.sheet_lines import line_batches
from callcenter_etl.sources.workbook import SheetRows, check_library, read_sheet
from callcenter_etl.store import access
from callcenter_etl.store.uris import base_name, shown
from callcenter_etl.temporary import temporary_folder

SUFFIXES = (".xlsx", ".xlsb", ".xls", ".ods")
FIRST_SHEET = 1


def are_workbooks(samples: Sequence[str]) -> bool:
    """Return whether the samples are workbooks by their names. Raises UsageError where only some are."""
    found = [base_name(uri).lower().endswith(SUFFIXES) for uri in samples]
    if any(found) and not all(found):
        raise UsageError("samples: some are workbooks and others are text (infer a contract for each format)")
    return all(found)


@contextmanager
def sheets_as_text(samples: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield the samples, of workbooks a temporary CSV file of the first sheet under the same base name.

    Raises UsageError where the extra is missing, SampleError for a file that is no workbook, SourceError where one is damaged.
    """
    if not are_workbooks(samples):
        yield tuple(samples)
        return
    check_library()
    with temporary_folder() as folder:
        yield tuple(_written(uri, folder / str(number)) for number, uri in enumerate(samples))


def _written(uri: str, folder: Path) -> str:
    folder.mkdir()
    file = folder / base_name(uri)
    try:
        sheet = read_sheet(
            access.read_bytes(uri), sheet=FIRST_SHEET, uri=shown(uri), max_bytes=SourceFormat().max_bytes
        )
    except WrongFormatError as error:
        raise SampleError(f"{shown(uri)}: {error}") from error
    header, width = _table(sheet)
    with file.open("w", encoding="utf-8", newline="") as stream:
        for lines in line_batches(sheet, header=header, width=width):
            stream.writelines(lines)
    return str(file)


def _table(sheet: SheetRows) -> tuple[int, int]:
    """Return the first row of the table, 1-based, and its number of columns: that of most rows that hold something."""
    widths = [
        max((column for column, value in enumerate(values, start=1) if value), default=0)
        for batch in sheet.batches()
        for values in zip(*sheet.columns(batch), strict=True)
    ]
    # Titles above a table and totals below it have fewer cells.
    width = max(Counter(widths).items(), key=lambda each: (each[0] > 0, each[1], each[0]))[0] if widths else 0
    return (widths.index(width) + 1 if widths else 1), width
