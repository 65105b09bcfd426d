"""Read the start of a source up to its first record: layout, surroundings and problems."""

from __future__ import annotations

from itertools import zip_longest

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.sources.byte_buffer import ByteBuffer
from callcenter_etl.sources.encodings import bom_of, show
from callcenter_etl.sources.head_lines import HeadLines
from callcenter_etl.sources.head_surroundings import PreambleReader, read_after_header
from callcenter_etl.sources.header import ColumnLayout, HeaderMatch, layout_without_header, match_header
from callcenter_etl.sources.line_format import LineFormat
from callcenter_etl.sources.record_scanner import scan_exactly
from callcenter_etl.sources.source import SourceHeader
from callcenter_etl.sources.surrounding_lines import comment_bytes, stream_encoding

_SEARCHED_LINES, _SEARCHED_BYTES, _SHOWN_BYTES = 20, 65_536, 80


def refused(problems: list[Diagnostic]) -> SourceHeader:
    """Return the header of a source that is refused."""
    return SourceHeader(b"", ColumnLayout(names=(), positions={}), problems=tuple(problems))


class HeaderReader:
    """Reader of the header, which consumes it from the pending bytes of a source that was just opened."""

    def __init__(self, pending: ByteBuffer, document: ContractDocument, form: LineFormat, uri: str) -> None:
        self._pending = pending
        self._document = document
        self._form = form
        self._dialect = dialect = form.dialect
        comment = comment_bytes(dialect.comment, dialect.encoding)
        self._head = HeadLines(pending, uri, dialect.encoding, dialect.max_record_bytes, comment)
        self._values: dict[str, str] = {}

    def read(self, problems: list[Diagnostic]) -> SourceHeader:
        """Return the header of the source, consumed, with `problems` extended by those of all lines before the records.

        Raises SourceError where one of these lines is over the size limit of a record.
        """
        mark = bom_of(self._dialect.encoding)
        bom = mark if self._pending.data.startswith(mark) else b""
        self._pending.consume(len(bom))
        self._head.surroundings.header.add(0, len(bom))
        if not self._pending.data and self._pending.ended:
            blank = self._document.source.header != "none" and bom
            nothing = "nothing but blank lines" if blank else "no bytes"
            return refused([*problems, Diagnostic("file.empty", f"the source has {nothing}")])
        if not self._read_preamble(problems):
            return refused(problems)
        if self._document.source.header == "none":
            return self._header(bom, layout_without_header(self._document), problems)
        return self._read_names(bom, problems)

    def _read_preamble(self, problems: list[Diagnostic]) -> bool:
        """Consume the declared preamble, and return whether the header is the next line."""
        declared = self._document.source.preamble
        if declared is None:
            return True
        reader = PreambleReader(declared, self._document, self._head)
        complete = reader.read()
        problems += reader.problems
        self._values = reader.values
        return complete

    def _read_names(self, bom: bytes, problems: list[Diagnostic]) -> SourceHeader:
        head = self._head
        lines, taken = self._header_lines()
        if not lines:
            others = head.surroundings.lines or len(taken)
            nothing = "ends before its header" if others else "has nothing but blank lines"
            return refused([*problems, Diagnostic("file.empty", f"the source {nothing}")])
        match = self._match(lines)
        found = match.problems
        if found:
            found = _json_lines(lines[0]) or self._header_below(lines) or found
        problems += found
        after = self._document.source.after_header
        if after is not None:
            problems += read_after_header(after, self._document, head)
        return self._header(bom + taken, match.layout, problems, match.warnings)

    def _header(
        self,
        target_start: bytes,
        layout: ColumnLayout,
        problems: list[Diagnostic],
        warnings: tuple[Diagnostic, ...] = (),
    ) -> SourceHeader:
        head = self._head
        return SourceHeader(
            target_start,
            layout,
            head.surroundings,
            head.blank,
            tuple(head.runs),
            self._values,
            tuple(problems),
            warnings,
        )

    def _header_lines(self) -> tuple[list[bytes], bytes]:
        """Consume the header, and return the content of its lines, and its bytes; no lines where one is missing."""
        wanted = self._document.source.header_lines
        contents, taken = [], b""
        for _ in range(wanted):
            line, lines = self._head.next_line(), 1
            if wanted == 1 and self._dialect.multiline and self._is_open(line):
                line, lines = self._joined_header(line)
            if not line:
                return [], taken
            contents.append(line.rstrip(b"\r\n"))
            taken += self._head.take("the header", self._head.surroundings.header, len(line), lines)
        return contents, taken

    def _header_below(self, found: list[bytes]) -> tuple[Diagnostic, ...]:
        """Return one problem with the line of the header where a title or `sep=` line is above it, none elsewhere."""
        number, count = self._head.number, len(found)
        first = number - self._head.surroundings.header.lines
        below = [*found, *self._pending.data[:_SEARCHED_BYTES].splitlines()[:_SEARCHED_LINES]]
        for above in range(1, len(below) - count + 1):
            lines = below[above : above + count]
            if lines[0] and not self._match(lines).problems:
                line = number - count + above
                shown = show(found[0][:_SHOWN_BYTES], self._dialect.encoding)
                preamble = line - 1 - self._head.surroundings.comments.lines
                sentence = (
                    f"the header is on line {line}, not on line {first}, which is {shown!r} "
                    f"(declare source.preamble: {{lines: {preamble}}}, or ask the sender to leave these lines out)"
                )
                return (Diagnostic("header.missing", sentence),)
        return ()

    def _is_open(self, content: bytes) -> bool:
        """Return whether a value of the header continues on the next line."""
        codec = stream_encoding(self._dialect.encoding)
        text = content.rstrip(b"\r\n").decode(codec, "replace").encode("utf-8")
        return scan_exactly(text, 0, len(text), self._dialect).open

    def _joined_header(self, first: bytes) -> tuple[bytes, int]:
        """Return the first line joined with the next ones until its values are complete, alone where none ends them."""
        content = b""
        start = self._pending.data[: len(first) + self._dialect.max_joined_bytes]
        lines = start.splitlines(keepends=True)[: self._dialect.max_joined_lines]
        for taken, line in enumerate(lines, start=1):
            content += line
            if not self._is_open(content):
                return content, taken
        return first, 1

    def _match(self, lines: list[bytes]) -> HeaderMatch:
        parts = []
        for line in lines:
            try:
                text = line.decode(stream_encoding(self._dialect.encoding))
            except UnicodeDecodeError as error:
                sentence = (
                    f"byte 0x{line[error.start]:02X} at position {error.start + 1} of the header "
                    f"cannot be decoded as {self._dialect.encoding} (declare the source's encoding)"
                )
                nothing = ColumnLayout(names=(), positions={})
                return HeaderMatch(nothing, (Diagnostic("header.encoding", sentence),))
            parts.append(self._form.split(text))
        # A line of a header with groups of columns may be shorter than the others.
        names = tuple(" ".join(filter(None, each)) for each in zip_longest(*parts, fillvalue=""))
        return match_header(names, self._document)


def _json_lines(line: bytes) -> tuple[Diagnostic, ...]:
    """Return a problem where the first line is a JSON object instead of a header."""
    if not (line.startswith(b"{") and line.endswith(b"}") and b'":' in line):
        return ()
    remedy = "convert it to CSV"
    sentence = f"the source holds JSON objects, one a line ({remedy})"
    return (Diagnostic("file.not_delimited", sentence, suggestion=remedy),)
