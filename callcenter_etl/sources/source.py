"""Protocol of sources: one file of records in any format, read once from start to end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, Self

from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.sources.chunk import Chunk
from callcenter_etl.sources.header import ColumnLayout
from callcenter_etl.sources.source_position import SourceOffset, StoredBytes
from callcenter_etl.sources.surrounding_lines import LineRun, LineTotals, Surroundings
from callcenter_etl.store.file_version import FileVersion

BLOCK_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True)
class SourceHeader:
    """The start of a source, up to its first record.

    `target_start` has the bytes of BOM and header lines, with which outputs begin. `surroundings` counts all lines that
    are no records, `blank` the blank ones, and `runs` has both in their order. `values` are those of the preamble's
    named groups. The source is refused where there are `problems`. It is read with `warnings`, which are in the summary.
    """

    target_start: bytes
    layout: ColumnLayout
    surroundings: Surroundings = field(default_factory=Surroundings)
    blank: LineTotals = field(default_factory=LineTotals)
    runs: tuple[LineRun, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Diagnostic, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()

    @property
    def lines(self) -> int:
        """Lines before the first record."""
        return self.surroundings.lines + self.blank.lines

    @property
    def bytes(self) -> int:
        """Bytes before the first record."""
        return self.surroundings.bytes + self.blank.bytes

    @property
    def unwritten_bytes(self) -> int:
        """Bytes above the records that are in no output: all but the header."""
        return self.bytes - self.surroundings.header.bytes


@dataclass(frozen=True, slots=True)
class SourceFooter:
    """The end of a source, below its last record; empty where it has no footer.

    `values` are those of the footer's named groups. With `problems` the run fails.
    """

    surroundings: Surroundings = field(default_factory=Surroundings)
    blank: LineTotals = field(default_factory=LineTotals)
    runs: tuple[LineRun, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class ParsedBlock:
    """The chunks of a block, and the blank lines and comments between its records."""

    chunks: tuple[Chunk, ...]
    blank_lines: int = 0
    blank_bytes: int = 0
    comments: LineTotals = field(default_factory=LineTotals)


class Block(Protocol):
    """Bytes of a source with whole records, or with a piece of a record that is over the size limit."""

    # Cutting a source into blocks is cheap, and has to be done in order; a block can be parsed in any thread.

    @property
    def data(self) -> bytes | memoryview:
        """Bytes of the source; those of all blocks together are the source without its header and footer."""

    def parse(self) -> ParsedBlock:
        """Return the records of the block as chunks, in the order of the source."""


class Source(Protocol):
    """A source of records. Use within `with`, and call `open` before `blocks` or `chunks`."""

    @property
    def uri(self) -> str:
        """Address for messages, without secrets."""

    @property
    def identity(self) -> FileVersion:
        """Size and version of the stored file when it was opened."""

    @property
    def size(self) -> int | None:
        """Bytes of the stored file, None where unknown."""

    @property
    def encoding(self) -> str:
        """Encoding of the bytes in blocks and chunks."""

    @property
    def multiline(self) -> bool:
        """Return whether a record may have more than one line."""

    @property
    def stored_bytes(self) -> int:
        """Stored bytes read so far."""

    @property
    def sha256(self) -> str:
        """SHA-256 of the stored bytes read so far, hexadecimal."""

    @property
    def hashes(self) -> StoredBytes:
        """Count and hashes of the stored bytes read so far; a further algorithm is added before `open`."""

    @property
    def plain_bytes(self) -> int:
        """Plain (decompressed, transcoded) bytes read so far."""

    @property
    def lines(self) -> int:
        """Lines read so far, counted independently of the framing."""

    @property
    def plain_position(self) -> tuple[int, int]:
        """Offset of the next plain byte, and the 1-based number of the line that it starts."""

    @property
    def footer(self) -> SourceFooter:
        """The end of the source, known after the last of the blocks; empty before."""

    @property
    def min_output_bytes(self) -> int | None:
        """Lower bound of the bytes of target and rejected together, known once it is open.

        Blank lines below the header count as records. None where the size, or the share of comments, is unknown.
        """

    @property
    def is_rereadable(self) -> bool:
        """Return whether the source can be read again, and a change of its content be detected."""

    @property
    def rests(self) -> bool:
        """Return whether all blocks so far end with a record, so that a checkpoint may be taken."""

    @property
    def position(self) -> SourceOffset:
        """Position for a checkpoint, valid while the source rests."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...

    def open(self) -> SourceHeader:
        """Return the header, with the problems for which the source is refused. Raises SourceError."""

    def blocks(self) -> Iterator[Block]:
        """Yield the source after its header, in order. Raises SourceError."""

    def chunks(self) -> Iterator[Chunk]:
        """Yield the records after the header, in order. Raises SourceError."""

    def skip_to(self, passed: SourceOffset, *, after_each: Callable[[], None]) -> None:
        """Read the source up to the position of a checkpoint; `after_each` is called after each block.

        Raises CheckpointMismatchError where the bytes are not those that the checkpoint's run had read.
        """

    def check_unchanged(self) -> None:
        """Raise SourceError where the stored file changed while it was read, or was not read to its end."""

    def drain(self) -> None:
        """Read the rest, so that size and hash are those of the whole source."""
