"""The text of exception cells: as it is, or guarded so that no spreadsheet runs it.

A guarded cell that begins with one of the risky characters, or with the mark itself, gets one mark in front. So
a cell that begins with the mark always has exactly one too many, and dropping it gives the value back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

MARK = "'"
# What OWASP lists: formulas (and with them DDE), what may end a cell early, and the full-width twins.
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_FIRST = (MARK, *RISKY)
_PATTERN = r"\A['=+\-@\t\r\n\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]"


@dataclass(frozen=True, slots=True)
class Cells:
    """How cells are written: one text, or columns of text."""

    text: Callable[[str], str]
    columns: Callable[[Sequence[pa.StringArray]], list[pa.StringArray]]


def escape(value: str) -> str:
    """Return a cell that no spreadsheet runs; negative numbers are marked too, as `-5` may open a formula."""
    return MARK + value if value.startswith(_FIRST) else value


def unescape(cell: str) -> str:
    """Return back the value of a guarded cell."""
    return cell.removeprefix(MARK)


def unescape_column(cells: pa.StringArray) -> pa.StringArray:
    """Return the values of guarded cells."""
    return pc.if_else(pc.starts_with(cells, MARK), pc.utf8_slice_codeunits(cells, start=len(MARK)), cells)


def escape_columns(columns: Sequence[pa.StringArray]) -> list[pa.StringArray]:
    """Return the columns with every cell guarded; a column without a risky cell is given as it is."""
    return [_escape_column(column) for column in columns]


def _escape_column(values: pa.StringArray) -> pa.StringArray:
    risky = pc.match_substring_regex(values, pattern=_PATTERN)
    if not pc.any(risky).as_py():
        return values
    return pc.if_else(risky, pc.binary_join_element_wise(MARK, values, ""), values)


RAW = Cells(text=lambda value: value, columns=list)
ESCAPED = Cells(text=escape, columns=escape_columns)
