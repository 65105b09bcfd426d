"""Sheets of workbooks as sources: each row becomes a line of CSV, so that every later step sees a delimited source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.sources.blocks import RecordFormat
from callcenter_etl.sources.chunk import Chunk, parse_chunk
from callcenter_etl.sources.delimited_format import DelimitedFormat
from callcenter_etl.sources.dialect import Dialect, dialect_of
from callcenter_etl.sources.framing import Frame, Offsets
from callcenter_etl.sources.header import columns_by_header_name
from callcenter_etl.sources.sheet_lines import line_batches
from callcenter_etl.sources.workbook import SheetRows, check_library, read_sheet

# A row is one record, whatever its cells hold; a cell has 32,767 characters at most.
_MAX_JOINED_LINES, _MAX_JOINED_BYTES = 10**6, 16 * 2**20


class RowNumbers:
    """Numbers of the rows of a sheet by the lines of its CSV: a cell with line breaks makes a row of several lines."""

    def __init__(self) -> None:
        # The first line behind each such row, and the lines beyond one a row up to there.
        self._from: list[int] = []
        self._extra: list[int] = []

    def note(self, next_line: int, next_row: int) -> None:
        """Note that a row begins on a line, where the row before it has several lines."""
        self._from.append(next_line)
        self._extra.append(next_line - next_row)

    def of(self, lines: Offsets) -> Offsets:
        """Return the 1-based rows that begin on lines."""
        if not self._from:
            return lines
        places = np.searchsorted(np.array(self._from), lines, side="right")
        extra = np.array([0, *self._extra], dtype=np.int64)
        return np.asarray(lines - extra[places], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class RowParser:
    """Parser of records, each with the row of the sheet as its line."""

    rows: RowNumbers

    def __call__(self, frame: Frame, *, first: int, last: int, fields: int, dialect: Dialect) -> Chunk:
        """Return the records `first` to `last` (exclusive) of a frame as a chunk."""
        lines = frame.lines.copy()
        lines[first:last] = self.rows.of(lines[first:last])
        return parse_chunk(
            replace(frame, lines=lines), first=first, last=last, fields=fields, dialect=dialect
        )


class ExcelFormat:
    """A `LineFormat` of the sheet of a workbook."""

    converts = True

    def __init__(self, document: ContractDocument) -> None:
        check_library()
        self._document = document
        self._delimited = DelimitedFormat(
            replace(
                dialect_of(document),
                multiline=True,
                skip_blank_lines=True,
                max_joined_lines=_MAX_JOINED_LINES,
                max_joined_bytes=_MAX_JOINED_BYTES,
            )
        )
        self._rows = RowNumbers()

    @property
    def dialect(self) -> Dialect:
        """Dialect of the CSV."""
        return self._delimited.dialect

    def split(self, line: str) -> tuple[str, ...]:
        """Return the values of a row."""
        return self._delimited.split(line)

    def records(self, fields: int, chunk_rows: int | None) -> RecordFormat:
        """Return the format of records with a number of fields."""
        return RecordFormat(self.dialect, fields, chunk_rows, RowParser(self._rows))

    def text(self, values: Sequence[str]) -> str:
        """Return the values as a line of CSV."""
        return self._delimited.text(values)

    def unwritable(self, position: int, value: str) -> tuple[int, str] | None:
        """Return None: a row may have any value."""
        return self._delimited.unwritable(position, value)

    def lines_of(self, blocks: Iterator[bytes], uri: str) -> Iterator[bytes]:
        """Yield the rows of the sheet as CSV. Raises WrongFormatError or SourceError, as `read_sheet` does."""
        source = self._document.source
        sheet = read_sheet(b"".join(blocks), sheet=source.sheet, uri=uri, max_bytes=source.max_bytes)
        header, width = _header(sheet, self._document)
        line = row = 1
        for lines in line_batches(sheet, header=header, width=width):
            text = "".join(lines)
            if "\r" in text or text.count("\n") != len(lines):
                self._note_breaks(lines, line, row)
            line += _line_breaks(text)
            row += len(lines)
            yield text.encode()

    def _note_breaks(self, lines: list[str], line: int, row: int) -> None:
        """Note the rows of several lines, the first of which is a line of the CSV and a row of the sheet."""
        for following, text in enumerate(lines, start=row + 1):
            breaks = _line_breaks(text)
            line += breaks
            if breaks > 1:
                self._rows.note(line, following)


def _line_breaks(text: str) -> int:
    # As the framing counts lines: LF, CRLF and lone CR.
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def _header(sheet: SheetRows, document: ContractDocument) -> tuple[int, int]:
    """Return the 1-based row of the header, and the number of its columns; without a header those of the contract."""
    if document.source.header == "none":
        return 1, len(document.columns)
    columns_of = columns_by_header_name(document)
    first: tuple[int, int] | None = None
    rows = (row for batch in sheet.batches() for row in zip(*sheet.columns(batch), strict=True))
    for row, values in enumerate(rows, start=1):
        filled = [column for column, value in enumerate(values, start=1) if value]
        if not filled:
            continue
        # A title may be above the header, which the contract declares as a preamble.
        if any(value and columns_of(value) for value in values):
            return row, filled[-1]
        first = first or (row, filled[-1])
    row, width = first or (1, 0)
    # The parts of a name may be in several rows, none of which holds the name of a column.
    return row, max(width, len(document.columns))


def excel_format(document: ContractDocument) -> ExcelFormat:
    """Return the format of the sheet that a contract declares. Raises UsageError where the extra is missing."""
    return ExcelFormat(document)
