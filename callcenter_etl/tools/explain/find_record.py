"""Finds the record that is on a line, reading no further than it must."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from callcenter_etl.engines.block_steps import BlockFormat, ParsedBlock, parse_block
from callcenter_etl.errors import UsageError
from callcenter_etl.judge.validator import Validator
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.rules.record_rules import find_first_lines
from callcenter_etl.sources.byte_buffer import OversizedRecord
from callcenter_etl.sources.chunk import Chunk
from callcenter_etl.sources.framing import STRUCTURAL_RULES, TOO_LONG
from callcenter_etl.sources.header_reader import Opening
from callcenter_etl.sources.source_reader import Block, SourceReader
from callcenter_etl.uniqueness import make_temporary_registries

MAX_RAW_BYTES = 4096


@dataclass(frozen=True, slots=True)
class FoundRecord:
    """One record of a source: its lines, its place and size in bytes, and its start (`raw`, MOST_RAW_BYTES at the most).

    Either `columns` has its values, in one row, and `values` those of every source column; or `malformed` says
    which structural rule it breaks and why. `text` is the whole record as UTF-8, None where it is too long.
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


def find_record(reader: SourceReader, opening: Opening, line: int, validator: Validator) -> FoundRecord:
    """Return the record to which a line belongs; `reader` has been opened.

    The source is read up to that line, and parsed before it only where keys must be unique. Raises UsageError
    for the header, a blank line, or one beyond the end.
    """
    _refuse_preamble(reader, opening, line)
    offset = len(opening.preamble) + opening.blank_bytes
    with ExitStack() as stack:
        walk = _Walk(reader, opening, validator, stack)
        for item in reader.blocks(opening.layout):
            if isinstance(item, OversizedRecord):
                found = walk.long_record(item, line, offset)
                offset += len(item.data)
            elif reader.lines < line and not walk.registries:
                found = None
                offset += len(item.raw) if isinstance(item, Block) else item.consumed
            else:
                found = walk.record(parse_block(item, walk.shape), line, offset)
                offset += len(item.raw) if isinstance(item, Block) else item.consumed
            if found is not None:
                return found
            if reader.lines >= line and not isinstance(item, OversizedRecord):
                raise UsageError(f"{reader.uri}: line {line:,} is blank: it holds no record")
    raise UsageError(f"{reader.uri}: line {line:,} is beyond the end: the source has {reader.lines:,} lines")


def _refuse_preamble(reader: SourceReader, opening: Opening, line: int) -> None:
    first = opening.blank_lines + opening.preamble_lines + 1
    if line <= opening.blank_lines:
        raise UsageError(f"{reader.uri}: line {line:,} is blank: it holds no record")
    if line < first:
        raise UsageError(f"{reader.uri}: line {line:,} is the header, records start on line {first:,}")


class _Walk:
    """What is kept on the way to a line: the keys seen, for rules of uniqueness, and a long record's size."""

    def __init__(
        self, reader: SourceReader, opening: Opening, validator: Validator, stack: ExitStack
    ) -> None:
        self.shape = BlockFormat(opening.layout, reader.dialect)
        self.validator = validator
        self.registries = make_temporary_registries([rule.id for rule in validator.rules if rule.key])
        for registry in self.registries.values():
            stack.enter_context(registry)
        self._long = bytearray()
        self._long_start = self._long_bytes = 0

    def record(self, parsed: ParsedBlock, line: int, offset: int) -> FoundRecord | None:
        for chunk in parsed.chunks:
            columns = self.validator.columns_of(chunk, self.shape.layout)
            columns.first_lines = {
                rule.id: find_first_lines(columns, rule.key, self.registries[rule.id].first_lines)
                for rule in self.validator.rules
                if rule.key
            }
            at = _index_of(chunk, line)
            if at is not None:
                return _record_at(chunk, at, columns, offset)
        return None

    def long_record(self, piece: OversizedRecord, line: int, offset: int) -> FoundRecord | None:
        if piece.line != line:
            return None
        if piece.first:
            self._long_start = offset
        self._long += piece.data[: MAX_RAW_BYTES - len(self._long)]
        self._long_bytes += len(piece.data)
        if not piece.last:
            return None
        most = self.shape.dialect.max_record_bytes
        return FoundRecord(
            line=line,
            lines=1,
            offset=self._long_start,
            size=self._long_bytes,
            raw=bytes(self._long),
            text=None,
            values=None,
            columns=None,
            malformed=(STRUCTURAL_RULES[TOO_LONG], f"the record is over {most:,} bytes long"),
        )


def _index_of(chunk: Chunk, line: int) -> int | None:
    counts = chunk.frame.line_counts[chunk.first : chunk.last]
    at = int(np.searchsorted(chunk.lines, line, side="right")) - 1
    return at if at >= 0 and line < int(chunk.lines[at] + counts[at]) else None


def _record_at(chunk: Chunk, at: int, columns: ChunkColumns, offset: int) -> FoundRecord:
    frame, number = chunk.frame, chunk.first + at
    start, stop = int(frame.starts[number]), int(frame.stops[number])
    malformation = next((each for each in chunk.malformed if each.record == at), None)
    sound = np.flatnonzero(chunk.sound == at)
    text = frame.text[int(frame.text_starts[number]) : int(frame.text_stops[number])]
    for stand_in, wanted in frame.marks.restore:
        text = text.replace(stand_in.encode(), wanted.encode())
    return FoundRecord(
        line=int(frame.lines[number]),
        lines=int(frame.line_counts[number]),
        offset=offset + start,
        size=stop - start,
        raw=frame.raw[start : min(stop, start + MAX_RAW_BYTES)],
        text=text.decode("utf-8", "replace"),
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
    )


def letters() -> Iterator[str]:
    """Yield column letters as spreadsheets count them: A to Z, then AA, AB and so on."""
    number = 0
    while True:
        number += 1
        rest, letter = number, ""
        while rest:
            rest, place = divmod(rest - 1, 26)
            letter = chr(ord("A") + place) + letter
        yield letter
