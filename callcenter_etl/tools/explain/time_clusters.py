"""Groups dates and times that are not of the declared type by their notation."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow.compute as pc

from callcenter_etl.contract.epoch_formats import EPOCH_WORDS
from callcenter_etl.rules.masks import as_mask
from callcenter_etl.rules.type_checks import type_check
from callcenter_etl.tools.explain.broken_values import BrokenValues, Cluster
from callcenter_etl.tools.explain.remedies import change_column

# By the number of digits, which an instant has from 2001 to 2286. As microseconds, ten digits are an instant too, but
# one of 1970.
_EPOCH_DIGITS = {"epoch_s": 10, "epoch_ms": 13, "epoch_us": 16}


def epoch_numbers(broken: BrokenValues) -> Iterator[Cluster]:
    """Yield numbers of seconds, milliseconds or microseconds since 1970 in a column of dates with times."""
    column = broken.column
    if column.type != "datetime":
        return
    for fmt, digits in _EPOCH_DIGITS.items():
        if fmt in column.format:
            continue
        mask = as_mask(pc.match_substring_regex(broken.values, pattern=rf"\A[0-9]{{{digits}}}\z"))
        if mask.any():
            remedy = change_column(
                broken.document, column.name, f"accepting `{fmt}`", format=(*column.format, fmt)
            )
            yield broken.cluster(mask, f"looks like {EPOCH_WORDS[fmt]}", remedy=remedy)
            broken = broken.without(mask)


def skipped_times(broken: BrokenValues) -> Iterator[Cluster]:
    """Yield local times that do not exist in the column's time zone."""
    column = broken.column
    if column.timezone is None:
        return
    mask, _ = type_check(broken.values, column.model_copy(update={"timezone": None}))
    if mask.any():
        hint = "ask the sender for the time zone of these times: the clocks skip them in this one"
        yield broken.cluster(mask, f"does not exist in {column.timezone}", hint=hint)
