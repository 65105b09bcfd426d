"""Finds the lines above the header: titles, periods, the `sep=` line of spreadsheets."""

from __future__ import annotations

import re
from collections.abc import Sequence

from callcenter_etl.tools.infer.surroundings.sample_lines import filled, is_value

MAX_PREAMBLE = 50
_SEP = re.compile(r"""["']?sep=(?P<delimiter>.)["']?""", re.IGNORECASE)


def sep_delimiter(lines: Sequence[str]) -> str | None:
    """Return the delimiter that the first line declares as spreadsheets do (`sep=;`), None if it does not."""
    found = _SEP.fullmatch(lines[0]) if lines else None
    return None if found is None else found["delimiter"]


def preamble_length(rows: Sequence[Sequence[str]], width: int) -> int:
    """Return how many lines are above the header, given the cells of the first lines and the number of columns."""
    if width < 2 or len(rows) < 2:
        return 0
    first = next((place for place, row in enumerate(rows) if len(row) == width), 0)
    if first > MAX_PREAMBLE:
        return 0
    # Titles of spreadsheets have as many cells as the table, nearly all of them blank.
    padded = _end_of_padding(rows, first, width)
    if padded > first:
        return padded
    if first == 0 or not _may_be_above(rows[:first], rows[first], width):
        return 0
    return first


def _end_of_padding(rows: Sequence[Sequence[str]], first: int, width: int) -> int:
    sparse = max(1, width // 3)
    for place in range(first, min(len(rows) - 1, MAX_PREAMBLE)):
        row = rows[place]
        if len(row) == width and filled(row) > sparse:
            complete = filled(row) == width and not any(map(is_value, row))
            return place if complete and width > 2 else first
    return first


def _may_be_above(above: Sequence[Sequence[str]], header: Sequence[str], width: int) -> bool:
    """Return whether lines are a preamble, and not the header of a table with longer records."""
    names = [cell for cell in header if cell.strip()]
    if len(names) * 2 > width and not any(map(is_value, names)):
        return True
    return all(filled(row) * 2 <= width for row in above)
