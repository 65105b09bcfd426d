"""The compiled rule: id, severity, a function that returns the mask of broken records, and the reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.rules.masks import Mask
from callcenter_etl.rules.shown import shown_value, shown_values
from callcenter_etl.terminal import printable


@dataclass(frozen=True, slots=True)
class Rule:
    """A named assertion of a contract, compiled for chunks.

    `broken` returns a mask of shape (records,), True where the rule is broken. `sentence` is the reason with the
    placeholders `{value}`, `{column}`, `{line}` and, for uniqueness, `{first_line}`. `classified` is the
    classification of a column with values that reasons must not show. `key` has the columns of a unique key, which is folded
    to lower case if `fold` is set; only records in the mask `takes_part` have a key, None for all. `looks_up`
    is set if the rule needs the values of a lookup file. `kind`
    is the key of the column that declares the rule, empty for a rule over the whole record.
    """

    id: str
    severity: str
    column: str | None
    sentence: str
    broken: Callable[[ChunkColumns], Mask]
    classified: str | None = None
    key: tuple[str, ...] = ()
    fold: bool = False
    takes_part: Callable[[ChunkColumns], Mask] | None = None
    looks_up: bool = False
    kind: str = ""

    def reasons(self, columns: ChunkColumns, records: NDArray[np.int64]) -> pa.StringArray:
        """Return the reason of each of the given records, of shape (len(records),)."""
        pieces: list[pa.Array | pa.Scalar] = []
        for piece in _split(self.sentence):
            maker = _PLACEHOLDERS.get(piece)
            pieces.append(pa.scalar(piece) if maker is None else maker(self, columns, records))
        # Without an array, Arrow would return a scalar instead of one reason for each record.
        if not any(isinstance(piece, pa.Array) for piece in pieces):
            return pa.repeat("".join(str(piece) for piece in pieces), len(records))
        return pc.binary_join_element_wise(*pieces, "")

    def shown(self, columns: ChunkColumns, records: NDArray[np.int64]) -> list[str | None]:
        """Return the value of each of the given records as reasons show it, or its mask; None for rules over records."""
        if self.column is None:
            return [None] * len(records)
        if self.classified is not None:
            return [f"({self.classified})"] * len(records)
        return [shown_value(value) for value in columns.text(self.column).take(pa.array(records)).to_pylist()]


@lru_cache(maxsize=4096)
def _split(sentence: str) -> tuple[str, ...]:
    """Return the pieces of a sentence: texts and placeholders."""
    pieces = [sentence]
    for name in _PLACEHOLDERS:
        pieces = [part for piece in pieces for part in _cut(piece, name)]
    return tuple(piece for piece in pieces if piece)


def _cut(piece: str, name: str) -> list[str]:
    if piece in _PLACEHOLDERS:
        return [piece]
    parts = piece.split(name)
    return [part for index, text in enumerate(parts) for part in ((name, text) if index else (text,))]


def _value(rule: Rule, columns: ChunkColumns, records: NDArray[np.int64]) -> pa.Array | pa.Scalar:
    # A classified value is in no reason, also where the contract's own sentence names it.
    if rule.classified is not None:
        return pa.scalar(f"({rule.classified})")
    if rule.column is None:
        # A rule over the record has not one value, so the placeholder stays as it was written.
        return pa.scalar("{value}")
    return shown_values(columns.text(rule.column).take(pa.array(records)))


def _column(rule: Rule, columns: ChunkColumns, records: NDArray[np.int64]) -> pa.Scalar:
    return pa.scalar(printable(rule.column or ""))


def _line(rule: Rule, columns: ChunkColumns, records: NDArray[np.int64]) -> pa.Array:
    return pc.cast(pa.array(columns.lines[records]), pa.string())


def _first_line(rule: Rule, columns: ChunkColumns, records: NDArray[np.int64]) -> pa.Array:
    return pc.cast(pa.array(columns.first_lines[rule.id][records]), pa.string())


_PLACEHOLDERS: dict[str, Callable[[Rule, ChunkColumns, NDArray[np.int64]], pa.Array | pa.Scalar]] = {
    "{value}": _value,
    "{column}": _column,
    "{line}": _line,
    "{first_line}": _first_line,
}
