"""Write the rows of a sheet as lines of CSV, column by column for a batch of rows at a time."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from typing import Any

from callcenter_etl.errors import AccountingError
from callcenter_etl.sources.workbook import SheetRows

_DELIMITER = ","
_MARK = re.compile(r'[,"\r\n]')
_MAX_CELL_CHARACTERS = 2**31 - 1


def line_batches(sheet: SheetRows, *, header: int, width: int) -> Iterator[list[str]]:
    """Yield the lines of batches of rows, with their line ends: a row that holds nothing is an empty line.

    From the 1-based row `header` on each line has `width` fields, and more only where cells beyond hold something.
    Raises AccountingError where the lines hold other numbers of rows or values than the sheet.
    """
    row = 1
    for batch in sheet.batches():
        above = min(max(header - row, 0), len(batch))
        for rows, fields in ((batch[:above], 0), (batch[above:], width)):
            if rows:
                lines = _lines(sheet.columns(rows), len(rows), fields)
                _prove(rows, lines)
                yield lines
        row += len(batch)


def _lines(columns: Sequence[Sequence[str]], rows: int, width: int) -> list[str]:
    fields = [_quoted(column) for column in columns]
    missing = [("",) * rows] * (width - len(fields))
    lines = _joined([*fields[:width], *missing], rows)
    blank = _DELIMITER * (width - 1)
    # Formatted cells without a value make rows longer than the table; a value with a delimiter ends in a quote.
    beyond = [line.rstrip(_DELIMITER) for line in _joined(fields[width:], rows)]
    if not any(beyond):
        return ["\n" if line == blank else f"{line}\n" for line in lines]
    between = _DELIMITER if width else ""
    return [
        f"{line}{between}{more}\n" if more else "\n" if line == blank else f"{line}\n"
        for line, more in zip(lines, beyond, strict=True)
    ]


def _joined(fields: Sequence[Sequence[str]], rows: int) -> list[str]:
    return list(map(_DELIMITER.join, zip(*fields, strict=True))) if fields else [""] * rows


def _quoted(values: Sequence[str]) -> Sequence[str]:
    """Return the values of a column as fields, in quotes where they need them."""
    # Most columns have no such value, which their whole text shows at once.
    if _MARK.search("".join(values)) is None:
        return values
    return [_in_quotes(value) if _MARK.search(value) else value for value in values]


def _in_quotes(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def _prove(rows: Sequence[Sequence[Any]], lines: Sequence[str]) -> None:
    """Raise AccountingError unless another reader of CSV finds as many rows and values as the sheet has."""
    # What follows accounts for every byte of the lines, so that no value can be lost there either.
    csv.field_size_limit(_MAX_CELL_CHARACTERS)
    found = list(csv.reader(lines, strict=True))
    values, cells = (sum(len(row) - row.count("") for row in each) for each in (found, rows))
    if (len(found), values) != (len(rows), cells):
        raise AccountingError(
            f"{len(found):,} rows with {values:,} values were written"
            f" of {len(rows):,} rows with {cells:,} cells of the sheet"
        )
