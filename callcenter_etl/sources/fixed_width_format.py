"""Fixed-width records: each column at its characters of a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callcenter_etl.contract.fixed_width import Span, spans_of
from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.sources.blocks import RecordFormat
from callcenter_etl.sources.chunk import Chunk, candidates_of, chunk_of
from callcenter_etl.sources.dialect import Dialect, dialect_of
from callcenter_etl.sources.framing import WIDTH, Frame, MalformedRecord, Offsets
from callcenter_etl.sources.record_parser import text_of

_DIGITS = "0123456789"


@dataclass(frozen=True, slots=True)
class FixedWidthFormat:
    """A `LineFormat` of fixed-width records; `spans` has the characters of each column."""

    dialect: Dialect
    spans: tuple[Span, ...]

    @property
    def converts(self) -> bool:
        """Return False: the lines are the stored bytes."""
        return False

    def lines_of(self, blocks: Iterator[bytes], uri: str) -> Iterator[bytes]:  # noqa: ARG002
        """Return the stored bytes, which are the lines."""
        return blocks

    def split(self, line: str) -> tuple[str, ...]:
        """Return the values at the columns' characters of a line."""
        return tuple(_value(line[span.start : span.stop], span) for span in self.spans)

    def records(self, fields: int, chunk_rows: int | None) -> RecordFormat:
        """Return the format of the records."""
        return RecordFormat(self.dialect, fields, chunk_rows, FixedWidthParser(self.spans))

    def text(self, values: Sequence[str]) -> str:
        """Return the values at their characters, padded, with spaces between columns."""
        line = [" "] * max(span.stop for span in self.spans)
        for span, value in zip(self.spans, values, strict=True):
            # A value that is too long makes its record longer, so that nothing of it is lost.
            line[span.start : span.stop] = [self._padded(value, span), *[""] * (span.width - 1)]
        return "".join(line)

    def unwritable(self, position: int, value: str) -> tuple[int, str] | None:
        """Return status and reason where a value is longer than its column, or is not read back as it is."""
        span = self.spans[position]
        if len(value) > span.width:
            return WIDTH, f"has {len(value):,} characters, its column {span.width:,}"
        if any(each in value for each in "\r\n"):
            return WIDTH, "holds a line break, which no record of fixed width has"
        if value != _value(self._padded(value, span), span):
            return WIDTH, f"is not read back from a column that is filled with {span.pad!r}"
        return None

    @staticmethod
    def _padded(value: str, span: Span) -> str:
        return value.rjust(span.width, span.pad) if span.right else value.ljust(span.width, span.pad)


def fixed_width_format(document: ContractDocument) -> FixedWidthFormat:
    """Return the fixed-width format that a contract declares."""
    dialect = replace(dialect_of(document), quote=None, multiline=False, skip_blank_lines=True)
    return FixedWidthFormat(dialect, spans_of(document.columns))


def _value(text: str, span: Span) -> str:
    """Return a value without its padding."""
    value = text.lstrip(span.pad) if span.right else text.rstrip(span.pad)
    # The number 0 in a column padded with zeros is nothing but padding, and not empty.
    return span.pad if text and not value and span.pad in _DIGITS else value


@dataclass(frozen=True, slots=True)
class FixedWidthParser:
    """Parser of framed lines to chunks."""

    spans: tuple[Span, ...]

    def __call__(
        self,
        frame: Frame,
        *,
        first: int,
        last: int,
        fields: int,  # noqa: ARG002
        dialect: Dialect,
    ) -> Chunk:
        """Return the records `first` to `last` (exclusive) of a frame; one of another width is malformed."""
        candidates = candidates_of(frame, first=first, last=last)
        lines = _lines(frame, first + candidates)
        # Of ASCII a character is a byte, which is found without a look at those before it.
        cut = _cut_bytes if frame.text.isascii() else pc.utf8_slice_codeunits
        expected = max(span.stop for span in self.spans)
        lengths = pc.utf8_length(lines).to_numpy(zero_copy_only=False)
        fits = lengths <= expected if dialect.short_records else lengths == expected
        malformed = [
            MalformedRecord(int(candidates[at]), WIDTH, _reason(int(lengths[at]), expected))
            for at in np.flatnonzero(~fits)
        ]
        if malformed:
            lines = lines.filter(pa.array(fits))
        return chunk_of(
            frame,
            first=first,
            last=last,
            malformed=malformed,
            values=tuple(_trimmed(cut(lines, span.start, span.stop), span) for span in self.spans),
            short=lengths[fits] < expected if dialect.short_records else None,
        )


def _reason(found: int, expected: int) -> str:
    return f"{found:,} {'character' if found == 1 else 'characters'} found, {expected:,} expected"


def _lines(frame: Frame, records: Offsets) -> pa.StringArray:
    """Return the text of records without their line ends."""
    text = text_of(frame, records)
    sizes = frame.text_stops[records] - frame.text_starts[records]
    offsets = np.zeros(len(records) + 1, dtype=np.int32)
    np.cumsum(sizes, out=offsets[1:])
    lines = pa.StringArray.from_buffers(len(records), pa.py_buffer(offsets), pa.py_buffer(text))
    # Each ends in its line end, of which it holds no other part.
    return pc.ascii_rtrim(lines, characters="\r\n")


def _cut_bytes(lines: pa.StringArray, start: int, stop: int) -> pa.StringArray:
    """Return the bytes from `start` to `stop` (exclusive) of each line."""
    return pc.binary_slice(lines.view(pa.binary()), start, stop).view(pa.string())


def _trimmed(cut: pa.StringArray, span: Span) -> pa.StringArray:
    """Return the values of one column, without padding."""
    trim = pc.utf8_ltrim if span.right else pc.utf8_rtrim
    values = trim(cut, characters=span.pad)
    if span.pad in _DIGITS:
        values = pc.if_else(pc.equal(values, ""), span.pad, values)
    return values
