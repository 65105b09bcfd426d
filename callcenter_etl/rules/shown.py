"""Values as reasons show them: cut, and with invisible characters escaped, for whole columns."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callcenter_etl.rules.masks import as_mask
from callcenter_etl.rules.text_bytes import bytes_of, lengths_of
from callcenter_etl.terminal import printable

MAX_SHOWN_CHARACTERS = 80
_SPACE, _DELETE = 0x20, 0x7F
# Letters, marks, numbers, punctuation, symbols and the blank: what `str.isprintable` accepts. RE2 may know fewer
# characters than Python, which costs a second look, never an escape too many.
_INVISIBLE = r"[^\pL\pM\pN\pP\pS ]"


def shown_values(values: pa.StringArray) -> pa.StringArray:
    """Return values cut to `MAX_SHOWN_CHARACTERS` and then escaped, so that no invisible character is hidden."""
    if lengths_of(values).max(initial=0) > MAX_SHOWN_CHARACTERS:  # no value has more characters than bytes
        long = pc.greater(pc.utf8_length(values), MAX_SHOWN_CHARACTERS)
        cut = pc.utf8_slice_codeunits(values, start=0, stop=MAX_SHOWN_CHARACTERS)
        values = pc.if_else(long, pc.binary_join_element_wise(cut, "…", ""), values)
    return _escaped(values)


def _escaped(values: pa.StringArray) -> pa.StringArray:
    data = bytes_of(values)
    # Mostly all is visible ASCII, which one pass over the bytes finds out; the regex takes ten times as long.
    if ((data >= _SPACE) & (data < _DELETE)).all():
        return values
    hidden = as_mask(pc.match_substring_regex(values, pattern=_INVISIBLE))
    if not hidden.any():
        return values
    # A column of one repeated fault is mostly one value: each distinct one is escaped once.
    distinct = pc.dictionary_encode(values.filter(pa.array(hidden)))
    escaped = pa.array([printable(value) for value in distinct.dictionary.to_pylist()], type=pa.string())
    places = np.cumsum(hidden) - 1
    picks = pa.array(np.where(hidden, places, 0))
    return pc.if_else(pa.array(hidden), escaped.take(distinct.indices).take(picks), values)
