"""Reads the exceptions of a run: all of them, or every n-th if there are very many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.contract.names import REJECT_COLUMNS
from callcenter_etl.errors import SourceError
from callcenter_etl.rules.masks import Mask, as_mask
from callcenter_etl.sources.chunk import Chunk
from callcenter_etl.sources.header import ColumnLayout, layout_without_header, match_header
from callcenter_etl.sources.source_formats import open_source
from callcenter_etl.store.uris import shown
from callcenter_etl.writers.csv_injection import MARK, unescape

MAX_REJECTS = 100_000
MAX_RAW_CHARACTERS = 2**16
_BETWEEN = "; "


@dataclass(frozen=True, slots=True)
class Rejects:
    """Rejected records as columns of text, one value for each: values by source position, and reject columns.

    Every `step`-th record was read. The raw text of a record over MAX_RAW_CHARACTERS is left out.
    """

    layout: ColumnLayout
    values: tuple[pa.StringArray, ...]
    lines: NDArray[np.int64]
    rules: pa.StringArray
    reasons: pa.StringArray
    raws: pa.StringArray
    step: int

    def __len__(self) -> int:
        return len(self.lines)

    def broke(self, rule: str) -> Mask:
        """Return which records broke a rule."""
        among = pc.binary_join_element_wise("", self.rules, "", _BETWEEN)
        return as_mask(pc.match_substring(among, pattern=f"{_BETWEEN}{rule}{_BETWEEN}"))

    def text(self, column: str) -> pa.StringArray:
        """Return the values of a contract's column."""
        return self.values[self.layout.positions[column]]


def read_rejects(
    uris: Sequence[str], document: ContractDocument, *, rejected: int, most: int = MAX_REJECTS
) -> Rejects:
    """Read at most `most` exceptions of a run that rejected `rejected` records, from a file or its parts.

    Raises SourceError if a file cannot be read, or is not of this contract.
    """
    step = max(1, -(-rejected // most))
    kept, names, seen = list[list[pa.StringArray]](), tuple[str, ...](), 0
    for uri in uris:
        with open_source(uri, _as_source(document)) as reader:
            layout = reader.open().layout
            if layout.names[-len(REJECT_COLUMNS) :] != REJECT_COLUMNS:
                raise SourceError(
                    f"{reader.uri}: is no exceptions file: its last columns are not {REJECT_COLUMNS}"
                )
            names = layout.names
            for chunk in reader.chunks():
                kept.append(_picked(chunk, seen, step))
                seen += len(chunk)
    safe = document.run.exceptions.excel_safe
    columns = _joined(kept, len(names))
    names = names[: -len(REJECT_COLUMNS)]
    if safe:
        names = tuple(unescape(name) for name in names)
        columns = [_unescaped(column) for column in columns]
    *values, lines, rules, reasons, raws = columns
    long = pc.greater(pc.binary_length(raws), MAX_RAW_CHARACTERS)
    return Rejects(
        layout=_source_layout(names, document, shown(uris[0])),
        values=tuple(values),
        lines=_line_numbers(lines, shown(uris[0])),
        rules=rules,
        reasons=reasons,
        raws=pc.if_else(long, "", raws),
        step=step,
    )


def _line_numbers(values: pa.StringArray, uri: str) -> NDArray[np.int64]:
    try:
        return np.asarray(pc.cast(values, pa.int64()).to_numpy(zero_copy_only=False), dtype=np.int64)
    except pa.ArrowInvalid as error:
        raise SourceError(
            f"{uri}: was changed since the run: {REJECT_COLUMNS[0]} holds no line numbers"
        ) from error


def _as_source(document: ContractDocument) -> ContractDocument:
    """Return a contract for exceptions files: it declares the reject columns, and allows others."""
    made = ContractDocument.model_validate(
        {
            "contract": "exceptions",
            "source": {"header": "by_name", "multiline": True, "empty_values": []},
            "columns": [{"name": name} for name in REJECT_COLUMNS],
        }
    )
    run = made.run.model_copy(update={"storage_options": document.run.storage_options})
    return made.model_copy(update={"run": run})


def _source_layout(names: tuple[str, ...], document: ContractDocument, uri: str) -> ColumnLayout:
    if document.source.header == "none":
        return layout_without_header(document)
    layout, problems = match_header(names, document)
    if problems:
        raise SourceError(f"{uri}: is no exceptions file of this contract: {problems[0].message}")
    return layout


def _picked(chunk: Chunk, seen: int, step: int) -> list[pa.StringArray]:
    if step == 1:
        return list(chunk.values)
    picks = pa.array(np.flatnonzero((chunk.sound + seen) % step == 0))
    return [values.take(picks) for values in chunk.values]


def _joined(parts: list[list[pa.StringArray]], fields: int) -> list[pa.StringArray]:
    if not parts:
        return [pa.array([], type=pa.string())] * fields
    return [pa.concat_arrays([part[at] for part in parts]) for at in range(fields)]


def _unescaped(values: pa.StringArray) -> pa.StringArray:
    marked = pc.starts_with(values, MARK)
    return pc.if_else(marked, pc.utf8_slice_codeunits(values, start=1), values)
