"""Read the header of a source: where outputs begin, layout and problems."""

from __future__ import annotations

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.errors import SourceError
from callcenter_etl.sources.byte_buffer import ByteBuffer
from callcenter_etl.sources.encodings import bom_of, is_ascii_superset, show
from callcenter_etl.sources.header import ColumnLayout, layout_without_header, match_header
from callcenter_etl.sources.line_format import LineFormat
from callcenter_etl.sources.lines import last_line_stop, line_end
from callcenter_etl.sources.source import SourceHeader

_SEARCHED_LINES, _SEARCHED_BYTES, _SHOWN_BYTES = 20, 65_536, 80


def refused(problems: list[Diagnostic]) -> SourceHeader:
    """Return the header of a source that is refused."""
    return SourceHeader(b"", 0, 0, 0, ColumnLayout(names=(), positions={}), tuple(problems))


class HeaderReader:
    """Reader of the header, which consumes it from the pending bytes of a source that was just opened."""

    def __init__(self, pending: ByteBuffer, document: ContractDocument, form: LineFormat, uri: str) -> None:
        self._pending = pending
        self._document = document
        self._form = form
        self._dialect = form.dialect
        self._uri = uri

    def read(self, problems: list[Diagnostic]) -> SourceHeader:
        """Return the header of the source, consumed, with `problems` extended by those of the header.

        Raises SourceError where the header line is over the size limit of a record.
        """
        mark = bom_of(self._dialect.encoding)
        bom = mark if self._pending.data.startswith(mark) else b""
        self._pending.consume(len(bom))
        if self._document.source.header == "none":
            return self._read_no_header(bom, problems)
        blank = self._pending.consume_blank_lines()
        blanks = self._pending.next_line - 1
        line, stop, lines = self._header_line()
        if not stop:
            nothing = "nothing but blank lines" if self._pending.bytes_read else "no bytes"
            problems.append(Diagnostic("file.empty", f"the source has {nothing}"))
            return refused(problems)
        layout, found = self._match(line)
        if found:
            found = _json_lines(line) or self._header_below(line, stop, lines) or found
        target_start = bom + self._pending.consume(stop)
        return SourceHeader(target_start, lines, blanks, len(blank), layout, (*problems, *found))

    def _header_below(self, first: bytes, stop: int, lines: int) -> tuple[Diagnostic, ...]:
        """Return one problem with the line of the header where a title or `sep=` line is above it, none elsewhere."""
        below = self._pending.data[stop : stop + _SEARCHED_BYTES].splitlines()[:_SEARCHED_LINES]
        for number, line in enumerate(below, start=self._pending.next_line + lines):
            if line and not self._match(line)[1]:
                above = show(first[:_SHOWN_BYTES], self._dialect.encoding)
                sentence = (
                    f"the header is on line {number}, not on line {self._pending.next_line}, which is {above!r} "
                    f"(remove the lines above the header, or ask the sender to leave them out)"
                )
                return (Diagnostic("header.missing", sentence),)
        return ()

    def _read_no_header(self, bom: bytes, problems: list[Diagnostic]) -> SourceHeader:
        if not self._pending.data and self._pending.ended:
            problems.append(Diagnostic("file.empty", "the source has no bytes"))
            return refused(problems)
        return SourceHeader(bom, 0, 0, 0, layout_without_header(self._document), tuple(problems))

    def _header_line(self) -> tuple[bytes, int, int]:
        """Return the header's content, its length in bytes with the line end, and its number of physical lines."""
        pending, limit = self._pending, self._dialect.max_record_bytes
        while not pending.ended and not last_line_stop(pending.data):
            if len(pending.data) > limit:
                raise SourceError(f"{self._uri}: the header line is over {limit:,} bytes long")
            pending.read_more()
        stop = line_end(pending.data, ended=True) or len(pending.data)
        content, taken = pending.data[:stop], 1
        quote = (self._dialect.quote or "").encode()
        if self._dialect.multiline and quote and content.count(quote) % 2:
            content, taken = self._joined_header(content, quote)
        return content.rstrip(b"\r\n"), len(content), taken

    def _joined_header(self, first: bytes, quote: bytes) -> tuple[bytes, int]:
        """Return the first line joined with the next ones until its quote is closed, alone where none closes it."""
        content = b""
        start = self._pending.data[: len(first) + self._dialect.max_joined_bytes]
        lines = start.splitlines(keepends=True)[: self._dialect.max_joined_lines]
        for taken, line in enumerate(lines, start=1):
            content += line
            if content.count(quote) % 2 == 0:
                return content, taken
        return first, 1

    def _match(self, line: bytes) -> tuple[ColumnLayout, tuple[Diagnostic, ...]]:
        # The stream was transcoded to UTF-8 where the declared encoding is not a superset of ASCII.
        encoding = self._dialect.encoding if is_ascii_superset(self._dialect.encoding) else "utf-8"
        try:
            text = line.decode(encoding)
        except UnicodeDecodeError as error:
            sentence = (
                f"byte 0x{line[error.start]:02X} at position {error.start + 1} of the header "
                f"cannot be decoded as {self._dialect.encoding} (declare the source's encoding)"
            )
            return ColumnLayout(names=(), positions={}), (Diagnostic("header.encoding", sentence),)
        return match_header(self._form.names(text), self._document)


def _json_lines(line: bytes) -> tuple[Diagnostic, ...]:
    """Return a problem where the first line is a JSON object instead of a header."""
    if not (line.startswith(b"{") and line.endswith(b"}") and b'":' in line):
        return ()
    remedy = "convert it to CSV"
    sentence = f"the source holds JSON objects, one a line ({remedy})"
    return (Diagnostic("file.not_delimited", sentence, suggestion=remedy),)
