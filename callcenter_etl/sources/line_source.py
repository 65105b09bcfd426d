"""Reads a source of lines as a stream: identity, refusal, header, then blocks of whole records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO, Self

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.errors import CheckpointMismatchError, SourceError
from callcenter_etl.os_errors import translate_os_errors
from callcenter_etl.sources.blocks import blocks_of
from callcenter_etl.sources.byte_buffer import ByteBuffer
from callcenter_etl.sources.chunk import Chunk
from callcenter_etl.sources.content_sniffing import (
    HEAD_BYTES,
    compressed_otherwise,
    is_lfs_pointer,
    not_delimited,
)
from callcenter_etl.sources.encodings import (
    EncodingMismatchError,
    bytes_per_ascii,
    detected_encoding,
    encoding_mismatch,
    is_ascii_superset,
    is_stateful,
    is_utf_16_or_32,
    transcoded,
)
from callcenter_etl.sources.file_name_rules import name_problems
from callcenter_etl.sources.footer import FooterFilter, FooterReader
from callcenter_etl.sources.header_reader import HeaderReader, refused
from callcenter_etl.sources.line_format import LineFormat, WrongFormatError
from callcenter_etl.sources.source import BLOCK_BYTES, Block, SourceFooter, SourceHeader
from callcenter_etl.sources.source_position import SourceOffset, StoredBytes
from callcenter_etl.sources.surrounding_lines import MAX_MATCHED_BYTES
from callcenter_etl.store import access
from callcenter_etl.store.compression import decompressed, read_blocks, suffix_of
from callcenter_etl.store.uris import STANDARD_INPUT, base_name, is_local, is_s3, shown

# A source of more fields is read in larger blocks, up to MAX_BLOCK_FACTOR times as large, which bounds the memory.
FIELDS_A_BLOCK, MAX_BLOCK_FACTOR = 250, 4


class LineSource:
    """A `Source` in a format of lines; see `open_source` for the arguments."""

    def __init__(
        self,
        uri: str,
        document: ContractDocument,
        form: LineFormat,
        *,
        block_bytes: int = BLOCK_BYTES,
        chunk_rows: int | None = None,
        passed: SourceOffset | None = None,
    ) -> None:
        self.uri = shown(uri)
        self._address = uri
        self.document = document
        self.form = form
        self.dialect = form.dialect
        self.hashes = StoredBytes(self.uri, passed)
        self._storage = document.run.storage_options
        self.identity = access.identify(uri, self._storage)
        self.size = self.identity.size
        self._block_bytes = block_bytes
        self._chunk_rows = chunk_rows
        self._fields = self._bytes_above = 0  # known once the header was read
        self._footer: FooterFilter | None = None
        self._pending = ByteBuffer(iter(()), block_bytes)
        self._context = access.open_stream(uri, self.identity, self._storage)
        self._stored_blocks: Iterator[bytes] = iter(())

    def __enter__(self) -> Self:
        self._stream = self._context.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._context.__exit__(*exc)  # type: ignore[arg-type]  # the three of the protocol

    @property
    def encoding(self) -> str:
        """The encoding that the contract declares; wide ones are transcoded to UTF-8 as they are read."""
        return self.dialect.encoding

    @property
    def multiline(self) -> bool:
        """True where a quoted value may hold line breaks."""
        return self.dialect.multiline

    @property
    def stored_bytes(self) -> int:
        """Stored bytes of the source read so far."""
        return self.hashes.count

    @property
    def sha256(self) -> str:
        """Hash of the stored bytes read so far, hexadecimal."""
        return self.hashes.sha256

    @property
    def plain_bytes(self) -> int:
        """Plain (decompressed, transcoded) bytes of the source read so far."""
        return self._pending.bytes_read + (0 if self._footer is None else self._footer.size)

    @property
    def lines(self) -> int:
        """Lines consumed so far, counted independently of the framing."""
        return self._pending.lines + (0 if self._footer is None else self._footer.lines)

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
        return self.hashes.proven and not self._pending.within_record

    @property
    def position(self) -> SourceOffset:
        """Position for a checkpoint, valid while the reader `rests`."""
        pending = self._pending
        return SourceOffset(pending.offset, pending.lines, self.stored_bytes, self.sha256)

    def open(self) -> SourceHeader:
        """Read the start of the source, and return its header and layout, or the problems for which it is refused.

        Raises SourceError where the source cannot be read.
        """
        self._check_unpacked_size()
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
        # A name and a content that disagree about compression would be read as garbage, so this comes first.
        disguise = compressed_otherwise(bytes(head[:HEAD_BYTES]), name)
        if disguise is not None:
            return refused([*problems, Diagnostic("file.not_delimited", disguise)])
        pending = self._pending = ByteBuffer(self._plain(_chain(blocks, stored), name), self._block_bytes)
        try:
            while not pending.ended and len(pending.data) < HEAD_BYTES:
                pending.read_more()
        except EncodingMismatchError as error:
            sentence = encoding_mismatch(self.dialect.encoding, error.detected)
            return refused([*problems, Diagnostic("header.encoding", sentence)])
        except WrongFormatError as error:
            return refused([*problems, error.problem])
        start = pending.data[:HEAD_BYTES]
        other = not_delimited(start, text=is_ascii_superset(self.dialect.encoding))
        if other is not None:
            return refused([*problems, Diagnostic("file.not_delimited", other)])
        if is_lfs_pointer(start):
            sentence = "the source is a Git LFS pointer, not the file that it refers to (run git lfs pull)"
            problems.append(Diagnostic("file.not_delimited", sentence, suggestion="run git lfs pull"))
        header = HeaderReader(pending, self.document, self.form, self.uri).read([*problems])
        self._fields, self._bytes_above = header.layout.fields, header.unwritten_bytes
        detected = self._other_encoding(start, header)
        if detected is not None:
            sentence = encoding_mismatch(self.dialect.encoding, detected)
            return refused([*problems, Diagnostic("header.encoding", sentence)])
        return header

    def _check_unpacked_size(self) -> None:
        """Raise SourceError for a member of an archive that is larger than the contract allows."""
        most = self.document.source.max_bytes
        # Only members of archives: a plain file takes the room that it has already.
        if self.size is not None and self.size > most and access.is_member(self._address, self._storage):
            raise SourceError(
                f"{self.uri}: over {most:,} bytes when unpacked (raise source.max_bytes if that is right)"
            )

    def _other_encoding(self, start: bytes, header: SourceHeader) -> str | None:
        """Return the encoding that the source has instead of a declared superset of ASCII, None where none is shown."""
        detected = detected_encoding(start) if is_ascii_superset(self.dialect.encoding) else None
        if detected is None or detected == "utf-8":
            return None
        # NUL is text like any other character: it is evidence only where the header is wrong as well.
        if header.problems:
            return detected
        # Without a header the text itself has to show it.
        without = self.document.source.header == "none"
        return detected if without and is_utf_16_or_32(start, detected) else None

    @property
    def footer(self) -> SourceFooter:
        """The end of the source, known after the last of the blocks; empty before, and without a footer."""
        return SourceFooter() if self._footer is None else self._footer.footer(self._pending.lines)

    @property
    def min_output_bytes(self) -> int | None:
        """Lower bound of the bytes of target and rejected together once it is open, None where that is not known."""
        source = self.document.source
        # Comments are in no output, and may be most of a source. Transcoding drops the shifts of a stateful encoding.
        unknown = source.comment is not None or self.form.converts or is_stateful(self.dialect.encoding)
        if self.size is None or unknown:
            return None
        footer = 0 if source.footer is None else source.footer.lines * (MAX_MATCHED_BYTES + len("\r\n"))
        return max(0, self.size // bytes_per_ascii(self.dialect.encoding) - self._bytes_above - footer)

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

    def blocks(self) -> Iterator[Block]:
        """Yield what follows the header, in order; a record over the size limit comes in pieces."""
        # Each block costs time for each rule, so that blocks of one size would cost the square of the width.
        self._pending.enlarge_blocks(min(max(self._fields // FIELDS_A_BLOCK, 1), MAX_BLOCK_FACTOR))
        declared = self.document.source.footer
        if declared is not None:
            reader = FooterReader(declared, self.document)
            self._footer = FooterFilter(reader, self.uri)
            self._pending.withhold(self._footer.records)
        return blocks_of(self._pending, self.form.records(self._fields, self._chunk_rows))

    def chunks(self) -> Iterator[Chunk]:
        """Yield the records that follow the header, in order."""
        for block in self.blocks():
            yield from block.parse().chunks

    def check_unchanged(self) -> None:
        """Raise SourceError when the stored file changed since it was opened, or was not read to its end.

        Raises CheckpointMismatchError where the checkpoint's reader had read more bytes than the source has.
        """
        if not self.hashes.proven:
            raise CheckpointMismatchError(f"{self.uri}: ends before what was read at the checkpoint")
        if self.uri == STANDARD_INPUT:
            return
        change = access.change_since(self._address, self.identity, self._storage)
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
                self.hashes.add(block)
                yield block

    def _plain(self, blocks: Iterator[bytes], name: str) -> Iterator[bytes]:
        suffix = suffix_of(name)
        if suffix is not None:
            blocks = decompressed(
                blocks, suffix=suffix, uri=self.uri, max_bytes=self.document.source.max_bytes
            )
        blocks = self.form.lines_of(blocks, self.uri)
        if not is_ascii_superset(self.dialect.encoding):
            blocks = transcoded(blocks, self.dialect.encoding)
        return blocks


def _chain(blocks: list[bytes], rest: Iterator[bytes]) -> Iterator[bytes]:
    yield from blocks
    yield from rest
