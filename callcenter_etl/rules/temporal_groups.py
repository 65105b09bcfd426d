"""Reads the parts of dates and times from the groups of a format's regular expression, a column at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.contract.datetime_formats import DAYS, FRACTION_DIGITS, MONTHS, CompiledFormat
from callcenter_etl.rules.masks import Mask, as_mask, valid_mask

Ints = NDArray[np.signedinteger[Any]]  # int32 for parts of dates and times, which halves the memory traffic
SECOND = 1_000_000  # microseconds


def regex_parts(text: pa.StringArray, fmt: CompiledFormat) -> tuple[dict[str, Ints], Mask]:
    """Return the parts of the values by field, each of shape (values,), and the mask of values that match the format."""
    groups = pc.extract_regex(text, pattern=fmt.regex)
    valid = valid_mask(groups)
    fields = [piece.field for piece in fmt.pieces if piece.field]
    return {field: _READERS.get(field, to_ints)(groups.field(field)) for field in fields}, valid


def to_ints(text: pa.StringArray) -> Ints:
    """Return digits as int64, 0 for null and empty text."""
    filled = pc.if_else(pc.equal(pc.fill_null(text, ""), ""), "0", text)
    return np.asarray(pc.cast(filled, pa.int64()).to_numpy(zero_copy_only=False), dtype=np.int64)


def _fraction(text: pa.StringArray) -> Ints:
    return to_ints(pc.utf8_rpad(pc.fill_null(text, ""), FRACTION_DIGITS, padding="0"))


def _half(text: pa.StringArray) -> Ints:
    return as_mask(pc.equal(pc.ascii_lower(text), "pm")).astype(np.int64)


def _name_index(words: tuple[str, ...], first: int) -> Callable[[pa.StringArray], Ints]:
    starts = [word[:3] for word in words]

    def read(text: pa.StringArray) -> Ints:
        value_set = pa.array(starts)  # not at import: the first pa.array of a process imports pandas
        start = pc.utf8_slice_codeunits(pc.ascii_lower(text), start=0, stop=3)
        found = pc.fill_null(pc.index_in(start, value_set=value_set), -9)
        return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int64) + first

    return read


def _offset(text: pa.StringArray) -> Ints:
    text = pc.fill_null(text, "Z")
    zulu = pc.equal(text, "Z")
    text = pc.if_else(zulu, "+00", text)
    hours = to_ints(pc.utf8_slice_codeunits(text, start=1, stop=3))
    # An offset such as +05 has no minutes, which _ints reads as zero.
    minutes = to_ints(pc.utf8_ltrim(pc.utf8_slice_codeunits(text, start=3), characters=":"))
    sign = np.where(as_mask(pc.starts_with(text, "-")), -1, 1)
    return np.asarray(sign * (hours * 3600 + minutes * 60) * SECOND, dtype=np.int64)


_READERS = {
    "fraction": _fraction,
    "half": _half,
    "month_name": _name_index(MONTHS, 1),
    "weekday": _name_index(DAYS, 0),
    "offset": _offset,
}
