"""The plain bytes of a source that were read and not yet taken, with a count of what was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from callcenter_etl.sources.encodings import ShowStream
from callcenter_etl.sources.lines import LineCounter, last_line_stop, line_end


@dataclass(frozen=True, slots=True)
class OversizedRecord:
    """A piece of a record that is over the limit; `first` opens it, `last` ends it.

    `shown` is the text of the piece for people, without the line end. `starts_text` is true where no earlier piece of
    the record had any: the first one may end within a character.
    """

    data: bytes
    line: int
    shown: str
    first: bool
    last: bool
    starts_text: bool


class ByteBuffer:
    """A window on a stream of bytes that grows at its end (`fill`) and is taken from its start (`take`).

    Lines are counted as they are taken, apart from any framing. The stream may be a part of a source, which begins
    at the byte `offset` and with the line `first_line` there.
    """

    def __init__(
        self, blocks: Iterator[bytes], block_bytes: int, *, offset: int = 0, first_line: int = 1
    ) -> None:
        self._blocks = blocks
        self._block_bytes = block_bytes
        self._lines = LineCounter(first_line - 1)
        # Joined only when asked for: most of what is read is taken with `take_lines`, and copied once.
        self._parts: list[bytes] = []
        self.ended = False
        # True while a record that is over the limit was taken in part.
        self.within_record = False
        self.offset = offset
        self.bytes_read = 0

    @property
    def data(self) -> bytes:
        """All that is pending."""
        if len(self._parts) != 1:
            self._parts = [b"".join(self._parts)]
        return self._parts[0]

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    @property
    def lines(self) -> int:
        """Lines taken so far, a last one without a line end included."""
        return self._lines.lines

    @property
    def next_line(self) -> int:
        """The 1-based number of the line that starts the data, where whole lines were taken."""
        return self._lines.ended + 1

    def enlarge_blocks(self, factor: int) -> None:
        """Read so many times as much at once from now on."""
        self._block_bytes *= factor

    def fill(self) -> None:
        """Read on, by a block or a little more."""
        wanted = self._block_bytes
        while wanted > 0:
            block = next(self._blocks, None)
            if block is None:
                self.ended = True
                return
            self.bytes_read += len(block)
            self._parts.append(block)
            wanted -= len(block)

    def take(self, size: int) -> bytes:
        """Take bytes from the start."""
        data = self.data
        return self._took(data[:size], data[size:])

    def take_lines(self) -> bytes:
        """Take all whole lines, and at the end of the stream all that is left; nothing where no line has ended."""
        if self.ended:
            return self._took(self.data, b"")
        last = self._parts[-1] if self._parts else b""
        stop = last_line_stop(last)
        if stop:
            return self._took(b"".join((*self._parts[:-1], memoryview(last)[:stop])), last[stop:])
        return self.take(last_line_stop(self.data))

    def _took(self, taken: bytes, rest: bytes) -> bytes:
        self._parts = [rest] if rest else []
        self.offset += len(taken)
        self._lines.feed(taken)
        return taken

    def take_blank_lines(self) -> bytes:
        """Take all the line ends at the start."""
        taken = b""
        while True:
            ends = len(self.data) - len(self.data.lstrip(b"\r\n"))
            last = ends < len(self.data) or self.ended
            if not last and self.data.endswith(b"\r"):
                ends -= 1  # it may be the half of a CRLF
            taken += self.take(ends)
            if last:
                return taken
            self.fill()

    def consume_oversized_record(self, show: ShowStream) -> Iterator[OversizedRecord]:
        """Take the line at the start piece by piece, reading on to its end; `show` decodes the pieces for people."""
        line, first, text_begun = self.next_line, True, False
        self.within_record = True
        for data, last in self._pieces_of_line():
            shown = show.show(data.rstrip(b"\r\n") if last else data, final=last)
            yield OversizedRecord(
                data, line, shown, first=first, last=last, starts_text=bool(shown) and not text_begun
            )
            first, text_begun = False, text_begun or bool(shown)
        self.within_record = False

    def _pieces_of_line(self) -> Iterator[tuple[bytes, bool]]:
        """Take the line at the start, and yield its pieces, each with whether it is the last one."""
        while True:
            stop = line_end(self.data, ended=self.ended)
            if stop or self.ended:
                break
            piece = self.take(len(self.data) - int(self.data.endswith(b"\r")))
            if piece:
                yield piece, False
            self.fill()
        yield self.take(stop or len(self.data)), True

    def drain(self) -> None:
        """Take all that is left of the stream."""
        while not self.ended or len(self):
            self.take(len(self.data))
            self.fill()
