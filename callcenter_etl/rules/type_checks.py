"""Checks and parses whole columns by column type."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callcenter_etl.contract.boolean_words import BooleanWords
from callcenter_etl.contract.model import Column
from callcenter_etl.rules.duration_values import parse_durations
from callcenter_etl.rules.masks import Mask, as_mask, valid_mask
from callcenter_etl.rules.temporal_values import parse_temporal
from callcenter_etl.rules.text_bytes import digits_only

Checked = tuple[Mask, pa.Array | None]

INTEGER = r"\A[+-]?[0-9]+\z"
DECIMAL = r"\A[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\z"


def type_check(text: pa.StringArray, column: Column) -> Checked:
    """Return the mask of values of the column's type, and the typed values (None if the text itself is the value).

    Dates, times and durations are int64 microseconds, booleans are bool; both are null where not of the type.
    """
    return _CHECKS[column.type](text, column)


def _text(text: pa.StringArray, _: Column) -> Checked:
    return np.ones(len(text), dtype=bool), None


def _digits(text: pa.StringArray, _: Column) -> Checked:
    return digits_only(text), None


def _matching(pattern: str) -> Callable[[pa.StringArray, Column], Checked]:
    def check(text: pa.StringArray, _: Column) -> Checked:
        # Most values have only digits, which is much faster to check than the pattern.
        valid = digits_only(text)
        rest = np.flatnonzero(~valid)
        if len(rest):
            valid[rest] = as_mask(pc.match_substring_regex(text.take(pa.array(rest)), pattern=pattern))
        return valid, None

    return check


def _boolean(text: pa.StringArray, _: Column) -> Checked:
    lower = pc.ascii_lower(text)
    true, false = pc.equal(lower, "true"), pc.equal(lower, "false")
    valid = pc.or_(true, false)
    return as_mask(valid), pc.if_else(valid, true, pa.scalar(None, pa.bool_()))


def boolean_check(text: pa.StringArray, words: BooleanWords) -> Checked:
    """Return the mask of values that are one of the words, and their meaning, null for others."""
    asked, true, false = text, pa.array(words.true, pa.string()), pa.array(words.false, pa.string())
    if words.ignore_case:
        # Both sides by one kernel: Python's lower() differs in words such as ΣΑΣ.
        asked, true, false = map(pc.utf8_lower, (asked, true, false))
    is_true, is_false = pc.is_in(asked, value_set=true), pc.is_in(asked, value_set=false)
    valid = pc.or_(is_true, is_false)
    return as_mask(valid), pc.if_else(valid, is_true, pa.scalar(None, pa.bool_()))


def _temporal(text: pa.StringArray, column: Column) -> Checked:
    values = parse_temporal(
        text,
        kind=column.type,
        formats=column.format,
        first_short_year=column.first_short_year,
        timezone=column.timezone,
    )
    return valid_mask(values), values


def _duration(text: pa.StringArray, column: Column) -> Checked:
    values = parse_durations(text, column.formats)
    return valid_mask(values), values


_CHECKS: dict[str, Callable[[pa.StringArray, Column], Checked]] = {
    "text": _text,
    "digits": _digits,
    "integer": _matching(INTEGER),
    "decimal": _matching(DECIMAL),
    "boolean": _boolean,
    "date": _temporal,
    "time": _temporal,
    "datetime": _temporal,
    "duration": _duration,
}
