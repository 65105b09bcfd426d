"""The first and last lines of a sample, as text and split into cells."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

MAX_LINES = 2_000  # lines of the head that are looked at; titles and headers are far before that
MAX_JOINED = 20  # lines of one record; an open quote beyond is a stray one
UNIT = "\x1f"  # represents a delimiter of several characters, which the csv module does not take
_LINE_END = re.compile(r"\r\n|\r|\n")
_VALUE_LIKE = re.compile(r"[+-]?[$€£]?[0-9][0-9 .,:/%TZ+-]*(?: ?[AaPp][Mm]| ?[%€$£])?")


@dataclass(frozen=True, slots=True)
class SampleLines:
    """The first lines of a sample without their line ends, and the last ones; `whole` if the first are all of them."""

    head: tuple[str, ...]
    tail: tuple[str, ...]
    whole: bool

    @classmethod
    def of(cls, head: str, tail: str, *, whole: bool) -> SampleLines:
        """Return the lines of a sample from its first characters (complete lines) and its last ones."""
        lines = _split(head)
        kept = lines[:MAX_LINES]
        # The first line of the tail may lack its beginning.
        return cls(kept, lines if whole else _split(tail)[1:], whole=whole and len(lines) <= MAX_LINES)


@dataclass(frozen=True, slots=True)
class LineRow:
    """A record among the lines: the place of its first line, its text and its cells."""

    line: int
    text: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LineSplit:
    """A way to split lines into cells; with `quote` None quotes are ordinary text."""

    delimiter: str
    quote: str | None = '"'
    escape: str | None = None
    skip_initial_space: bool = False

    def rows(self, lines: Sequence[str]) -> list[LineRow]:
        """Return the records of lines: a quoted value that a later line closes joins the lines between."""
        rows: list[LineRow] = []
        place = 0
        while place < len(lines):
            count = self._joined(lines, place)
            text = "\n".join(lines[place : place + count])
            rows.append(LineRow(place, text, tuple(self.cells(text))))
            place += count
        return rows

    def _joined(self, lines: Sequence[str], place: int) -> int:
        if self.quote is None or lines[place].count(self.quote) % 2 == 0:
            return 1
        for count in range(2, MAX_JOINED + 1):
            joined = lines[place : place + count]
            if len(joined) == count and joined[-1].count(self.quote) % 2:
                return count
        return 1

    def cells(self, line: str) -> list[str]:
        """Return the cells of one line."""
        single = len(self.delimiter) == 1
        text = line if single else line.replace(self.delimiter, UNIT)
        if not text or "\0" in text:
            return text.split(self.delimiter if single else UNIT)
        reader = csv.reader(
            [text],
            delimiter=self.delimiter if single else UNIT,
            quotechar=self.quote or '"',
            quoting=csv.QUOTE_NONE if self.quote is None else csv.QUOTE_MINIMAL,
            escapechar=self.escape,
            skipinitialspace=self.skip_initial_space,
        )
        try:
            return next(reader)
        except csv.Error:  # a cell over the module's size limit
            return text.split(self.delimiter if single else UNIT)


def width_of(rows: Sequence[Sequence[str]]) -> int:
    """Return the number of cells that most rows have, the greater one of equally frequent numbers."""
    counts = Counter(len(row) for row in rows if any(row))
    return max(counts, key=lambda width: (counts[width], width), default=1)


def filled(row: Sequence[str]) -> int:
    """Return the number of cells that are not blank."""
    return sum(bool(cell.strip()) for cell in row)


def is_value(cell: str) -> bool:
    """Return whether a cell looks like a number, date or time."""
    return _VALUE_LIKE.fullmatch(cell.strip()) is not None


def value_columns(rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """Return the columns in which nine tenths of the filled cells look like numbers, dates or times."""
    found = []
    for place in range(width):
        cells = [row[place] for row in rows if len(row) == width and row[place].strip()]
        if cells and sum(map(is_value, cells)) * 10 >= 9 * len(cells):
            found.append(place)
    return found


def _split(text: str) -> tuple[str, ...]:
    lines = _LINE_END.split(text)
    return tuple(lines[:-1] if lines and not lines[-1] else lines)
