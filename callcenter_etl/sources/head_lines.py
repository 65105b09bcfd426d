"""Consumes the lines at the start of a source one by one, and counts them by kind."""

from __future__ import annotations

from dataclasses import dataclass, field

from callcenter_etl.errors import SourceError
from callcenter_etl.sources.byte_buffer import ByteBuffer
from callcenter_etl.sources.encodings import ShowStream
from callcenter_etl.sources.surrounding_lines import LineRun, LineTotals, Surroundings

BLANK, COMMENT = "blank", "a comment"


@dataclass(slots=True)
class HeadLines:
    """The start of a source while it is read. `comment` has the bytes with which comments begin, None without."""

    pending: ByteBuffer
    uri: str
    encoding: str
    max_line_bytes: int
    comment: bytes | None
    surroundings: Surroundings = field(default_factory=Surroundings)
    blank: LineTotals = field(default_factory=LineTotals)
    runs: list[LineRun] = field(default_factory=list)

    @property
    def number(self) -> int:
        """The 1-based number of the next line."""
        return self.pending.next_line

    def next_line(self, *, skip_blank: bool = True) -> bytes:
        """Return the next line that is not a comment, with its line end and not consumed; b"" at the end.

        Comments, and blank lines where they are skipped, are consumed. Raises SourceError for a line over the limit.
        """
        while True:
            if skip_blank:
                first, size = self.number, len(self.pending.consume_blank_lines())
                self._count(BLANK, self.blank, first, self.number - first, size)
            line = self.pending.peek_line(max_bytes=self.max_line_bytes)
            begin = self.pending.data if line is None else line
            if self.comment is not None and begin.startswith(self.comment):
                self._consume_comment(line)
            elif line is None:
                most = self.max_line_bytes
                raise SourceError(f"{self.uri}: the header line is over {most:,} bytes long")
            else:
                return line

    def take(self, kind: str, totals: LineTotals, size: int, lines: int = 1) -> bytes:
        """Consume and return lines of a kind, of `size` bytes together."""
        first = self.number
        data = self.pending.consume(size)
        self._count(kind, totals, first, lines, size)
        return data

    def _consume_comment(self, line: bytes | None) -> None:
        if line is not None:
            self.take(COMMENT, self.surroundings.comments, len(line))
            return
        first, size = self.number, 0
        # In pieces, since a comment may be longer than what fits in memory.
        for piece in self.pending.consume_oversized_record(ShowStream(self.encoding)):
            size += len(piece.data)
        self._count(COMMENT, self.surroundings.comments, first, 1, size)

    def _count(self, kind: str, totals: LineTotals, first: int, lines: int, size: int) -> None:
        totals.add(lines, size)
        last = first + lines - 1
        if not lines:
            return
        if self.runs and (self.runs[-1].kind, self.runs[-1].last) == (kind, first - 1):
            first = self.runs.pop().first
        self.runs.append(LineRun(kind, first, last))
