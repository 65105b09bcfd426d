"""Finds the lines at the end of some bytes that may be a footer: the last ones that are neither blank nor comments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callcenter_etl.sources.lines import Lines, find_lines, line_end, lines_that_begin
from callcenter_etl.sources.surrounding_lines import MAX_MATCHED_BYTES

WINDOW_BYTES = 65_536
MAX_GAP_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True)
class FooterLines:
    """Search for the last `count` lines that are neither blank nor comments, all of at most MAX_MATCHED_BYTES.

    `comment` has the bytes with which comments begin, None without.
    """

    count: int
    comment: bytes | None

    def last(self, data: bytes, start: int, stop: int) -> list[tuple[int, int]]:
        """Return start and end of the content of the last lines between two line starts, at most `count`, in order.

        None of them is before a line that is too long for a footer.
        """
        size = WINDOW_BYTES
        while True:
            low = _line_start_after(data, max(start, stop - size), stop) if stop - size > start else start
            window = data[low:stop]
            lines = find_lines(window)
            usable = np.flatnonzero(self.counts(window, lines))
            too_long = np.flatnonzero((lines.ends - lines.starts)[usable] > MAX_MATCHED_BYTES)
            if len(too_long):
                usable = usable[too_long[-1] + 1 :]
            if len(usable) >= self.count or len(too_long) or low == start:
                chosen = usable[-self.count :].tolist()
                return [(low + int(lines.starts[at]), low + int(lines.ends[at])) for at in chosen]
            # Few of the lines are blank or comments, so that the next window is mostly the last one.
            size *= 4

    def has_too_long_line(self, data: bytes, start: int) -> bool:
        """Check whether a line from `start` on is too long for a footer, and is not a comment."""
        window = data[start:]
        lines = find_lines(window)
        return bool((self.counts(window, lines) & (lines.ends - lines.starts > MAX_MATCHED_BYTES)).any())

    def counts(self, data: bytes, lines: Lines) -> NDArray[np.bool_]:
        """Return which lines are neither blank nor comments, shape (lines,)."""
        # In a source of one column too, where an empty line is a record: files often end in empty lines.
        found: NDArray[np.bool_] = lines.ends > lines.starts
        if self.comment is not None and len(data):
            found &= ~lines_that_begin(data, lines, self.comment)
        return found

    def longest_gap(self, data: bytes, start: int) -> int:
        """Return the most bytes of blank lines and comments behind the first one of lines that may be a footer."""
        part = data[start:]
        lines = find_lines(part)
        counts = self.counts(part, lines)
        sizes = lines.stops - lines.starts
        gaps = np.concatenate(([0], np.cumsum(np.where(counts, 0, sizes))))
        usable = np.flatnonzero(counts)
        if not len(usable):
            return 0
        # A footer that begins with a line ends before the line `count` further on, or before one that is too long.
        ends = np.concatenate((usable[self.count :], np.full(min(self.count, len(usable)), len(lines))))
        too_long = np.append(usable[sizes[usable] > MAX_MATCHED_BYTES], len(lines))
        ends = np.minimum(ends, too_long[np.searchsorted(too_long, usable)])
        return int((gaps[ends] - gaps[usable]).max())


def _line_start_after(data: bytes, low: int, stop: int) -> int:
    """Return the start of the first line that begins after `low`; `stop` where none does."""
    # The byte at `low` may be the LF of a CRLF: the line after it is one all the same.
    found = line_end(data[low:stop], ended=True)
    return low + found if found else stop
