"""The columns of one chunk for rules: texts, blank masks, typed values and numbers, each computed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.contract.boolean_words import boolean_words
from callcenter_etl.contract.model import Column
from callcenter_etl.contract.normalization import is_normalized
from callcenter_etl.contract.number_format import number_format
from callcenter_etl.rules.exact_numbers import Numbers, parse_numbers
from callcenter_etl.rules.masks import Mask, as_mask
from callcenter_etl.rules.normalized_text import normalized_text
from callcenter_etl.rules.number_notation import plain_numbers
from callcenter_etl.rules.text_bytes import bytes_of, lengths_of, offsets_of
from callcenter_etl.rules.type_checks import boolean_check, type_check
from callcenter_etl.sources.header import ColumnLayout

_BEYOND_ASCII = 128


@dataclass(frozen=True, slots=True)
class ChunkColumns:
    """The text columns of one chunk by contract name, each of shape (records,), and values derived from them.

    `first_lines` has, for each rule of uniqueness, the line of the first occurrence of each record's key, or -1 if
    the record is the first occurrence or has no key. `absent` names the optional columns that the source lacks: their
    values are empty, and their own rules are not asked. `short` marks the records with fields missing at the end, None
    where that is not known, or not allowed.
    """

    columns: Mapping[str, Column]
    empty_values: tuple[str, ...]
    texts: Mapping[str, pa.StringArray]
    lines: NDArray[np.int64]
    first_lines: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    lookups: Mapping[str, pa.Array] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    short: Mask | None = None
    # Filled at first use, and shared by copies: the rules of a column share each result, and an unasked one is never computed.
    _normalized: dict[str, pa.StringArray] = field(default_factory=dict)
    _blank: dict[str, Mask] = field(default_factory=dict)
    _valid: dict[str, Mask] = field(default_factory=dict)
    _typed: dict[str, pa.Array | None] = field(default_factory=dict)
    _plain: dict[str, pa.StringArray] = field(default_factory=dict)
    _numbers: dict[str, Numbers] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.lines)

    def text(self, name: str) -> pa.StringArray:
        """The values as they are judged, without nulls: those of the source, unless the column is normalized."""
        column = self.columns[name]
        if not is_normalized(column):
            return self.texts[name]
        if name not in self._normalized:
            self._normalized[name] = normalized_text(column, self.texts[name])
        return self._normalized[name]

    def normalized_mask(self, name: str) -> Mask:
        """True where the normalization changed the value."""
        text, source = self.text(name), self.texts[name]
        return np.zeros(len(self), dtype=bool) if text is source else as_mask(pc.not_equal(text, source))

    def blank_mask(self, name: str) -> Mask:
        """True where the value is empty: one of `empty_values`, or white space only."""
        if name not in self._blank:
            self._blank[name] = blank_values(self.text(name), self.empty_values)
        return self._blank[name]

    def known_mask(self, name: str) -> Mask:
        """True where the value is not blank and is of its type."""
        self._check_type(name)
        return ~self.blank_mask(name) & self._valid[name]

    def type_broken(self, name: str) -> Mask:
        """True where the value is not blank and is not of its type."""
        self._check_type(name)
        return ~self.blank_mask(name) & ~self._valid[name]

    def blank(self, name: str) -> pa.BooleanArray:
        """The mask `blank_mask` as an Arrow array, for expressions."""
        return pa.array(self.blank_mask(name))

    def known(self, name: str) -> pa.BooleanArray:
        """The mask `known_mask` as an Arrow array, for expressions."""
        return pa.array(self.known_mask(name))

    def typed(self, name: str) -> pa.Array:
        """The values in their type, null where unknown: int64 microseconds, bool or string."""
        self._check_type(name)
        values = self._typed[name]
        values = self.text(name) if values is None else values
        known = self.known_mask(name)
        if len(known) - np.count_nonzero(known) == values.null_count:
            return values  # all unknown values are null already, so no copy is needed
        return pc.if_else(pa.array(known), values, pa.scalar(None, values.type))

    def numbers(self, name: str) -> Numbers:
        """The values of a digits, integer or decimal column as exact numbers, unknown ones invalid."""
        if name not in self._numbers:
            self._numbers[name] = parse_numbers(self.plain_numbers(name), self.known_mask(name))
        return self._numbers[name]

    def plain_numbers(self, name: str) -> pa.StringArray:
        """The values of a numeric column with a sign, a point and an exponent alone; unknown ones are undefined."""
        self._check_type(name)
        return self._plain.get(name, self.text(name))

    def _check_type(self, name: str) -> None:
        if name in self._valid:
            return
        column, text = self.columns[name], self.text(name)
        notation, words = number_format(column), boolean_words(column)
        if notation is not None:
            self._valid[name], self._plain[name] = plain_numbers(text, notation)
            self._typed[name] = None
        elif words is not None:
            self._valid[name], self._typed[name] = boolean_check(text, words)
        else:
            self._valid[name], self._typed[name] = type_check(text, column)


def texts_by_name(
    layout: ColumnLayout, values: Sequence[pa.StringArray], *, records: int
) -> dict[str, pa.StringArray]:
    """Return source columns, by position, under the contract's names; those of absent columns are empty values."""
    texts = {name: values[position] for name, position in layout.positions.items()}
    return texts | dict.fromkeys(layout.absent, empty_texts(records if layout.absent else 0))


def empty_texts(records: int) -> pa.StringArray:
    """Return empty values, as those of a column that the source lacks."""
    return pa.repeat(pa.scalar("", pa.string()), records)


def blank_values(text: pa.StringArray, empty_values: tuple[str, ...]) -> Mask:
    """Return the mask of blank values: in `empty_values`, of length zero, or white space only."""
    blank: Mask = lengths_of(text) == 0
    perhaps = _perhaps_white_space(text)
    if len(perhaps):
        trimmed = pc.utf8_trim_whitespace(text.take(pa.array(perhaps)))
        blank[perhaps] |= lengths_of(trimmed) == 0
    words = [value for value in empty_values if value]  # the empty text was found by its length
    if words:
        blank |= as_mask(pc.is_in(text, value_set=pa.array(words, type=pa.string())))
    return blank


def _perhaps_white_space(text: pa.StringArray) -> NDArray[np.int64]:
    """Return the indices of values with a first byte that is white space or not ASCII; usually there are none.

    Trimming is slow, and only these values can consist of white space, which may be Unicode.
    """
    data = bytes_of(text)
    if not len(data) or (data.min() > ord(" ") and data.max() < _BEYOND_ASCII):
        return np.empty(0, dtype=np.int64)
    offsets = offsets_of(text)
    filled = np.flatnonzero(offsets[1:] > offsets[:-1])
    first = data[offsets[filled] - offsets[0]]
    perhaps: NDArray[np.int64] = filled[(first <= ord(" ")) | (first >= _BEYOND_ASCII)]
    return perhaps
