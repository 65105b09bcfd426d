"""Writes text columns as RFC 4180, a chunk at a time."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

LINE_END = "\r\n"


def quoted(value: str) -> str:
    """Quote one value where RFC 4180 asks for it."""
    return '"' + value.replace('"', '""') + '"' if any(mark in value for mark in ',"\r\n') else value


def csv_line(values: Sequence[str]) -> bytes:
    """Give one record as a line."""
    return (",".join(quoted(value) for value in values) + LINE_END).encode("utf-8")


def csv_records(columns: Sequence[pa.StringArray]) -> bytes:
    """Give the records of text columns, all of one length, as lines.

    A single column that is empty is quoted, as its line would be blank otherwise.
    """
    if not columns or not len(columns[0]):
        return b""
    joined = pc.binary_join_element_wise(*(_quoted_column(column) for column in columns), ",")
    return b"".join((pc.binary_join(_one_list(joined), LINE_END)[0].as_buffer(), LINE_END.encode()))


def _quoted_column(values: pa.StringArray) -> pa.StringArray:
    needs = pc.match_substring_regex(values, pattern='[,"\r\n]')
    if not pc.any(needs).as_py():
        return values
    escaped = pc.binary_join_element_wise(
        '"', pc.replace_substring(values, pattern='"', replacement='""'), '"', ""
    )
    return pc.if_else(needs, escaped, values)


def _one_list(values: pa.StringArray) -> pa.ListArray:
    return pa.ListArray.from_arrays(pa.array([0, len(values)], type=pa.int32()), values)
