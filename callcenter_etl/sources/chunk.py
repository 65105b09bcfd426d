"""Parse framed records into a chunk: the values of the sound records, and the malformed ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from callcenter_etl.errors import AccountingError
from callcenter_etl.sources.byte_buffer import OversizedRecord
from callcenter_etl.sources.dialect import Dialect
from callcenter_etl.sources.framing import FIELDS, Frame, MalformedRecord
from callcenter_etl.sources.record_parser import parse_records


@dataclass(frozen=True, slots=True)
class Chunk:
    """Records of one block in source order, sound and malformed.

    `sound` holds the indices of the sound records, `values` their fields: one text array a source column, by
    position, each of shape (sound records,). `malformed` is sorted by record. Where `piece` is set, the chunk is a
    piece of a record over the size limit: the first piece has that record, malformed, and the others have none.
    `short` marks the sound records with fields missing at the end, of shape (sound records,), None where none may be.
    """

    frame: Frame
    first: int
    last: int
    sound: NDArray[np.int64]
    values: tuple[pa.StringArray, ...]
    malformed: tuple[MalformedRecord, ...]
    piece: OversizedRecord | None = None
    short: NDArray[np.bool_] | None = None

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
        return frame.raw[int(frame.starts[at]) : int(frame.stops[at])].decode(frame.codec, "replace")


def parse_chunk(frame: Frame, *, first: int, last: int, fields: int, dialect: Dialect) -> Chunk:
    """Parse the records `first` to `last` (exclusive) of a frame into values.

    Records with another number of fields than the dialect allows become malformed (`record.fields`). Raises
    AccountingError when the parser's records are not the framed ones.
    """
    candidates = first + candidates_of(frame, first=first, last=last)
    parsed = parse_records(frame, candidates, fields, dialect)
    ragged = [
        MalformedRecord(record - first, FIELDS, _fields_reason(found, fields))
        for record, found in parsed.others.tolist()
    ]
    chunk = chunk_of(
        frame, first=first, last=last, malformed=ragged, values=parsed.columns, short=parsed.short
    )
    if not np.array_equal(parsed.records - first, chunk.sound):
        raise AccountingError("other records were parsed than were framed")
    return chunk


def candidates_of(frame: Frame, *, first: int, last: int) -> NDArray[np.int64]:
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
    short: NDArray[np.bool_] | None,
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
    rows = len(values[0])
    if rows != len(kept):
        raise AccountingError(f"{len(kept)} sound records were framed but {rows} were parsed")
    return Chunk(frame=frame, first=first, last=last, sound=kept, values=values, malformed=every, short=short)


def _fields_reason(found: int, expected: int) -> str:
    return f"{found} {'field' if found == 1 else 'fields'} found, {expected} expected"
