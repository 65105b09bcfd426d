"""Writes validated batches: recovered records, those still rejected, and the reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from callcenter_etl.contract.names import REJECT_COLUMNS
from callcenter_etl.rules.reject_reasons import RejectReasons
from callcenter_etl.tools.reprocess.corrected_records import Batch
from callcenter_etl.tools.reprocess.corrections import Corrections
from callcenter_etl.tools.reprocess.known_keys import as_published_lines
from callcenter_etl.tools.reprocess.publish import RECOVERED, RECOVERED_HEADER
from callcenter_etl.writers.csv_injection import Cells
from callcenter_etl.writers.csv_text import csv_line
from callcenter_etl.writers.file_names import EXCEPTIONS, REJECTED, TARGET
from callcenter_etl.writers.staged_file import StagedFile

_BETWEEN = "; "


class BatchWriter:
    """Writes the records of batches to their files, in order; `rejected` counts those still rejected."""

    def __init__(
        self,
        files: Mapping[str, StagedFile],
        corrections: Corrections,
        *,
        source_sha256: str,
        cells: Cells,
    ) -> None:
        self._files = files
        self._names = corrections.layout.names
        self._source_sha256 = source_sha256
        self._cells = cells
        self.rejected = 0
        for name in (TARGET, REJECTED):
            files[name].write(corrections.target_start)
        # Names of columns are escaped too: a header cell may begin like a formula.
        files[EXCEPTIONS].write(csv_line([cells.text(name) for name in (*self._names, *REJECT_COLUMNS)]))
        files[RECOVERED].write(csv_line(RECOVERED_HEADER))

    def write(
        self, batch: Batch, accepted: NDArray[np.int64], reject_reasons: RejectReasons, rules: Counter[str]
    ) -> None:
        """Write one batch: `accepted` are the indices of accepted records.

        `reject_reasons` are the reasons of the sound records that are not. Rules still broken are counted in `rules`.
        """
        files = self._files
        files[TARGET].write(b"".join(batch.raws[at] for at in accepted.tolist()))
        files[RECOVERED].write(
            b"".join(csv_line((self._source_sha256, batch.keys[at])) for at in accepted.tolist())
        )
        exceptions = self._exceptions(batch, reject_reasons)
        # Malformed records come first in the mapping; sorted, rows keep the order of the source.
        for at in sorted(exceptions):
            broken, row = exceptions[at]
            files[REJECTED].write(batch.raws[at])
            files[EXCEPTIONS].write(csv_line([self._cells.text(cell) for cell in row]))
            rules.update(broken.split(_BETWEEN))
        self.rejected += len(exceptions)

    def _exceptions(self, batch: Batch, reject_reasons: RejectReasons) -> dict[int, tuple[str, list[str]]]:
        """Return the rules and the cells of each record still rejected, by its index."""
        exceptions: dict[int, tuple[str, list[str]]] = {}
        blank = [""] * len(self._names)
        for at, (rule, reason) in batch.malformed.items():
            exceptions[at] = (rule, [*blank, str(batch.lines[at]), rule, reason, batch.shown[at]])
        columns = [values.take(reject_reasons.records).to_pylist() for values in batch.values]
        # A first line in the reason may be a line of an earlier target, not of the source.
        reasons = as_published_lines(reject_reasons.reasons)
        for number, (row, rule) in enumerate(
            zip(reject_reasons.records.tolist(), reject_reasons.rules.to_pylist(), strict=True)
        ):
            at = int(batch.sound[row])
            values = [column[number] for column in columns]
            exceptions[at] = (rule, [*values, str(batch.lines[at]), rule, reasons[number], ""])
        return exceptions
