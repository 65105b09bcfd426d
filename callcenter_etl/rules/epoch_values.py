"""Parses columns of numbers since 1970-01-01: seconds, milliseconds or microseconds."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callcenter_etl.contract.epoch_formats import MAX_EPOCH_DIGITS, epoch_bounds
from callcenter_etl.rules.masks import Mask, as_mask, valid_mask
from callcenter_etl.rules.temporal_groups import Ints, to_ints
from callcenter_etl.rules.text_bytes import digits_only, lengths_of

# Leading zeros are outside of `number`, so that it fits int64.
_NUMBER = rf"\A(?P<sign>-?)0*(?P<number>[0-9]{{1,{MAX_EPOCH_DIGITS}}})$"


def parse_epochs(text: pa.StringArray, unit: int) -> tuple[Ints, Mask]:
    """Return values in microseconds, and the mask of valid ones: an optional minus and digits, in the years 1 to 9999.

    `unit` is the number of microseconds in a unit of the format. Both have the shape (values,).
    """
    numbers = np.zeros(len(text), dtype=np.int64)
    # Nearly all values are plain digits, which Arrow converts without a regular expression.
    valid = digits_only(text) & (lengths_of(text) <= MAX_EPOCH_DIGITS)
    if valid.any():
        numbers[valid] = pc.cast(text.filter(pa.array(valid)), pa.int64()).to_numpy()
    rest = np.flatnonzero(~valid)
    if len(rest):
        groups = pc.extract_regex(text.take(pa.array(rest)), pattern=_NUMBER)
        minus = as_mask(pc.equal(groups.field("sign"), "-"))
        found = to_ints(groups.field("number"))
        numbers[rest] = np.where(minus, -found, found)
        valid[rest] = valid_mask(groups)
    first, last = epoch_bounds(unit)
    # Compared before the multiplication, which could overflow.
    valid &= (numbers >= first) & (numbers <= last)
    return np.where(valid, numbers, 0) * unit, valid
