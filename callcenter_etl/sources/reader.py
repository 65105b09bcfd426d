"""Reads a source as a stream: identity, refusal, header, then framed blocks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Self

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.errors import Problem, SourceError
from callcenter_etl.sources.compression import decompressed, read_blocks, suffix_of
from callcenter_etl.sources.dialect import Dialect
from callcenter_etl.sources.encodings import is_ascii_superset, transcoded
from callcenter_etl.sources.framing import Frame, frame_block
from callcenter_etl.sources.header import Layout, layout_without_header, match_header
from callcenter_etl.sources.lines import LineCounter, last_line_stop
from callcenter_etl.sources.names import name_problems
from callcenter_etl.sources.quotes import split_fields
from callcenter_etl.sources.sniff import HEAD_BYTES, compressed_otherwise, is_lfs_pointer, not_delimited
from callcenter_etl.storage import access
from callcenter_etl.storage.addresses import STANDARD_INPUT, base_name, shown

BLOCK_BYTES = 4 * 2**20
_UTF8_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class LongPiece:
    """A piece of a record that is over the limit; `first` opens it, `last` ends it."""

    data: bytes
    line: int
    first: bool
    last: bool


@dataclass(frozen=True, slots=True)
class Opening:
    """What the start of a source gave: its preamble (BOM and header line, as they came) and layout.

    With `problems` the source is refused.
    """

    preamble: bytes
    preamble_lines: int
    blank_lines: int
    blank_bytes: int
    layout: Layout
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class Tally:
    """What went by, counted apart from the framing: stored bytes and their hash, plain bytes and lines."""

    stored_bytes: int = 0
    plain_bytes: int = 0
    sha256: hashlib._Hash = field(default_factory=hashlib.sha256)
    lines: LineCounter = field(default_factory=LineCounter)


class SourceReader:
    """One source, read once from its start to its end. Use within `with`, and call `open` first."""

    def __init__(self, uri: str, document: ContractDocument, *, block_bytes: int = BLOCK_BYTES) -> None:
        self.uri = shown(uri)
        self._address = uri
        self.document = document
        self.dialect = dialect_of(document)
        self.tally = Tally()
        self._storage = document.run.storage_options
        self._identity = access.identify(uri, self._storage)
        self.size = self._identity.size
        self._block_bytes = block_bytes
        self._pending = bytearray()
        self._line = 1
        self._offset = 0
        self._ended = False
        self._context = access.open_stream(uri, self._identity, self._storage)
        self._stored_blocks: Iterator[bytes] = iter(())
        self._blocks: Iterator[bytes] = iter(())

    def __enter__(self) -> Self:
        self._stream = self._context.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._context.__exit__(*exc)  # type: ignore[arg-type]  # the three of the protocol

    def open(self) -> Opening:
        """Read the start of the source: refuse it, or give its preamble and layout."""
        problems = list(name_problems(self._address, self.document.source))
        stored = self._stored_blocks = self._stored(self._stream)
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
            return self._refused([*problems, Problem("file.not_delimited", disguise)])
        self._blocks = self._plain(_chain(blocks, stored), name)
        while not self._ended and len(self._pending) < HEAD_BYTES:
            self._fill()
        start = bytes(self._pending[:HEAD_BYTES])
        other = not_delimited(start, text=is_ascii_superset(self.dialect.encoding))
        if other is not None:
            return self._refused([*problems, Problem("file.not_delimited", other)])
        if is_lfs_pointer(start):
            sentence = "the source is a Git LFS pointer, not the file it stands for (run git lfs pull)"
            problems.append(Problem("file.not_delimited", sentence))
        return self._read_header(problems)

    @property
    def least_output(self) -> int | None:
        """How many bytes target and rejected will have at the least, None where the size is not known."""
        if self.size is None:
            return None
        return self.size if is_ascii_superset(self.dialect.encoding) else self.size // 2

    def frames(self, layout: Layout) -> Iterator[Frame | LongPiece]:
        """Give the framed blocks in order; a record over the limit comes in pieces of its own."""
        while True:
            stop = len(self._pending) if self._ended else last_line_stop(self._pending)
            if stop == 0:
                if self._ended:
                    return
                if len(self._pending) > self.dialect.max_record_bytes + 1:
                    yield from self._long_record()
                else:
                    self._fill()
                continue
            block = bytes(self._pending[:stop])
            final = self._ended
            frame = frame_block(
                block,
                dialect=self.dialect,
                fields=layout.fields,
                first_line=self._line,
                offset=self._offset,
                final=final,
            )
            self._consume(frame.consumed)
            if len(frame) or frame.blank_lines:
                self._line += int(frame.line_counts.sum()) + frame.blank_lines
                yield frame
            if not self._ended:
                self._fill()

    def check_unchanged(self) -> None:
        """Raise SourceError when the stored file is not the one that was opened, or was not read to its end."""
        if self.uri == STANDARD_INPUT:
            return
        change = access.what_changed(self._address, self._identity, self._storage)
        if change is not None:
            raise SourceError(change)
        if self.size is not None and self.size != self.tally.stored_bytes:
            read = self.tally.stored_bytes
            raise SourceError(
                f"{self.uri}: {read:,} bytes were read of {self.size:,} (truncated while it was read?)"
            )

    def drain(self) -> None:
        """Read what is left, so that size and hash are those of the whole source."""
        for block in self._blocks:
            self.tally.plain_bytes += len(block)
        for _ in self._stored_blocks:
            continue

    def _stored(self, stream: IO[bytes]) -> Iterator[bytes]:
        try:
            for block in read_blocks(stream, self._block_bytes):
                self.tally.stored_bytes += len(block)
                self.tally.sha256.update(block)
                yield block
        except OSError as error:
            raise SourceError(f"{self.uri}: {error.strerror or error}") from error

    def _plain(self, blocks: Iterator[bytes], name: str) -> Iterator[bytes]:
        suffix = suffix_of(name)
        if suffix is not None:
            blocks = decompressed(
                blocks, suffix=suffix, uri=self.uri, max_bytes=self.document.source.max_bytes
            )
        if not is_ascii_superset(self.dialect.encoding):
            blocks = transcoded(blocks, self.dialect.encoding)
        return blocks

    def _fill(self) -> None:
        """Take the next plain block into what is pending."""
        wanted = self._block_bytes
        while wanted > 0:
            block = next(self._blocks, None)
            if block is None:
                self._ended = True
                return
            self.tally.plain_bytes += len(block)
            self.tally.lines.feed(block)
            self._pending += block
            wanted -= len(block)

    def _consume(self, size: int) -> None:
        del self._pending[:size]
        self._offset += size

    def _refused(self, problems: list[Problem]) -> Opening:
        return Opening(b"", 0, 0, 0, Layout(names=(), positions={}), tuple(problems))

    def _read_header(self, problems: list[Problem]) -> Opening:
        bom = (
            _UTF8_BOM if bytes(self._pending[:3]) == _UTF8_BOM and _is_unicode(self.dialect.encoding) else b""
        )
        self._consume(len(bom))
        if self.document.source.header == "none":
            return self._read_no_header(bom, problems)
        blanks, blank_bytes = self._skip_blank_lines()
        line, stop, lines = self._header_line()
        if not stop:
            problems.append(
                Problem(
                    "file.empty",
                    "the source has no bytes"
                    if not self.tally.plain_bytes
                    else "the source has nothing but blank lines",
                )
            )
            return self._refused(problems)
        layout, found = self._match(line)
        preamble = bom + bytes(self._pending[:stop])
        self._consume(stop)
        self._line += lines
        return Opening(preamble, lines, blanks, blank_bytes, layout, (*problems, *found))

    def _read_no_header(self, bom: bytes, problems: list[Problem]) -> Opening:
        if not self._pending and self._ended:
            problems.append(Problem("file.empty", "the source has no bytes"))
            return self._refused(problems)
        return Opening(bom, 0, 0, 0, layout_without_header(self.document), tuple(problems))

    def _skip_blank_lines(self) -> tuple[int, int]:
        blanks = size = 0
        while True:
            while len(self._pending) < 2 and not self._ended:
                self._fill()
            stop = 2 if self._pending[:2] == b"\r\n" else int(bytes(self._pending[:1]) in (b"\n", b"\r"))
            if not stop:
                self._line += blanks
                return blanks, size
            self._consume(stop)
            blanks += 1
            size += stop

    def _header_line(self) -> tuple[bytes, int, int]:
        """Give the header's content, its length with its line end, and how many lines it takes."""
        while not self._ended and not last_line_stop(self._pending):
            if len(self._pending) > self.dialect.max_record_bytes:
                raise SourceError(
                    f"{self.uri}: the header line is over {self.dialect.max_record_bytes:,} bytes long"
                )
            self._fill()
        lines = (
            bytes(self._pending[: self.dialect.max_record_bytes]).splitlines(keepends=True)
            if self._pending
            else []
        )
        if not lines:
            return b"", 0, 0
        quote = (self.dialect.quote or "").encode()
        taken = 1
        content = lines[0]
        if self.dialect.multiline and quote:
            while content.count(quote) % 2 and taken < min(len(lines), 1000):
                content += lines[taken]
                taken += 1
            if content.count(quote) % 2:
                content, taken = lines[0], 1
        return content.rstrip(b"\r\n"), len(content), taken

    def _match(self, line: bytes) -> tuple[Layout, tuple[Problem, ...]]:
        encoding = self.dialect.encoding if is_ascii_superset(self.dialect.encoding) else "utf-8"
        try:
            text = line.decode(encoding)
        except UnicodeDecodeError as error:
            sentence = (
                f"byte 0x{line[error.start]:02X} at position {error.start + 1} of the header "
                f"cannot be decoded as {self.dialect.encoding} (declare the source's encoding)"
            )
            return Layout(names=(), positions={}), (Problem("header.encoding", sentence),)
        names = tuple(split_fields(text, self.dialect.delimiter, self.dialect.quote))
        return match_header(names, self.document)

    def _long_record(self) -> Iterator[LongPiece]:
        first = True
        while True:
            newline = _line_end(self._pending, ended=self._ended)
            if newline:
                break
            keep = 1 if self._pending[-1:] == b"\r" and not self._ended else 0
            piece = bytes(self._pending[: len(self._pending) - keep])
            if self._ended:
                newline = len(piece)
                break
            if piece:
                yield LongPiece(piece, self._line, first=first, last=False)
                first = False
                self._consume(len(piece))
            self._fill()
        yield LongPiece(bytes(self._pending[:newline]), self._line, first=first, last=True)
        self._consume(newline)
        self._line += 1


def dialect_of(document: ContractDocument) -> Dialect:
    """Give the dialect that a contract declares."""
    source = document.source
    return Dialect(
        delimiter=source.delimiter,
        quote=source.quote,
        encoding=source.encoding,
        lenient=source.quoting == "lenient",
        multiline=source.multiline,
    )


def _line_end(data: bytearray, *, ended: bool) -> int:
    """Give the offset after the first line end, 0 where there is none yet."""
    newline = data.find(b"\n")
    carriage = data.find(b"\r", 0, newline if newline >= 0 else len(data))
    if carriage < 0:
        return newline + 1
    if carriage + 1 == newline:
        return newline + 1
    return carriage + 1 if carriage + 1 < len(data) or ended else 0


def _is_unicode(encoding: str) -> bool:
    return encoding.lower().replace("_", "-").startswith("utf")


def _chain(blocks: list[bytes], rest: Iterator[bytes]) -> Iterator[bytes]:
    yield from blocks
    yield from rest
