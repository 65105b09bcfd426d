"""Finds the columns of lines of fixed width: runs of characters between places that are blank in all lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from callcenter_etl.tools.infer.surroundings.sample_lines import is_value

MIN_LINES = 5
SAME_LENGTH = 0.9
MIN_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class FixedColumn:
    """A column of fixed width: its first and last character, counted from 1, and whether its values are at the right."""

    start: int
    end: int
    right: bool

    def keys(self) -> dict[str, int | str]:
        """Return the keys of a contract's column."""
        return {"start": self.start, "end": self.end} | ({"align": "right"} if self.right else {})


def fixed_columns(lines: Sequence[str]) -> tuple[FixedColumn, ...]:
    """Return the columns of lines of which nearly all have one length, () where that is not clear."""
    filled = [line for line in lines if line.strip()]
    lengths = [len(line) for line in filled]
    usual = max(set(lengths), key=lengths.count, default=0)
    rows = [line for line in filled if len(line) == usual]
    if len(rows) < MIN_LINES or len(rows) < SAME_LENGTH * len(filled):
        return ()
    blank = [all(line[place] == " " for line in rows) for place in range(usual)]
    columns = [_column(rows, start, end) for start, end in _runs(blank)]
    if columns and columns[-1].end < usual:  # a record is as long as its last column says
        columns[-1] = replace(columns[-1], end=usual, right=False)
    # Words of a text are separated by blanks too, but not at the same places, and hold few numbers.
    values = [column for column in columns if _has_values(rows, column)]
    return tuple(columns) if len(columns) >= MIN_COLUMNS and len(values) * 2 > len(columns) else ()


def _runs(blank: Sequence[bool]) -> list[tuple[int, int]]:
    runs, start = [], None
    for place, empty in enumerate([*blank, True]):
        if not empty and start is None:
            start = place
        elif empty and start is not None:
            runs.append((start, place))
            start = None
    return runs


def _column(rows: Sequence[str], start: int, end: int) -> FixedColumn:
    values = [row[start:end] for row in rows if row[start:end].strip()]
    right = any(value.startswith(" ") for value in values) and not any(
        value.endswith(" ") for value in values
    )
    return FixedColumn(start + 1, end, right=right)


def _has_values(rows: Sequence[str], column: FixedColumn) -> bool:
    cells = [cell for row in rows if (cell := row[column.start - 1 : column.end].strip())]
    return sum(map(is_value, cells)) * 2 > len(cells)
