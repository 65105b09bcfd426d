"""Buffer between the byte stream of a source and its framing, with a line count of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

from callcenter_etl.sources.encodings import ShowStream
from callcenter_etl.sources.lines import LineCounter, last_line_stop, line_end

# The first piece of a record over the size limit has all that was read of it so far. Each step of the work on a piece
# holds a copy of it, so that large ones are cut.
SLICE_BYTES = 4 * 2**20
_HEAD_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class OversizedRecord:
    """A piece of a record that is over the size limit; `first` marks its first piece, `last` its last one.

    `line` is the 1-based line on which the record starts. `shown` is the text of the piece for people, without the line end. `starts_text` is true where no earlier piece of
    the record had any: the first one may end within a character.
    """

    data: bytes
    line: int
    shown: str
    first: bool
    last: bool
    starts_text: bool


class ByteBuffer:
    """Bytes of a stream: `read_more` appends a block at the end, `consume` removes bytes from the start.

    The stream may be a range of a source, which begins at the byte `offset` and with the line `first_line` there.
    """

    def __init__(
        self, blocks: Iterator[bytes], block_bytes: int, *, offset: int = 0, first_line: int = 1
    ) -> None:
        self._blocks = blocks
        self._block_bytes = block_bytes
        # Lines are counted here, apart from the framing, so that a fault of the framing shows in the totals.
        self._lines = LineCounter(first_line - 1)
        # Joined only on demand: `consume_lines` copies each byte once, a buffer that is always joined copies it twice.
        self._parts: list[bytes] = []
        self.ended = False
        # True while a record that is over the limit was taken in part.
        self.within_record = False
        self.offset = offset
        self.bytes_read = 0

    @property
    def data(self) -> bytes:
        """The bytes that were read and not consumed."""
        if len(self._parts) != 1:
            self._parts = [b"".join(self._parts)]
        return self._parts[0]

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    @property
    def lines(self) -> int:
        """Lines consumed so far, a last one without a line end included."""
        return self._lines.lines

    @property
    def next_line(self) -> int:
        """The 1-based number of the line that starts the data, where whole lines were consumed."""
        return self._lines.ended + 1

    def enlarge_blocks(self, factor: int) -> None:
        """Multiply the number of bytes that `read_more` reads by `factor`."""
        self._block_bytes *= factor

    def read_more(self) -> None:
        """Append a block of the stream, or a little more; set `ended` at the end of the stream."""
        wanted = self._block_bytes
        while wanted > 0:
            block = next(self._blocks, None)
            if block is None:
                self.ended = True
                return
            self.bytes_read += len(block)
            self._parts.append(block)
            wanted -= len(block)

    def peek_line(self, *, max_bytes: int) -> bytes | None:
        """Return the line at the start with its line end, b"" at the end of the stream, None if it is over `max_bytes`."""
        stop = self._stop_in_head()
        if stop:
            return None if stop > max_bytes else self._parts[0][:stop]
        while not self.ended:
            stop = line_end(self.data, ended=False)
            if stop or len(self) > max_bytes:
                break
            self.read_more()
        else:
            stop = line_end(self.data, ended=True) or len(self)
        return None if (stop or len(self)) > max_bytes else self.data[:stop]

    def _stop_in_head(self) -> int:
        """Return the offset after the first line end if it is among the first bytes, which are kept apart; else 0."""
        # Lines that are consumed one by one would copy all other bytes, of a large block, each time.
        stop = line_end(self._parts[0], ended=False) if len(self._parts) > 1 else 0
        data = b"" if stop else self.data
        if len(data) <= _HEAD_BYTES:
            return stop
        self._parts = [data[:_HEAD_BYTES], data[_HEAD_BYTES:]]
        return line_end(self._parts[0], ended=False)

    def withhold(self, filter_: Callable[[Iterator[bytes]], Iterator[bytes]]) -> None:
        """Replace all bytes that are not consumed yet by those that the filter yields of them."""
        rest = self.data
        self._blocks = filter_(chain((rest,), self._blocks))
        self._parts = []
        self.bytes_read -= len(rest)
        self.ended = False

    def consume(self, size: int) -> bytes:
        """Remove and return bytes from the start."""
        if len(self._parts) > 1 and size < len(self._parts[0]):
            first = self._parts[0]
            self._parts[0] = first[size:]
            return self._counted(first[:size])
        data = self.data
        return self._consumed(data[:size], data[size:])

    def consume_lines(self) -> bytes:
        """Remove and return all whole lines, and at the end of the stream the rest; empty where no line has ended."""
        if self.ended:
            return self._consumed(self.data, b"")
        # The last part mostly holds the last line end; only where it does not, all parts are joined to look for it.
        last = self._parts[-1] if self._parts else b""
        stop = last_line_stop(last)
        if stop:
            return self._consumed(b"".join((*self._parts[:-1], memoryview(last)[:stop])), last[stop:])
        return self.consume(last_line_stop(self.data))

    def _consumed(self, data: bytes, rest: bytes) -> bytes:
        self._parts = [rest] if rest else []
        return self._counted(data)

    def _counted(self, data: bytes) -> bytes:
        self.offset += len(data)
        self._lines.feed(data)
        return data

    def consume_blank_lines(self) -> bytes:
        """Remove and return all line ends at the start."""
        consumed = b""
        if self._parts and self._parts[0][:1] not in (b"", b"\r", b"\n"):
            return consumed
        while True:
            ends = len(self.data) - len(self.data.lstrip(b"\r\n"))
            last = ends < len(self.data) or self.ended
            if not last and self.data.endswith(b"\r"):
                ends -= 1  # the next block may begin with the LF of a CRLF
            consumed += self.consume(ends)
            if last:
                return consumed
            self.read_more()

    def consume_oversized_record(self, show: ShowStream) -> Iterator[OversizedRecord]:
        """Yield the line at the start in pieces of about a block, so that memory stays constant; reads to its end.

        `show` decodes the pieces for people.
        """
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
        """Yield the pieces of the line at the start, each with whether it is the last one."""
        while True:
            stop = line_end(self.data, ended=self.ended)
            if stop or self.ended:
                break
            piece = self.consume(len(self.data) - int(self.data.endswith(b"\r")))
            if piece:
                yield from ((each, False) for each in _slices(piece))
            self.read_more()
        *pieces, last = _slices(self.consume(stop or len(self.data)))
        yield from ((each, False) for each in pieces)
        yield last, True

    def drain(self) -> None:
        """Read and drop the rest of the stream."""
        while not self.ended or len(self):
            self.consume(len(self.data))
            self.read_more()


def _slices(data: bytes) -> list[bytes]:
    """Return the bytes in slices of SLICE_BYTES; the last one has more, so that it has the whole of a line end."""
    cuts = range(SLICE_BYTES, len(data) - SLICE_BYTES, SLICE_BYTES)
    starts = [0, *cuts]
    return [data[start:stop] for start, stop in zip(starts, [*cuts, len(data)], strict=True)]
