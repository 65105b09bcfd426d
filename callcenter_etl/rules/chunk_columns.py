"""The columns of one chunk as rules see them: text, blank, known, typed; each worked out once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.contract.model import Column
from callcenter_etl.rules.exact_numbers import Numbers, parse_numbers
from callcenter_etl.rules.masks import Mask, as_mask
from callcenter_etl.rules.text_bytes import bytes_of, lengths_of, offsets_of
from callcenter_etl.rules.type_checks import type_check

_BEYOND_ASCII = 128


@dataclass(frozen=True, slots=True)
class ChunkColumns:
    """Text columns of one chunk by contract name, each of shape (records,), with what follows from them.

    `first_lines` holds, for each rule of uniqueness, the line of the first occurrence of each record's key,
    or -1 where the record is that first one or takes no part.
    """

    columns: Mapping[str, Column]
    empty_values: tuple[str, ...]
    texts: Mapping[str, pa.StringArray]
    lines: NDArray[np.int64]
    first_lines: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    lookups: Mapping[str, pa.Array] = field(default_factory=dict)
    _blank: dict[str, Mask] = field(default_factory=dict)
    _valid: dict[str, Mask] = field(default_factory=dict)
    _typed: dict[str, pa.Array | None] = field(default_factory=dict)
    _numbers: dict[str, Numbers] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.lines)

    def text(self, name: str) -> pa.StringArray:
        """The values as they came, no nulls."""
        return self.texts[name]

    def blank_mask(self, name: str) -> Mask:
        """True where the value is empty: an empty value of the contract, or nothing but white space."""
        if name not in self._blank:
            self._blank[name] = blank_values(self.texts[name], self.empty_values)
        return self._blank[name]

    def known_mask(self, name: str) -> Mask:
        """True where the value is not blank and keeps its type."""
        self._check_type(name)
        return ~self.blank_mask(name) & self._valid[name]

    def type_broken(self, name: str) -> Mask:
        """True where the value is not blank and breaks its type."""
        self._check_type(name)
        return ~self.blank_mask(name) & ~self._valid[name]

    def blank(self, name: str) -> pa.BooleanArray:
        """As `blank_mask`, for expressions."""
        return pa.array(self.blank_mask(name))

    def known(self, name: str) -> pa.BooleanArray:
        """As `known_mask`, for expressions."""
        return pa.array(self.known_mask(name))

    def typed(self, name: str) -> pa.Array:
        """The values in their type, null where unknown: int64 microseconds, bool or string."""
        self._check_type(name)
        values = self._typed[name]
        values = self.texts[name] if values is None else values
        known = self.known_mask(name)
        if len(known) - np.count_nonzero(known) == values.null_count:
            return values  # what is unknown is null already
        return pc.if_else(pa.array(known), values, pa.scalar(None, values.type))

    def numbers(self, name: str) -> Numbers:
        """The values of a digits, integer or decimal column as exact numbers, unknown ones invalid."""
        if name not in self._numbers:
            self._numbers[name] = parse_numbers(self.texts[name], self.known_mask(name))
        return self._numbers[name]

    def _check_type(self, name: str) -> None:
        if name not in self._valid:
            column = self.columns[name]
            self._valid[name], self._typed[name] = type_check(self.texts[name], column.type, column.format)


def blank_values(text: pa.StringArray, empty_values: tuple[str, ...]) -> Mask:
    """Return which values mean nothing: listed in `empty_values`, of no length, or white space alone."""
    blank: Mask = lengths_of(text) == 0
    perhaps = _perhaps_white_space(text)
    if len(perhaps):
        trimmed = pc.utf8_trim_whitespace(text.take(pa.array(perhaps)))
        blank[perhaps] |= lengths_of(trimmed) == 0
    words = [value for value in empty_values if value]
    if words:
        blank |= as_mask(pc.is_in(text, value_set=pa.array(words, type=pa.string())))
    return blank


def _perhaps_white_space(text: pa.StringArray) -> NDArray[np.int64]:
    """Return the places of the values that start with a white space byte or one beyond ASCII; mostly there are none."""
    data = bytes_of(text)
    if not len(data) or (data.min() > ord(" ") and data.max() < _BEYOND_ASCII):
        return np.empty(0, dtype=np.int64)
    offsets = offsets_of(text)
    filled = np.flatnonzero(offsets[1:] > offsets[:-1])
    first = data[offsets[filled] - offsets[0]]
    perhaps: NDArray[np.int64] = filled[(first <= ord(" ")) | (first >= _BEYOND_ASCII)]
    return perhaps
