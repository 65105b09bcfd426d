"""Puts every record of a chunk into its place: target, or rejected and exceptions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.outputs.cells import AS_THEY_ARE, Cells
from callcenter_etl.outputs.csv_text import LINE_END, csv_line, csv_records
from callcenter_etl.outputs.select import select_records
from callcenter_etl.outputs.staging import EXCEPTIONS, REJECTED, TARGET, Staging
from callcenter_etl.sources.chunk import Chunk
from callcenter_etl.sources.encodings import ShowStream, show
from callcenter_etl.sources.framing import STRUCTURAL_RULES
from callcenter_etl.sources.reader import LongPiece

REJECT_COLUMNS = ("reject_line", "reject_rules", "reject_reasons", "reject_raw")


class Router:
    """Writes accepted and rejected records, counting the records and bytes of each side."""

    def __init__(
        self,
        staged: Staging,
        *,
        preamble: bytes,
        names: Sequence[str],
        encoding: str,
        cells: Cells = AS_THEY_ARE,
    ) -> None:
        self._target = staged.create(TARGET)
        self._rejected = staged.create(REJECTED)
        self._exceptions = staged.create(EXCEPTIONS)
        self._encoding = encoding
        self._cells = cells
        self._fields = len(names)
        self.exception_records = 0
        self._long: ShowStream | None = None
        self._long_begun = False
        self._target.write(preamble)
        self._rejected.write(preamble)
        self._exceptions.write(csv_line([cells.text(name) for name in (*names, *REJECT_COLUMNS)]))

    def route(
        self,
        chunk: Chunk,
        *,
        rejected: NDArray[np.bool_],
        records: NDArray[np.int64],
        rules: pa.Array,
        reasons: pa.Array,
    ) -> None:
        """Write one chunk.

        `rejected` covers all records of the chunk; `records` are the sound ones among them, as indices of the
        sound records, with their `rules` and `reasons`.
        """
        frame = chunk.frame
        starts, stops = frame.starts[chunk.first : chunk.last], frame.stops[chunk.first : chunk.last]
        self._target.write(select_records(frame.raw, starts, stops, ~rejected))
        if not rejected.any():
            return
        self._rejected.write(select_records(frame.raw, starts, stops, rejected))
        columns = self._cells.columns(self._exception_columns(chunk, records, rules, reasons))
        self._exceptions.write(csv_records(columns))
        self.exception_records += len(records) + len(chunk.malformed)

    def route_long(self, piece: LongPiece, reason: str, rule: str) -> None:
        """Write a piece of a record that is over the limit, at constant memory."""
        self._rejected.write(piece.data)
        if piece.first:
            self._long = ShowStream(self._encoding)
            self._long_begun = False
            start = csv_line((*[""] * self._fields, str(piece.line), rule, reason, ""))
            self._exceptions.write(start.removesuffix(LINE_END.encode()) + b'"')
            self.exception_records += 1
        if self._long is None:
            raise RuntimeError("a long record goes on that never began")
        data = piece.data.rstrip(b"\r\n") if piece.last else piece.data
        shown = self._long.show(data, final=piece.last)
        if shown and not self._long_begun:
            shown, self._long_begun = self._cells.text(shown), True
        self._exceptions.write(shown.replace('"', '""').encode("utf-8"))
        if piece.last:
            self._exceptions.write(b'"' + LINE_END.encode())
            self._long = None

    def _exception_columns(
        self, chunk: Chunk, records: NDArray[np.int64], rules: pa.Array, reasons: pa.Array
    ) -> list[pa.StringArray]:
        picks = pa.array(records)
        sound = [values.take(picks) for values in chunk.values]
        sound += [pc.cast(pa.array(chunk.sound_lines[records]), pa.string()), rules, reasons]
        sound.append(pa.repeat(pa.scalar("", pa.string()), len(records)))
        if not chunk.malformed:
            return sound
        bad = chunk.malformed
        at = np.array([m.record for m in bad], dtype=np.int64)
        blank = pa.repeat(pa.scalar("", pa.string()), len(bad))
        malformed = [blank] * self._fields
        malformed += [
            pc.cast(pa.array(chunk.lines[at]), pa.string()),
            pa.array([STRUCTURAL_RULES[m.status] for m in bad], type=pa.string()),
            pa.array([m.reason for m in bad], type=pa.string()),
            pa.array([show(chunk.raw_of(m.record), self._encoding) for m in bad], type=pa.string()),
        ]
        order = pa.array(np.argsort(np.concatenate((chunk.sound[records], at)), kind="stable"))
        return [pa.concat_arrays(pair).take(order) for pair in zip(sound, malformed, strict=True)]
