"""The protocol of sources: one file of records, whatever its format, read once from its start to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, Self

from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.sources.chunk import Chunk
from callcenter_etl.sources.header import ColumnLayout
from callcenter_etl.sources.source_position import SourceOffset
from callcenter_etl.store.file_version import FileVersion

BLOCK_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True)
class SourceHeader:
    """The start of a source: its preamble (the bytes of BOM and header line), blank lines before it, and layout.

    The source is refused where there are `problems`.
    """

    preamble: bytes
    preamble_lines: int
    blank_lines: int
    blank_bytes: int
    layout: ColumnLayout
    problems: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class ParsedBlock:
    """The chunks of a block, and the blank lines between its records."""

    chunks: tuple[Chunk, ...]
    blank_lines: int = 0
    blank_bytes: int = 0


class Block(Protocol):
    """A run of bytes of a source that holds whole records, or a piece of a record that is over the size limit.

    Blocks are cut one after the other, which is cheap. Each can then be parsed by itself, in any thread.
    """

    @property
    def data(self) -> bytes | memoryview:
        """The bytes of the source that the block holds; those of all blocks are the source without its preamble."""

    def parse(self) -> ParsedBlock:
        """Parse the records of the block to chunks, in the order of the source."""


class Source(Protocol):
    """One source. Use within `with`, and call `open` before `blocks` or `chunks`."""

    @property
    def uri(self) -> str:
        """The address as messages show it."""

    @property
    def identity(self) -> FileVersion:
        """Size and version of the stored file when it was opened."""

    @property
    def size(self) -> int | None:
        """Bytes of the stored file, None where it is not known."""

    @property
    def encoding(self) -> str:
        """The encoding of the bytes that blocks and chunks hold."""

    @property
    def multiline(self) -> bool:
        """True where a record may have more than one line."""

    @property
    def stored_bytes(self) -> int:
        """Bytes of the source, as stored, read so far."""

    @property
    def sha256(self) -> str:
        """Hash of the stored bytes read so far, hexadecimal."""

    @property
    def plain_bytes(self) -> int:
        """Bytes of the source, decompressed, read so far."""

    @property
    def lines(self) -> int:
        """Lines read so far, counted apart from any framing."""

    @property
    def plain_position(self) -> tuple[int, int]:
        """The offset of the next plain byte, and the number of the line that it starts."""

    @property
    def min_output_bytes(self) -> int | None:
        """How many bytes target and rejected will have at the least, None where it is not known."""

    @property
    def is_rereadable(self) -> bool:
        """True where another reader would get the same bytes, or an error."""

    @property
    def rests(self) -> bool:
        """True where all blocks so far end with a record, so that a checkpoint may be taken."""

    @property
    def position(self) -> SourceOffset:
        """The position for a checkpoint, where the source rests."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...

    def open(self) -> SourceHeader:
        """Read the start of the source: its header, or why it is refused. Raises SourceError."""

    def blocks(self) -> Iterator[Block]:
        """Yield what follows the header, in order. Raises SourceError."""

    def chunks(self) -> Iterator[Chunk]:
        """Yield the records that follow the header, in order. Raises SourceError."""

    def skip_to(self, passed: SourceOffset, *, after_each: Callable[[], None]) -> None:
        """Read on to the position of a checkpoint. Raises CheckpointMismatchError where the bytes are other ones."""

    def check_unchanged(self) -> None:
        """Raise SourceError where the stored file changed while it was read, or was not read to its end."""

    def drain(self) -> None:
        """Read the rest, so that size and hash are those of the whole source."""
