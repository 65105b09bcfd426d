"""The rules that one value can break on its own: required, type, bounds, lengths, pattern, allowed, lookup."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from callcenter_etl.contract.datetime_formats import describe_format, parse_duration, parse_iso
from callcenter_etl.contract.model import Column
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.rules.exact_numbers import compare_with
from callcenter_etl.rules.fixed_patterns import character_ranges, match_ranges
from callcenter_etl.rules.masks import Mask, as_mask

Broken = Callable[[ChunkColumns], Mask]
NUMERIC = ("digits", "integer", "decimal")
MAX_LISTED = 100


def required(column: Column) -> tuple[Broken, str]:
    """A value must be there; white space alone counts as none."""
    return lambda columns: columns.blank_mask(column.name), "{column} is required but empty"


def of_type(column: Column) -> tuple[Broken, str]:
    """A value must be of the column's type."""
    return lambda columns: columns.type_broken(
        column.name
    ), f"{{column}} must be {_type_words(column)}, got '{{value}}'"


def minimum(column: Column) -> tuple[Broken, str]:
    """A value must not lie below the bound."""
    return _bound(column, "<", str(column.min)), f"{{column}} must be at least {column.min}, got '{{value}}'"


def maximum(column: Column) -> tuple[Broken, str]:
    """A value must not lie above the bound."""
    return _bound(column, ">", str(column.max)), f"{{column}} must be at most {column.max}, got '{{value}}'"


def minimum_length(column: Column) -> tuple[Broken, str]:
    """A value must have so many characters at least."""
    least = column.min_length
    return _of_known(column, lambda text: pc.less(pc.utf8_length(text), least)), (
        f"{{column}} must have at least {least} characters, got '{{value}}'"
    )


def maximum_length(column: Column) -> tuple[Broken, str]:
    """A value must have so many characters at most."""
    most = column.max_length
    return _of_known(column, lambda text: pc.greater(pc.utf8_length(text), most)), (
        f"{{column}} must have at most {most} characters, got '{{value}}'"
    )


def pattern(column: Column) -> tuple[Broken, str]:
    """A value must match the pattern as a whole (RE2)."""
    sentence = f"{{column}} must match the pattern {column.pattern}, got '{{value}}'"
    places = character_ranges(str(column.pattern))
    if places is not None:
        name = column.name
        return lambda columns: columns.known_mask(name) & ~match_ranges(columns.text(name), places), sentence
    whole = rf"\A(?:{column.pattern})\z"
    return _of_known(column, lambda text: pc.invert(pc.match_substring_regex(text, pattern=whole))), sentence


def allowed(column: Column) -> tuple[Broken, str]:
    """A value must be one of a list."""
    words = column.allowed or ()

    @cache  # a list may have a million words, and every chunk asks for it
    def value_set() -> pa.StringArray:
        array = pa.array(words, type=pa.string())  # not sooner: the first array imports pandas
        # Both sides by one kernel: Python's lower() differs in words such as ΣΑΣ.
        return pc.utf8_lower(array) if column.ignore_case else array

    def outside(text: pa.StringArray) -> pa.BooleanArray:
        asked = pc.utf8_lower(text) if column.ignore_case else text
        return pc.invert(pc.is_in(asked, value_set=value_set()))

    return _of_known(column, outside), f"{{column}} must be one of {_listed(words)}, got '{{value}}'"


def _listed(words: Sequence[str]) -> str:
    """Return the words of a list for its reason, which every rejected record carries; of a long list the first ones."""
    if len(words) <= MAX_LISTED:
        return ", ".join(words)
    return f"{', '.join(words[:MAX_LISTED])} and {len(words) - MAX_LISTED:,} more values"


def lookup(column: Column) -> tuple[Broken, str]:
    """A value must stand in a column of another file."""
    name = column.name

    def broken(columns: ChunkColumns) -> Mask:
        found = pc.is_in(columns.text(name), value_set=columns.lookups[name])
        return columns.known_mask(name) & ~as_mask(found)

    where = "" if column.lookup is None else f"column {column.lookup.column} of {column.lookup.file}"
    return broken, f"{{column}} must stand in {where}, got '{{value}}'"


def _of_known(column: Column, kernel: Callable[[pa.StringArray], pa.BooleanArray]) -> Broken:
    name = column.name
    return lambda columns: columns.known_mask(name) & as_mask(kernel(columns.text(name)))


def _bound(column: Column, operator: str, bound: str) -> Broken:
    name = column.name
    if column.type in NUMERIC:
        limit = Decimal(bound)
        return lambda columns: as_mask(compare_with(columns.numbers(name), operator, limit))
    instant = parse_duration(bound) if column.type == "duration" else parse_iso(column.type, bound)
    kernel = pc.less if operator == "<" else pc.greater
    return lambda columns: as_mask(kernel(columns.typed(name), pa.scalar(instant, pa.int64())))


def _type_words(column: Column) -> str:
    words = _TYPE_WORDS[column.type]
    if column.type in ("date", "time", "datetime"):
        return f"{words} as {' or '.join(describe_format(each) for each in column.format)}"
    return words


_TYPE_WORDS = {
    "digits": "digits only",
    "integer": "an integer",
    "decimal": "a decimal number",
    "boolean": "true or false",
    "date": "a date",
    "time": "a time",
    "datetime": "a date and time",
    "duration": "a duration as H:MM:SS",
}

VALUE_RULES: dict[str, Callable[[Column], tuple[Broken, str]]] = {
    "required": required,
    "type": of_type,
    "min": minimum,
    "max": maximum,
    "min_length": minimum_length,
    "max_length": maximum_length,
    "pattern": pattern,
    "allowed": allowed,
    "lookup": lookup,
}
