"""Format text columns as CSV by RFC 4180, a chunk at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

LINE_END = "\r\n"
_QUOTE = b'"'
_MARKS = (b",", _QUOTE, b"\r", b"\n")
_IS_MARK = np.isin(np.arange(256), [mark[0] for mark in _MARKS])


def quoted(value: str) -> str:
    """Return one value, quoted where RFC 4180 requires it."""
    return '"' + value.replace('"', '""') + '"' if any(mark in value for mark in ',"\r\n') else value


def csv_line(values: Sequence[str]) -> bytes:
    """Return one record as a line, encoded as UTF-8."""
    return (",".join(quoted(value) for value in values) + LINE_END).encode("utf-8")


def csv_records(
    columns: Sequence[pa.StringArray], *, in_quotes: NDArray[np.bool_] | None = None
) -> memoryview:
    """Return the records of text columns of equal length as lines.

    `in_quotes`, of shape (records,), marks the records of which the last value is quoted in any case. At least two
    columns are required: an empty value of a single one would be a blank line.
    """
    if not len(columns[0]):
        return memoryview(b"")
    *others, last = (_quoted_column(column) for column in columns)
    if in_quotes is not None:
        bare = pa.array(in_quotes & ~np.asarray(pc.starts_with(last, '"')))
        last = pc.replace_with_mask(last, bare, pc.binary_join_element_wise('"', last.filter(bare), '"', ""))
    ended = pc.binary_join_element_wise(last, LINE_END, "")
    return values_buffer(pc.binary_join_element_wise(*others, ended, ","))


def values_buffer(values: pa.StringArray) -> memoryview:
    """Return the bytes of all values, concatenated, without a copy."""
    offsets = _offsets(values)
    return memoryview(values.buffers()[2] or b"")[int(offsets[0]) : int(offsets[-1])]


def _quoted_column(values: pa.StringArray) -> pa.StringArray:
    # Most columns hold no character that needs quotes: one search in the bytes of the whole column finds that out.
    text = bytes(values_buffer(values))
    if not any(mark in text for mark in _MARKS):
        return values
    needs = pa.array(_values_with_marks(text, _offsets(values)))
    wanted = values.filter(needs)
    if _QUOTE in text:
        wanted = pc.replace_substring(wanted, pattern='"', replacement='""')
    return pc.replace_with_mask(values, needs, pc.binary_join_element_wise('"', wanted, '"', ""))


def _values_with_marks(text: bytes, offsets: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return which values hold a character that needs quotes, shape (values,); `text` starts with the first value."""
    at = np.flatnonzero(_IS_MARK[np.frombuffer(text, dtype=np.uint8)])
    found = np.zeros(len(offsets) - 1, dtype=bool)
    found[np.searchsorted(offsets, at + offsets[0], side="right") - 1] = True
    return found


def _offsets(values: pa.StringArray) -> NDArray[np.int32]:
    return np.frombuffer(values.buffers()[1], dtype=np.int32)[values.offset : values.offset + len(values) + 1]
