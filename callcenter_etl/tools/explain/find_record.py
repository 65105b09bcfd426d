"""Finds the record on a line, and reads a source only up to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from callcenter_etl.errors import UsageError
from callcenter_etl.judge.judged_chunks import keyed_columns
from callcenter_etl.judge.unique_keys import UniqueKeys
from callcenter_etl.judge.validator import Validator
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.sources.chunk import Chunk
from callcenter_etl.sources.framing import STRUCTURAL_RULES
from callcenter_etl.sources.head_lines import BLANK, COMMENT
from callcenter_etl.sources.header import ColumnLayout
from callcenter_etl.sources.lines import find_lines
from callcenter_etl.sources.source import Block, Source, SourceFooter, SourceHeader
from callcenter_etl.sources.surrounding_lines import LineRun

MAX_RAW_BYTES = 4096


@dataclass(frozen=True, slots=True)
class FoundRecord:
    """A record of a source: its lines, offset and size in bytes, and its start (`raw`, at most MAX_RAW_BYTES).

    Either `columns` has its values, in one row, and `values` those of every source column; or `malformed` has its
    structural rule and reason. `text` is the whole record as UTF-8, None if it is over the size limit.
    """

    line: int
    lines: int
    offset: int
    size: int
    raw: bytes
    text: str | None
    values: tuple[str, ...] | None
    columns: ChunkColumns | None
    malformed: tuple[str, str] | None


def find_record(source: Source, header: SourceHeader, line: int, validator: Validator) -> FoundRecord:
    """Return the record to which a line of an opened source belongs.

    The source is read up to that line, and parsed before it only if the contract has unique keys. Raises UsageError
    for a line that is not part of a record, or is beyond the end.
    """
    _refuse_run(source, header.runs, line, first_record=header.lines + 1)
    offset, first = header.bytes, header.lines + 1
    with UniqueKeys.temporary(validator.rules) as keys:
        search = _LineSearch(line, header.layout, validator, keys)
        for block in source.blocks():
            # The lines of the footer are read with the last block, and are not part of it.
            passed = source.lines - _lines_of(source.footer)
            # Parsing takes most of the time: blocks before the line are parsed only if keys must be unique.
            if passed >= line or keys:
                search.look_into(block, offset)
            if search.found is not None:
                return search.found
            if passed >= line and not search.within_record:
                raise UsageError(f"{source.uri}: {_no_record(block, line, first)}")
            offset, first = offset + len(block.data), source.plain_position[1]
    _refuse_run(source, source.footer.runs, line)
    raise UsageError(f"{source.uri}: line {line:,} is beyond the end: the source has {source.lines:,} lines")


def _lines_of(footer: SourceFooter) -> int:
    return footer.surroundings.lines + footer.blank.lines


def _refuse_run(
    source: Source, runs: Sequence[LineRun], line: int, *, first_record: int | None = None
) -> None:
    """Raise UsageError where the line is in one of the runs."""
    kind = next((run.kind for run in runs if run.first <= line <= run.last), None)
    if kind is None:
        return
    above = first_record is not None and kind not in (BLANK, COMMENT)
    rest = f", records start on line {first_record:,}" if above else ": it holds no record"
    raise UsageError(f"{source.uri}: line {line:,} is {kind}{rest}")


def _no_record(block: Block, line: int, first: int) -> str:
    """Return the sentence of a line between the records of a block that begins with the line `first`."""
    lines = find_lines(bytes(block.data))
    at = line - first
    # A piece of a comment over the size limit has no line start of its own.
    blank = at < len(lines) and lines.starts[at] == lines.ends[at]
    return f"line {line:,} is {BLANK if blank else COMMENT}: it holds no record"


class _LineSearch:
    """The search for the record of a line, block by block; `found` is None until the record ends."""

    def __init__(self, line: int, layout: ColumnLayout, validator: Validator, keys: UniqueKeys) -> None:
        self.found: FoundRecord | None = None
        self._line = line
        self._layout = layout
        self._validator = validator
        self._keys = keys
        self._begun: FoundRecord | None = None

    @property
    def within_record(self) -> bool:
        """True after the start of the record was found, even if its end was not."""
        return self._begun is not None

    def look_into(self, block: Block, offset: int) -> None:
        """Search a block at an offset of the source for the record."""
        for chunk in block.parse().chunks:
            # Also before the line of the record, because its reasons name the first lines of repeated keys.
            columns = keyed_columns(self._validator, chunk, self._layout, self._keys)
            at = _index_of(chunk, self._line)
            if at is not None:
                self._begun = _record_at(chunk, at, columns, offset)
            elif self._begun is not None:
                self._begun = _continued(self._begun, block.data)
            if self._begun is not None and (chunk.piece is None or chunk.piece.last):
                self.found = self._begun
                return


def _continued(record: FoundRecord, data: bytes | memoryview) -> FoundRecord:
    """Return a record over the size limit with its next piece."""
    more = bytes(data[: MAX_RAW_BYTES - len(record.raw)])
    return replace(record, size=record.size + len(data), raw=record.raw + more)


def _index_of(chunk: Chunk, line: int) -> int | None:
    # The last record that starts at or before the line; under `multiline` it may run over the line.
    at = int(np.searchsorted(chunk.lines, line, side="right")) - 1
    return at if at >= 0 and line < int(chunk.lines[at] + chunk.line_counts[at]) else None


def _record_at(chunk: Chunk, at: int, columns: ChunkColumns, offset: int) -> FoundRecord:
    start, stop = int(chunk.starts[at]), int(chunk.stops[at])
    malformation = next((each for each in chunk.malformed if each.record == at), None)
    sound = np.flatnonzero(chunk.sound == at)
    return FoundRecord(
        line=int(chunk.lines[at]),
        lines=int(chunk.line_counts[at]),
        offset=offset + start,
        size=stop - start,
        raw=chunk.raw[start : min(stop, start + MAX_RAW_BYTES)],
        text=None if chunk.piece is not None else chunk.text_of(at),
        values=tuple(values[int(sound[0])].as_py() for values in chunk.values) if len(sound) else None,
        columns=one_row(columns, int(sound[0])) if len(sound) else None,
        malformed=None
        if malformation is None
        else (STRUCTURAL_RULES[malformation.status], malformation.reason),
    )


def one_row(columns: ChunkColumns, row: int) -> ChunkColumns:
    """Return one record of a chunk as a chunk of its own."""
    return ChunkColumns(
        columns=columns.columns,
        empty_values=columns.empty_values,
        texts={name: text.take([row]) for name, text in columns.texts.items()},
        lines=columns.lines[[row]],
        first_lines={rule: lines[[row]] for rule, lines in columns.first_lines.items()},
        lookups=columns.lookups,
        absent=columns.absent,
        short=None if columns.short is None else columns.short[[row]],
    )


def letters() -> Iterator[str]:
    """Yield column letters as spreadsheets count them: A to Z, then AA, AB and so on."""
    number = 0
    while True:
        number += 1
        rest, letter = number, ""
        while rest:
            # Letters count without a zero, hence the 1 less: Z is followed by AA.
            rest, place = divmod(rest - 1, 26)
            letter = chr(ord("A") + place) + letter
        yield letter
