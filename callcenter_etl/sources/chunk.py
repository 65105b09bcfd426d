"""Parse framed records into a chunk: the values of the sound records, and the malformed ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from callcenter_etl.errors import AccountingError
from callcenter_etl.sources.byte_buffer import OversizedRecord
from callcenter_etl.sources.framing import FIELDS, Frame, MalformedRecord, Offsets

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Records of one block in source order, sound and malformed.

    `sound` holds the indices of the sound records, `values` their fields: one text array a source column, by
    position, each of shape (sound records,). `malformed` is sorted by record. Where `piece` is set, the chunk is a
    piece of a record over the size limit: the first piece has that record, malformed, and the others have none.
    """

    frame: Frame
    first: int
    last: int
    sound: NDArray[np.int64]
    values: tuple[pa.StringArray, ...]
    malformed: tuple[MalformedRecord, ...]
    piece: OversizedRecord | None = None

    def __len__(self) -> int:
        return self.last - self.first

    @property
    def lines(self) -> NDArray[np.int64]:
        """1-based physical line of each record."""
        return self.frame.lines[self.first : self.last]

    @property
    def raw(self) -> bytes:
        """The bytes of the block, which hold the records of the chunk."""
        return self.frame.raw

    @property
    def offset(self) -> int:
        """The byte of the source at which the block's bytes start."""
        return self.frame.offset

    @property
    def starts(self) -> NDArray[np.int64]:
        """Offset in the block's bytes at which each record starts."""
        return self.frame.starts[self.first : self.last]

    @property
    def stops(self) -> NDArray[np.int64]:
        """Offset in the block's bytes at which each record stops, behind its line end."""
        return self.frame.stops[self.first : self.last]

    @property
    def line_counts(self) -> NDArray[np.int64]:
        """Number of physical lines of each record."""
        return self.frame.line_counts[self.first : self.last]

    @property
    def continued_bytes(self) -> int:
        """Number of bytes of the chunk that belong to a record that began in an earlier chunk."""
        return 0 if self.piece is None or self.piece.first else len(self.piece.data)

    @property
    def sound_lines(self) -> NDArray[np.int64]:
        """1-based physical line of each sound record."""
        return self.lines[self.sound]

    def raw_of(self, record: int) -> bytes:
        """Return the bytes of one record without its line end."""
        at = self.first + record
        return self.frame.raw[int(self.frame.starts[at]) : int(self.frame.stops[at])].rstrip(b"\r\n")

    def text_of(self, record: int) -> str:
        """Return the text of one record with its line end; bytes that do not decode become U+FFFD."""
        frame, at = self.frame, self.first + record
        text = frame.text[int(frame.text_starts[at]) : int(frame.text_stops[at])]
        for stand_in, wanted in frame.marks.restore:
            text = text.replace(stand_in.encode(), wanted.encode())
        return text.decode("utf-8", "replace")


def parse_chunk(frame: Frame, *, first: int, last: int, fields: int) -> Chunk:
    """Parse the records `first` to `last` (exclusive) of a frame into values.

    Records with another number of fields than `fields` become malformed (`record.fields`). Raises
    AccountingError when the parser's records are not the framed ones.
    """
    candidates = candidates_of(frame, first=first, last=last)
    text = text_of(frame, first + candidates)
    table, invalid = _parse(text, frame=frame, fields=fields)
    ragged = [
        MalformedRecord(
            int(candidates[number - 1]),
            FIELDS,
            f"{found} {'field' if found == 1 else 'fields'} found, {fields} expected",
        )
        for number, found in invalid
    ]
    values = tuple(_restore(_flat(column), frame) for column in table.columns)
    return chunk_of(frame, first=first, last=last, malformed=ragged, values=values)


def candidates_of(frame: Frame, *, first: int, last: int) -> Offsets:
    """Return the records from `first` to `last` (exclusive) that the framing found sound, counted from `first`."""
    sound = np.ones(last - first, dtype=bool)
    sound[[m.record - first for m in frame.malformed if first <= m.record < last]] = False
    return np.flatnonzero(sound)


def chunk_of(
    frame: Frame,
    *,
    first: int,
    last: int,
    malformed: Sequence[MalformedRecord],
    values: tuple[pa.StringArray, ...],
) -> Chunk:
    """Return the chunk of the records from `first` to `last` (exclusive), with the values of the sound ones.

    `malformed` are the records that the parser found, beyond those of the framing. Raises AccountingError where the
    parser's records are not the framed ones.
    """
    framed = [
        MalformedRecord(m.record - first, m.status, m.reason)
        for m in frame.malformed
        if first <= m.record < last
    ]
    every = tuple(sorted((*framed, *malformed), key=lambda m: m.record))
    sound = np.ones(last - first, dtype=bool)
    sound[[m.record for m in every]] = False
    kept = np.flatnonzero(sound)
    # The framing and the parser are two independent readings: a difference in their counts is a bug, not a record.
    parsed = {len(column) for column in values}
    if parsed != {len(kept)}:
        raise AccountingError(f"{len(kept)} sound records were framed but {max(parsed)} were parsed")
    return Chunk(frame=frame, first=first, last=last, sound=kept, values=values, malformed=every)


def text_of(frame: Frame, records: Offsets) -> memoryview:
    """Return the text of records of a frame, joined."""
    if not len(records):
        return memoryview(b"")
    # Neighbouring records are one slice of the block: mostly there is a single one, and nothing is copied.
    starts = frame.text_starts[records]
    stops = frame.text_stops[records]
    breaks = np.flatnonzero(starts[1:] != stops[:-1])
    run_starts = starts[np.concatenate(([0], breaks + 1))]
    run_stops = stops[np.concatenate((breaks, [len(stops) - 1]))]
    view = memoryview(frame.text)
    if len(run_starts) == 1:
        return view[int(run_starts[0]) : int(run_stops[0])]
    runs = [view[start:stop] for start, stop in zip(run_starts.tolist(), run_stops.tolist(), strict=True)]
    return memoryview(b"".join(_kept_apart(runs)))


def _kept_apart(runs: list[memoryview]) -> Iterator[memoryview | bytes]:
    """Yield the runs so that a CR and an LF that were not neighbours do not become one line end."""
    carriage = False
    for run in runs:
        if carriage and bytes(run[:1]) == b"\n":  # an empty record of a one-column source
            yield b"\n"
        yield run
        carriage = bytes(run[-1:]) == b"\r"


def _parse(text: memoryview, *, frame: Frame, fields: int) -> tuple[pa.Table, list[tuple[int, int]]]:
    names = [str(position) for position in range(fields)]
    if not len(text):
        return pa.table({name: pa.array([], type=pa.string()) for name in names}), []
    if text[:3] == _BOM:
        # Arrow drops a BOM at the start of every buffer. This one is data, so a second one is put before it.
        text = memoryview(_BOM + bytes(text))
    invalid: list[tuple[int, int]] = []

    # The handler's `row.number` counts from 1, the first record included, since no header line is parsed.
    def note(row: pa_csv.InvalidRow) -> str:
        invalid.append((row.number, row.actual_columns))
        return "skip"

    quote = frame.marks.quote
    table = pa_csv.read_csv(
        pa.py_buffer(text),
        # One block, so that numbers of invalid rows are those of the whole text; the caller's threads work in parallel.
        read_options=pa_csv.ReadOptions(use_threads=False, block_size=len(text) + 16, column_names=names),
        parse_options=pa_csv.ParseOptions(
            delimiter=chr(frame.marks.delimiter),
            quote_char=False if quote is None else chr(quote),
            double_quote=quote is not None,
            escape_char=False,
            newlines_in_values=frame.joined,
            ignore_empty_lines=False,
            invalid_row_handler=note,
        ),
        convert_options=pa_csv.ConvertOptions(
            # The framing has decoded the block already. Nothing is a null here: the contract says which values are empty.
            check_utf8=False,
            column_types=dict.fromkeys(names, pa.string()),
            strings_can_be_null=False,
            null_values=[],
        ),
    )
    return table, invalid


def _flat(column: pa.ChunkedArray) -> pa.StringArray:
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], type=pa.string())


def _restore(values: pa.StringArray, frame: Frame) -> pa.StringArray:
    for stand_in, wanted in frame.marks.restore:
        values = pc.replace_substring(values, pattern=stand_in, replacement=wanted)
    return values
