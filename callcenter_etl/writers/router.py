"""Route every record to its files: target, or rejected and exceptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.contract.names import REJECT_COLUMNS
from callcenter_etl.rules.reject_reasons import RejectReasons
from callcenter_etl.sources.chunk import Chunk
from callcenter_etl.sources.encodings import show
from callcenter_etl.sources.framing import STRUCTURAL_RULES, TOO_LONG
from callcenter_etl.store.file_checkpoint import FileCheckpoint
from callcenter_etl.writers.byte_selection import select_records
from callcenter_etl.writers.csv_injection import RAW, Cells
from callcenter_etl.writers.csv_text import LINE_END, csv_line, csv_records
from callcenter_etl.writers.file_names import EXCEPTIONS, REJECTED, TARGET
from callcenter_etl.writers.staging import STREAM, Staging
from callcenter_etl.writers.tables.staged_records import batch_message, schema_message

_RULES_FROM_END = 3


@dataclass(frozen=True, slots=True)
class Routed:
    """The bytes of one chunk for each file, with the number of records in target and exceptions.

    `target` holds the source's own bytes, or for a typed target one message of an Arrow IPC stream.
    """

    target: memoryview
    rejected: memoryview
    exceptions: memoryview
    exception_records: int
    target_records: int


def route_chunk(
    chunk: Chunk,
    rejected: NDArray[np.bool_],
    reject_reasons: RejectReasons,
    *,
    encoding: str,
    cells: Cells = RAW,
    typed: pa.RecordBatch | None = None,
) -> Routed:
    """Return the bytes of a chunk's records for each file.

    `rejected` has the shape (records,) of the chunk, `reject_reasons` covers the sound records among them. `typed`
    holds the accepted records of a typed target, None where the target gets the source's bytes.
    """
    if chunk.piece is not None:
        return _route_piece(chunk, cells)
    raw, starts, stops = chunk.raw, chunk.starts, chunk.stops
    exceptions = int(np.count_nonzero(rejected))
    if typed is None:
        accepted, records = select_records(raw, starts, stops, ~rejected), len(chunk) - exceptions
    else:
        accepted, records = batch_message(typed), typed.num_rows
    if not exceptions:
        return Routed(accepted, memoryview(b""), memoryview(b""), 0, records)
    return Routed(
        target=accepted,
        rejected=select_records(raw, starts, stops, rejected),
        exceptions=_exceptions(chunk, reject_reasons, encoding, cells),
        exception_records=len(reject_reasons.records) + len(chunk.malformed),
        target_records=records,
    )


def _route_piece(chunk: Chunk, cells: Cells) -> Routed:
    """Put a piece of a record over the size limit into its place: its exception is one line, written piece by piece."""
    piece = chunk.piece
    if piece is None:
        raise TypeError("the chunk holds whole records")
    text = cells.text(piece.shown) if piece.starts_text else piece.shown
    exception = text.replace('"', '""').encode("utf-8")
    for malformed in chunk.malformed:  # of the first piece alone
        cell = (str(chunk.lines[0]), STRUCTURAL_RULES[malformed.status], malformed.reason, "")
        start = csv_line((*[""] * len(chunk.values), *cell)).removesuffix(LINE_END.encode())
        exception = start + b'"' + exception
    if piece.last:
        exception += b'"' + LINE_END.encode()
    records = len(chunk.malformed)
    return Routed(memoryview(b""), memoryview(piece.data), memoryview(exception), records, 0)


def _exceptions(chunk: Chunk, reject_reasons: RejectReasons, encoding: str, cells: Cells) -> memoryview:
    columns = _exception_columns(chunk, reject_reasons, encoding)
    in_quotes = None
    if any(m.status == TOO_LONG for m in chunk.malformed):
        # `_route_piece` has to open the quotes before it knows the rest of the record. Depending on the block size
        # such a record comes here or there, and the bytes must be the same.
        rules = columns[-_RULES_FROM_END]
        in_quotes = np.asarray(pc.equal(rules, STRUCTURAL_RULES[TOO_LONG]))
    return csv_records(cells.columns(columns), in_quotes=in_quotes)


def _exception_columns(chunk: Chunk, reject_reasons: RejectReasons, encoding: str) -> list[pa.StringArray]:
    records = reject_reasons.records
    sound = list(chunk.values)
    if len(records) < len(chunk.sound):
        picks = pa.array(records)
        sound = [values.take(picks) for values in sound]
    sound += [
        pc.cast(pa.array(chunk.sound_lines[records]), pa.string()),
        reject_reasons.rules,
        reject_reasons.reasons,
    ]
    sound.append(pa.repeat(pa.scalar("", pa.string()), len(records)))
    if not chunk.malformed:
        return sound
    bad = chunk.malformed
    at = np.array([m.record for m in bad], dtype=np.int64)
    blank = pa.repeat(pa.scalar("", pa.string()), len(bad))
    malformed = [blank] * len(chunk.values)
    malformed += [
        pc.cast(pa.array(chunk.lines[at]), pa.string()),
        pa.array([STRUCTURAL_RULES[m.status] for m in bad], type=pa.string()),
        pa.array([m.reason for m in bad], type=pa.string()),
        pa.array([show(chunk.raw_of(m.record), encoding) for m in bad], type=pa.string()),
    ]
    # Back to the order of the source, in which sound and malformed records are mixed.
    order = pa.array(np.argsort(np.concatenate((chunk.sound[records], at)), kind="stable"))
    return [pa.concat_arrays(pair).take(order) for pair in zip(sound, malformed, strict=True)]


class Router:
    """Writer of routed records to the staged files, in the order of the calls. Call `begin` or `resume` first.

    `schema` is that of a typed target, None where the target gets the source's bytes.
    """

    def __init__(
        self,
        staged: Staging,
        *,
        names: Sequence[str],
        cells: Cells = RAW,
        schema: pa.Schema | None = None,
    ) -> None:
        self._staged = staged
        self._schema = schema
        self._names = names
        self._cells = cells
        self.exception_records = 0
        self.target_records = 0

    def begin(self, target_start: bytes) -> None:
        """Create the files, with the header or the schema message, and the header line of the exceptions."""
        self._target = self._staged.create(self.target_name)
        self._rejected = self._staged.create(REJECTED)
        self._exceptions = self._staged.create(EXCEPTIONS)
        self._target.write(target_start if self._schema is None else schema_message(self._schema))
        self._rejected.write(target_start)
        names = (*self._names, *REJECT_COLUMNS)
        self._exceptions.write(csv_line([self._cells.text(name) for name in names]))

    @property
    def target_name(self) -> str:
        """Name of the staged file of the accepted records."""
        return TARGET if self._schema is None else STREAM

    def resume(
        self, checkpoints: Mapping[str, FileCheckpoint], *, exception_records: int, target_records: int
    ) -> None:
        """Reopen the files of a dead run at their checkpoints. Raises CheckpointMismatchError where they changed."""
        self._target = self._staged.resume(self.target_name, checkpoints[self.target_name])
        self._rejected = self._staged.resume(REJECTED, checkpoints[REJECTED])
        self._exceptions = self._staged.resume(EXCEPTIONS, checkpoints[EXCEPTIONS])
        self.exception_records = exception_records
        self.target_records = target_records

    def write(self, routed: Routed) -> None:
        """Write one chunk, and count its records."""
        self._target.write(routed.target)
        self._rejected.write(routed.rejected)
        self._exceptions.write(routed.exceptions)
        self.exception_records += routed.exception_records
        self.target_records += routed.target_records
