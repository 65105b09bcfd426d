"""Find and count the physical lines of a block of bytes, which end in LF, CRLF or a lone CR."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LF, CR = 10, 13
PIECE_BYTES = 2**18

Offsets = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Lines:
    """Offsets of the lines of a block, each of shape (lines,): start, end of content, and stop after the line end."""

    starts: Offsets
    ends: Offsets
    stops: Offsets

    def __len__(self) -> int:
        return len(self.starts)


def find_lines(data: bytes | memoryview) -> Lines:
    """Return the offsets of the lines of a block; a last line without a line end counts."""
    bytes_ = np.frombuffer(data, dtype=np.uint8)
    terminators = places_of(bytes_, LF)
    ends = terminators
    returns = places_of(bytes_, CR) if CR in data else terminators[:0]
    if len(returns):
        followed = np.zeros(len(returns), dtype=bool)
        inside = returns + 1 < len(bytes_)
        followed[inside] = bytes_[returns[inside] + 1] == LF
        lone = returns[~followed]
        if len(lone):
            terminators = np.union1d(terminators, lone)
        ends = terminators.copy()
        # The line of a CRLF ends before its CR; `terminators` holds the LF alone for it.
        newline = bytes_[terminators] == LF
        after_return = newline & (terminators > 0) & (bytes_[np.maximum(terminators - 1, 0)] == CR)
        ends[after_return] -= 1
    stops = terminators + 1
    if len(bytes_) and (not len(stops) or stops[-1] != len(bytes_)):
        ends = np.append(ends, len(bytes_))
        stops = np.append(stops, len(bytes_))
    starts = np.empty_like(stops)
    starts[:1] = 0
    starts[1:] = stops[:-1]
    return Lines(starts=starts, ends=ends, stops=stops)


def places_of(bytes_: NDArray[np.uint8], wanted: int) -> Offsets:
    """Return the offsets of a byte value, of shape (occurrences,)."""
    # In pieces of 256 KiB with one mask for all, so that piece and mask stay in the processor's cache.
    found = []
    mask = np.empty(PIECE_BYTES, dtype=bool)
    for start in range(0, len(bytes_), PIECE_BYTES):
        piece = bytes_[start : start + PIECE_BYTES]
        found.append(np.flatnonzero(np.equal(piece, wanted, out=mask[: len(piece)])) + start)
    return np.concatenate(found) if found else np.empty(0, dtype=np.int64)


def lines_that_begin(data: bytes | memoryview, lines: Lines, start: bytes) -> NDArray[np.bool_]:
    """Return which lines begin with these bytes, shape (lines,)."""
    bytes_ = np.frombuffer(data, dtype=np.uint8)
    begins: NDArray[np.bool_] = lines.ends - lines.starts >= len(start)
    for at, byte in enumerate(start):
        # Of a shorter line any byte will do, as it is out already; the last one keeps the offset within the block.
        begins &= bytes_[np.minimum(lines.starts + at, len(bytes_) - 1)] == byte
    return begins


def last_line_stop(data: bytes) -> int:
    """Return the offset after the last complete line. A CR at the very end is not counted: its LF may follow."""
    newline = data.rfind(b"\n")
    end = len(data) - 1
    carriage = data.rfind(b"\r", 0, end) if end > 0 else -1
    return max(newline, carriage) + 1


def line_end(data: bytes, *, ended: bool) -> int:
    """Return the offset after the first line end, 0 where there is none; with `ended`, a CR at the very end is one."""
    newline = data.find(b"\n")
    carriage = data.find(b"\r", 0, newline if newline >= 0 else len(data))
    if carriage < 0:
        return newline + 1
    if carriage + 1 == newline:
        return newline + 1
    return carriage + 1 if carriage + 1 < len(data) or ended else 0


class LineCounter:
    """Line counter of a stream that does not depend on the framing; `ended` lines ended before the stream."""

    def __init__(self, ended: int = 0) -> None:
        self.ended = ended
        self._last = b""

    def feed(self, block: bytes) -> None:
        """Count the line ends of the next block of the stream."""
        if not block:
            return
        # numpy releases the interpreter lock while it counts, so that other threads can work; bytes.count does not.
        self.ended += int(np.count_nonzero(np.frombuffer(block, dtype=np.uint8) == LF))
        if b"\r" in block or self._last == b"\r":
            self.ended += block.count(b"\r") - block.count(b"\r\n")
            if self._last == b"\r" and block[:1] == b"\n":
                self.ended -= 1
        self._last = block[-1:]

    @property
    def lines(self) -> int:
        """Number of lines so far, a last one without a line end included."""
        return self.ended + (self._last not in (b"", b"\n", b"\r"))
