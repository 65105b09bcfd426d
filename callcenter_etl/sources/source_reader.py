"""Read a source as a stream: version, refusal, header, then blocks of whole lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Self

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.errors import CheckpointMismatchError, SourceError
from callcenter_etl.os_errors import translate_os_errors
from callcenter_etl.sources.byte_buffer import ByteBuffer, OversizedRecord
from callcenter_etl.sources.compression import decompressed, read_blocks, suffix_of
from callcenter_etl.sources.content_sniffing import (
    HEAD_BYTES,
    compressed_otherwise,
    is_lfs_pointer,
    not_delimited,
)
from callcenter_etl.sources.dialect import Dialect, dialect_of
from callcenter_etl.sources.encodings import (
    EncodingMismatchError,
    bytes_per_ascii,
    detected_encoding,
    is_ascii_superset,
    is_stateful,
    transcoded,
)
from callcenter_etl.sources.file_name_rules import name_problems
from callcenter_etl.sources.framing import Frame, frame_block
from callcenter_etl.sources.header import ColumnLayout
from callcenter_etl.sources.header_reader import HeaderReader, Opening, refused
from callcenter_etl.sources.lines import last_line_stop
from callcenter_etl.sources.source_position import SourceOffset, StoredBytes
from callcenter_etl.store import access
from callcenter_etl.store.uris import STANDARD_INPUT, base_name, is_local, is_s3, shown

# A source of more fields is read in larger blocks, up to MAX_BLOCK_FACTOR times as large, which bounds the memory.
FIELDS_A_BLOCK, MAX_BLOCK_FACTOR = 250, 4
BLOCK_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines, each of which is a record: their bytes, the number of the first line, its offset in the source."""

    raw: bytes
    first_line: int
    offset: int


class SourceReader:
    """Reader of a source, once from start to end. Use within `with`, and call `open` first.

    `passed` is the position of an earlier reader, to which `skip_to` continues without yielding blocks.
    """

    def __init__(
        self,
        uri: str,
        document: ContractDocument,
        *,
        block_bytes: int = BLOCK_BYTES,
        passed: SourceOffset | None = None,
        dialect: Dialect | None = None,
    ) -> None:
        self.uri = shown(uri)
        self._address = uri
        self.document = document
        self.dialect = dialect_of(document) if dialect is None else dialect
        self._stored_bytes = StoredBytes(self.uri, passed)
        self._storage = document.run.storage_options
        self.identity = access.identify(uri, self._storage)
        self.size = self.identity.size
        self._block_bytes = block_bytes
        self._within_record = False
        self._pending = ByteBuffer(iter(()), block_bytes)
        self._context = access.open_stream(uri, self.identity, self._storage)
        self._stored_blocks: Iterator[bytes] = iter(())

    def __enter__(self) -> Self:
        self._stream = self._context.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._context.__exit__(*exc)  # type: ignore[arg-type]  # the three of the protocol

    @property
    def stored_bytes(self) -> int:
        """Stored bytes of the source read so far."""
        return self._stored_bytes.count

    @property
    def sha256(self) -> str:
        """Hash of the stored bytes read so far, hexadecimal."""
        return self._stored_bytes.sha256

    @property
    def plain_bytes(self) -> int:
        """Plain (decompressed, transcoded) bytes of the source read so far."""
        return self._pending.bytes_read

    @property
    def lines(self) -> int:
        """Lines consumed so far, counted independently of the framing."""
        return self._pending.lines

    @property
    def plain_position(self) -> tuple[int, int]:
        """Position of the next block: offset in plain bytes, and the number of the line that starts there."""
        return self._pending.offset, self._pending.next_line

    @property
    def is_rereadable(self) -> bool:
        """Return whether the source can be read again and a change of its content be detected."""
        # Only local files and S3 objects have versions that a resumed run can rely on.
        known = self.identity.size is not None and self.identity.version is not None
        return known and (is_local(self._address) or is_s3(self._address))

    @property
    def rests(self) -> bool:
        """Return whether all blocks so far end with a record, so that a checkpoint may be taken here."""
        return self._stored_bytes.proven and not self._within_record

    @property
    def position(self) -> SourceOffset:
        """Position for a checkpoint, valid while the reader `rests`."""
        pending = self._pending
        return SourceOffset(pending.offset, pending.lines, self.stored_bytes, self.sha256)

    def open(self) -> Opening:
        """Read the start of the source, and return its preamble and layout, or the problems for which it is refused.

        Raises SourceError where the source cannot be read.
        """
        problems = list(name_problems(self._address, self.document.source))
        stored = self._stored_blocks = self._stored(self._stream)
        # Standard input cannot be rewound, so the blocks that are read to recognise the format are kept for the reading.
        head = bytearray()
        blocks: list[bytes] = []
        for block in stored:
            blocks.append(block)
            head += block
            if len(head) >= HEAD_BYTES:
                break
        name = base_name(self._address)
        disguise = compressed_otherwise(bytes(head[:HEAD_BYTES]), name)
        if disguise is not None:
            return refused([*problems, Diagnostic("file.not_delimited", disguise)])
        pending = self._pending = ByteBuffer(self._plain(_chain(blocks, stored), name), self._block_bytes)
        try:
            while not pending.ended and len(pending.data) < HEAD_BYTES:
                pending.read_more()
        except EncodingMismatchError as error:
            return refused([*problems, _mismatch(self.dialect.encoding, error.detected)])
        start = pending.data[:HEAD_BYTES]
        other = not_delimited(start, text=is_ascii_superset(self.dialect.encoding))
        if other is not None:
            return refused([*problems, Diagnostic("file.not_delimited", other)])
        if is_lfs_pointer(start):
            sentence = "the source is a Git LFS pointer, not the file that it refers to (run git lfs pull)"
            problems.append(Diagnostic("file.not_delimited", sentence, suggestion="run git lfs pull"))
        opening = HeaderReader(pending, self.document, self.dialect, self.uri).read(problems)
        detected = detected_encoding(start) if opening.problems else None
        # Only where the header is wrong as well: NUL bytes alone prove nothing, since NUL may be part of a value.
        if detected is not None and detected != "utf-8" and is_ascii_superset(self.dialect.encoding):
            return refused([*problems, _mismatch(self.dialect.encoding, detected)])
        return opening

    @property
    def min_output_bytes(self) -> int | None:
        """Lower bound of the bytes of target and rejected together, None where the size is not known."""
        # Transcoding drops the shifts of a stateful encoding, so its output may be smaller than any share of the size.
        if self.size is None or is_stateful(self.dialect.encoding):
            return None
        return self.size // bytes_per_ascii(self.dialect.encoding)

    def skip_to(self, passed: SourceOffset, *, after_each: Callable[[], None]) -> None:
        """Read the source up to the position of an earlier reader; `after_each` is called after each block.

        Raises CheckpointMismatchError where the bytes are not those that it had read. The earlier reader may have read
        ahead of its position, so a difference may show only in later blocks; until then the reader does not rest.
        """
        pending = self._pending
        while pending.offset < passed.offset:
            pending.consume(min(len(pending), passed.offset - pending.offset))
            if pending.offset == passed.offset:
                break
            if pending.ended:
                raise CheckpointMismatchError(f"{self.uri}: ends before the checkpoint")
            pending.read_more()
            after_each()
        if (pending.offset, pending.lines) != (passed.offset, passed.lines):
            raise CheckpointMismatchError(f"{self.uri}: has other lines than it had at the checkpoint")

    def blocks(self, layout: ColumnLayout) -> Iterator[Block | Frame | OversizedRecord]:
        """Yield the source after its header, in order: blocks, or frames where values may hold line breaks.

        A record over the size limit comes as several OversizedRecord.
        """
        # A block can be framed by any thread. With line breaks in values, a record's end depends on all lines before it.
        pending = self._pending
        # Each block costs time for each rule, so blocks of one size would take time by the square of the width.
        pending.enlarge_blocks(min(max(layout.fields // FIELDS_A_BLOCK, 1), MAX_BLOCK_FACTOR))
        while True:
            item = self._frame(layout) if self.dialect.multiline else self._block()
            if item is not None:
                yield item
            elif len(pending) > self.dialect.max_record_bytes + 1:
                self._within_record = True
                yield from pending.consume_oversized_record()
                self._within_record = False
                continue
            if not pending.ended:
                pending.read_more()
            elif not len(pending):
                return

    def _block(self) -> Block | None:
        first_line, offset = self._pending.next_line, self._pending.offset
        raw = self._pending.consume_lines()
        return Block(raw, first_line, offset) if raw else None

    def _frame(self, layout: ColumnLayout) -> Frame | None:
        """Return the records that end within the pending bytes, None where none does."""
        pending = self._pending
        stop = len(pending) if pending.ended else last_line_stop(pending.data)
        if not stop:
            return None
        frame = frame_block(
            pending.data[:stop],
            dialect=self.dialect,
            fields=layout.fields,
            first_line=pending.next_line,
            offset=pending.offset,
            final=pending.ended,
        )
        pending.consume(frame.consumed)
        return frame

    def check_unchanged(self) -> None:
        """Raise SourceError when the stored file changed since it was opened, or was not read to its end.

        Raises CheckpointMismatchError where the checkpoint's reader had read more bytes than the source has.
        """
        if not self._stored_bytes.proven:
            raise CheckpointMismatchError(f"{self.uri}: ends before what was read at the checkpoint")
        if self.uri == STANDARD_INPUT:
            return
        change = access.what_changed(self._address, self.identity, self._storage)
        if change is not None:
            raise SourceError(change)
        # The standard library reads a file that was truncated meanwhile to its new end without an error.
        if self.size is not None and self.size != self.stored_bytes:
            read = self.stored_bytes
            raise SourceError(
                f"{self.uri}: {read:,} bytes were read of {self.size:,} (truncated while it was read?)"
            )

    def drain(self) -> None:
        """Read the rest, so that size and hash are those of the whole source."""
        self._pending.drain()
        # Bytes after the end of the compressed stream are never decompressed, and belong to the hash all the same.
        for _ in self._stored_blocks:
            continue

    def _stored(self, stream: IO[bytes]) -> Iterator[bytes]:
        with translate_os_errors(self.uri, SourceError):
            for block in read_blocks(stream, self._block_bytes):
                self._stored_bytes.add(block)
                yield block

    def _plain(self, blocks: Iterator[bytes], name: str) -> Iterator[bytes]:
        suffix = suffix_of(name)
        if suffix is not None:
            blocks = decompressed(
                blocks, suffix=suffix, uri=self.uri, max_bytes=self.document.source.max_bytes
            )
        if not is_ascii_superset(self.dialect.encoding):
            blocks = transcoded(blocks, self.dialect.encoding)
        return blocks


def _mismatch(declared: str, detected: str | None) -> Diagnostic:
    """Return the problem of a source in another encoding than the declared one, with the encoding to declare."""
    if detected is None:
        found = f"the source does not start with the byte order mark of {declared}"
        remedy = f"declare {declared}-le or {declared}-be, or the encoding that the sender uses"
    else:
        found = f"the source is not {declared}: its bytes are {detected.upper()}"
        remedy = f"declare source.encoding: {detected}, or ask the sender for {declared}"
    return Diagnostic("header.encoding", f"{found} ({remedy})", suggestion=remedy)


def _chain(blocks: list[bytes], rest: Iterator[bytes]) -> Iterator[bytes]:
    yield from blocks
    yield from rest
