"""Parses durations of whole columns to int64 microseconds, null for other texts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callcenter_etl.contract.duration_formats import MAX_DURATION_HOURS
from callcenter_etl.rules.masks import as_mask, valid_mask
from callcenter_etl.rules.temporal_groups import SECOND, to_ints

# Leading zeros are outside of `hours`, so that its length shows whether the number can fit.
_DURATION = r"\A0*(?P<hours>[0-9]*[0-9]):(?P<minute>[0-5][0-9]):(?P<second>[0-5][0-9])$"


def parse_durations(text: pa.StringArray) -> pa.Int64Array:
    """Return H:MM:SS in microseconds, null for other texts; more than 2,500,000,000 hours count as that many."""
    groups = pc.extract_regex(text, pattern=_DURATION)
    valid = valid_mask(groups)
    hours = groups.field("hours")
    long = as_mask(pc.greater(pc.binary_length(hours), 10))
    count = to_ints(pc.if_else(pa.array(~long), hours, "0"))
    count = np.where(long, MAX_DURATION_HOURS, np.minimum(count, MAX_DURATION_HOURS))
    seconds = count * 3600 + to_ints(groups.field("minute")) * 60 + to_ints(groups.field("second"))
    return pa.array(np.where(valid, seconds, 0) * SECOND, mask=~valid)
