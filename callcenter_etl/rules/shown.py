"""Formats whole columns of values for reasons: shortened, with invisible characters escaped."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from callcenter_etl.rules.text_bytes import bytes_of, lengths_of
from callcenter_etl.terminal import printable

MAX_SHOWN_CHARACTERS = 80
_SPACE, _DELETE = 0x20, 0x7F


def shown_values(values: pa.StringArray) -> pa.StringArray:
    """Return values cut to `MAX_SHOWN_CHARACTERS`, with invisible characters escaped."""
    if lengths_of(values).max(initial=0) <= MAX_SHOWN_CHARACTERS:  # no value has more characters than bytes
        return _escaped(values)
    cut = pc.utf8_slice_codeunits(values, start=0, stop=MAX_SHOWN_CHARACTERS)
    long = lengths_of(values) > lengths_of(cut)
    # Escaped before the ellipsis is added: that is not ASCII and would send every cut value the slow way.
    return pc.binary_join_element_wise(_escaped(cut), pc.if_else(pa.array(long), "…", ""), "")


def shown_value(value: str) -> str:
    """Return one value as `shown_values` does; for a few values this is faster."""
    if len(value) <= MAX_SHOWN_CHARACTERS and value.isprintable():
        return value
    more = "…" if len(value) > MAX_SHOWN_CHARACTERS else ""
    return printable(value[:MAX_SHOWN_CHARACTERS]) + more


def _escaped(values: pa.StringArray) -> pa.StringArray:
    data = bytes_of(values)
    # Usually all characters are visible ASCII, which one pass over the bytes can establish.
    if ((data >= _SPACE) & (data < _DELETE)).all():
        return values
    # Not a regular expression: Unicode classes take a millisecond to compile, for each column and chunk.
    shown = [value if value.isprintable() else printable(value) for value in values.to_pylist()]
    return pa.array(shown, type=pa.string())
