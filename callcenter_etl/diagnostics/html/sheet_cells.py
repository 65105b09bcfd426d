"""Return the location of a record as spreadsheet cells, such as `E1042`, while rows and lines agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from callcenter_etl.contract.model import ContractDocument

SPREADSHEET_ROWS = 1_048_576  # of Excel and LibreOffice
_SPREADSHEET_QUOTE = '"'


@dataclass(frozen=True, slots=True)
class SheetCells:
    """The source's columns by position, and the last line up to which spreadsheet rows are lines of the source."""

    positions: Mapping[str, int]
    last_row: int
    note: str | None

    def of(self, line: int, columns: Sequence[str] = ()) -> str:
        """Return the cells of some columns of a record (`D1042, E1042`), or its row where no column is named."""
        letters = [letters_of(self.positions[name]) for name in columns if name in self.positions]
        if line <= self.last_row:
            return ", ".join(f"{each}{line}" for each in letters) or f"row {line}"
        if not letters:
            return f"line {line}"
        return f"line {line}, {'column' if len(letters) == 1 else 'columns'} {', '.join(letters)}"


def sheet_cells(
    document: ContractDocument, positions: Mapping[str, int], *, lines: int, open_quote: int | None
) -> SheetCells:
    """Return the cells of a source. `open_quote` is the first line with an unclosed quote, or None.

    A spreadsheet joins what is in quotes, over lines too: from an open quote on its rows are not the lines.
    """
    if document.source.multiline:
        return SheetCells(
            positions,
            0,
            "values may run over lines in this source, so places are lines of the file, not rows of a spreadsheet",
        )
    if document.source.quote != _SPREADSHEET_QUOTE:
        return SheetCells(
            positions,
            0,
            "a spreadsheet reads quotes otherwise than this contract does, so places are lines of the file, not rows",
        )
    if open_quote is not None:
        note = f"a quote is left open on line {open_quote:,}: after it a spreadsheet's rows are not the lines of the file, so places there are lines"
        # The line with the open quote still begins a row of its own, hence the line itself is included.
        return SheetCells(positions, min(open_quote, SPREADSHEET_ROWS), note)
    note = f"a spreadsheet shows {SPREADSHEET_ROWS:,} rows at most; places beyond are lines of the file"
    return SheetCells(positions, SPREADSHEET_ROWS, note if lines > SPREADSHEET_ROWS else None)


def letters_of(position: int) -> str:
    """Return the letters of a spreadsheet's column by its 0-based position: A, B … Z, AA."""
    letters, number = "", position + 1
    while number:
        # Base 26 without a zero, hence the - 1: Z is followed by AA.
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
