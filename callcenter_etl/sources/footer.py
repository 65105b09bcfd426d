"""Withholds the last lines of a source until its end is known, and compares them with the declared footer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.contract.surroundings import Footer
from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.errors import SourceError
from callcenter_etl.sources.footer_lines import MAX_GAP_BYTES, FooterLines
from callcenter_etl.sources.head_lines import BLANK, COMMENT
from callcenter_etl.sources.lines import LineCounter, find_lines, last_line_stop, line_end
from callcenter_etl.sources.source import SourceFooter
from callcenter_etl.sources.surrounding_lines import (
    MAX_MATCHED_BYTES,
    LineMatcher,
    LineRun,
    LineTotals,
    RunValues,
    Surroundings,
    comment_bytes,
)

FOOTER = "the footer"


@dataclass(frozen=True, slots=True)
class FooterMatch:
    """Comparison of the last lines with the declared footer: the groups of lines that match, or a mismatch.

    `mismatch` is the index of the first line that does not match, None where the lines are too few.
    """

    matches: bool
    values: RunValues
    mismatch: int | None = None


class FooterReader:
    """Recognition of a declared footer."""

    def __init__(self, declared: Footer, document: ContractDocument) -> None:
        source = document.source
        self._declared = declared
        self.optional = declared.optional
        self.matcher = LineMatcher("footer", declared, document)
        self.comment = comment_bytes(source.comment, source.encoding)
        self.lines = FooterLines(declared.lines, self.comment)

    def match(self, contents: list[bytes]) -> FooterMatch:
        """Compare the contents of the last lines with the patterns."""
        values = RunValues(self._declared.fields)
        if len(contents) < self._declared.lines:
            return FooterMatch(matches=False, values=values)
        for index, content in enumerate(contents):
            groups = self.matcher.groups(index, content)
            if groups is None:
                return FooterMatch(matches=False, values=values, mismatch=index)
            values.add(groups)
        return FooterMatch(matches=True, values=values)

    def is_decided(self, data: bytes, start: int) -> bool:
        """Check whether no byte before `start`, where a line of the end of a source starts, can belong to its footer."""
        spans = self.lines.last(data, start, len(data))
        return len(spans) == self._declared.lines or self.lines.has_too_long_line(data, start)

    def start_in(self, data: bytes, start: int) -> int:
        """Return the offset at which the footer starts in the end of a source, its length where there is none.

        The search begins at `start`, where a line starts.
        """
        spans = self.lines.last(data, start, len(data))
        match = self.match([data[begin:end] for begin, end in spans])
        return spans[0][0] if match.matches else len(data)


class FooterFilter:
    """Filter of a source's bytes below its header, which leaves out the footer."""

    def __init__(self, reader: FooterReader, uri: str) -> None:
        self._reader = reader
        self._uri = uri
        # True where the buffer begins within a line that was passed on before its end was read.
        self._within_line = False
        self._counter = LineCounter()
        self._tail = b""
        self._spans: list[tuple[int, int]] = []
        self._match: FooterMatch | None = None

    @property
    def size(self) -> int:
        """Number of bytes that were left out, 0 before the end of the source."""
        return len(self._tail) if self._match is not None and self._match.matches else 0

    @property
    def lines(self) -> int:
        """Number of lines that were left out, counted independently of their kinds."""
        return self._counter.lines

    def records(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the bytes of the blocks up to the footer. Raises SourceError for a gap that is over the limit."""
        data = b""
        for block in blocks:
            data += block
            # So the outcome does not depend on the blocks: no gap over the limit fits into less.
            if len(data) > MAX_GAP_BYTES:
                self._check_gap(data)
            start = self._held_from(data)
            if start:
                yield data[:start]
                data = data[start:]
        yield self._finish(data)

    def _held_from(self, data: bytes) -> int:
        """Return the offset of the first line that may belong to the footer, so far."""
        passed = line_end(data, ended=False) if self._within_line else 0
        # A CR at the end of the data may be half of a CRLF.
        everything = len(data) - data.endswith(b"\r")
        if self._within_line and not passed:
            return everything
        stop = max(last_line_stop(data), passed)
        spans = self._reader.lines.last(data, passed, stop)
        comment = self._reader.comment is not None and data.startswith(self._reader.comment, stop)
        # Neither before such a line nor in it can be a footer; a long comment may be behind one.
        self._within_line = len(data) - stop > MAX_MATCHED_BYTES and not (comment and spans)
        if self._within_line:
            return everything
        return spans[0][0] if spans else stop

    def _check_gap(self, data: bytes) -> None:
        start = line_end(data, ended=False) if self._within_line else 0
        if self._reader.lines.longest_gap(data, start) > MAX_GAP_BYTES:
            raise SourceError(
                f"{self._uri}: over {MAX_GAP_BYTES:,} bytes of blank lines and comments are behind a line that may be"
                " the footer (remove them, or declare no source.footer)"
            )

    def _finish(self, data: bytes) -> bytes:
        """Compare the last lines with the footer, and return the bytes before it; all where it is not there."""
        start = line_end(data, ended=True) or len(data) if self._within_line else 0
        spans = self._reader.lines.last(data, start, len(data))
        self._match = self._reader.match([data[begin:end] for begin, end in spans])
        held = spans[0][0] if spans else len(data)
        self._spans = [(begin - held, end - held) for begin, end in spans]
        self._tail = data[held:]
        if not self._match.matches:
            return data
        self._counter.feed(self._tail)
        return data[:held]

    def footer(self, lines_before: int) -> SourceFooter:
        """Return the end of the source, below `lines_before` lines; empty before the end is read."""
        if self._match is None:
            return SourceFooter()
        if not self._match.matches:
            return SourceFooter(problems=self._problems(self._match, lines_before))
        return self._found(self._match, lines_before)

    def _problems(self, match: FooterMatch, lines_before: int) -> tuple[Diagnostic, ...]:
        """Return the problem of a footer that is not there; its lines were passed on, and are before `lines_before`."""
        if self._reader.optional:
            return ()
        matcher, so = self._reader.matcher, ", so that the delivery may be cut short"
        if match.mismatch is None:
            return (matcher.problem(f"the footer is missing{so}"),)
        begin, end = self._spans[match.mismatch]
        line = lines_before + 1 - len(find_lines(self._tail[begin:]))
        return (matcher.mismatch(match.mismatch, self._tail[begin:end], line, so=so),)

    def _found(self, match: FooterMatch, lines_before: int) -> SourceFooter:
        surroundings, blank, runs = Surroundings(), LineTotals(), []
        totals = {FOOTER: surroundings.footer, COMMENT: surroundings.comments, BLANK: blank}
        lines, starts = find_lines(self._tail), {begin for begin, _ in self._spans}
        spans = zip(lines.starts.tolist(), lines.ends.tolist(), lines.stops.tolist(), strict=True)
        for number, (begin, end, stop) in enumerate(spans, start=lines_before + 1):
            kind = FOOTER if begin in starts else BLANK if begin == end else COMMENT
            totals[kind].add(1, stop - begin)
            runs.append(LineRun(kind, number, number))
        problems = tuple(map(self._reader.matcher.problem, match.values.faults()))
        return SourceFooter(surroundings, blank, tuple(runs), match.values.values, problems)
