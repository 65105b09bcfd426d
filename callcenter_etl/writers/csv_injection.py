"""Text of exception cells, unchanged or escaped against CSV injection (formulas that a spreadsheet would execute).

An escaped cell has one apostrophe before a value that begins with a risky character or with an apostrophe. So a cell
that begins with an apostrophe always has exactly one that is not part of the value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

MARK = "'"
# The characters of OWASP's list: those that begin a formula (or DDE), those that may end a cell, and full-width forms.
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_FIRST = (MARK, *RISKY)
_PATTERN = r"\A['=+\-@\t\r\n\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]"


@dataclass(frozen=True, slots=True)
class Cells:
    """Functions that convert values to cells: of one value, and of whole columns."""

    text: Callable[[str], str]
    columns: Callable[[Sequence[pa.StringArray]], list[pa.StringArray]]


def escape(value: str) -> str:
    """Return the cell of a value, escaped; a negative number too, since `-5` may begin a formula."""
    return MARK + value if value.startswith(_FIRST) else value


def unescape(cell: str) -> str:
    """Return the value of an escaped cell."""
    return cell.removeprefix(MARK)


def unescape_column(cells: pa.StringArray) -> pa.StringArray:
    """Return the values of guarded cells."""
    return pc.if_else(pc.starts_with(cells, MARK), pc.utf8_slice_codeunits(cells, start=len(MARK)), cells)


def escape_columns(columns: Sequence[pa.StringArray]) -> list[pa.StringArray]:
    """Return the columns with every cell escaped; a column without a risky value is returned as it is."""
    return [_escape_column(column) for column in columns]


def _escape_column(values: pa.StringArray) -> pa.StringArray:
    risky = pc.match_substring_regex(values, pattern=_PATTERN)
    if not pc.any(risky).as_py():
        return values
    return pc.if_else(risky, pc.binary_join_element_wise(MARK, values, ""), values)


RAW = Cells(text=lambda value: value, columns=list)
ESCAPED = Cells(text=escape, columns=escape_columns)
