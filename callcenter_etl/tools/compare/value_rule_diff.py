"""The rules of one column before and after: which values are newly rejected."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from callcenter_etl.contract.datetime_formats import parse_duration, parse_iso
from callcenter_etl.contract.expressions.tree import TYPE_OF_COLUMN
from callcenter_etl.contract.model import Column
from callcenter_etl.tools.compare.direction import is_strict

NUMERIC = ("digits", "integer", "decimal")
TEMPORAL = ("date", "time", "datetime")
# Every value of the key's type is a value of these types too; of text, every value is.
_WIDER_TYPES = {"digits": ("integer", "decimal"), "integer": ("decimal",)}


def newly_broken(key: str, before: Column | None, after: Column) -> str | None:
    """Return which values, accepted before, the rule `key` of the column may reject after; None where there are none.

    `before` is None where the column was not there.
    """
    if not is_strict(after, key):
        return None
    if before is None or not is_strict(before, key):
        return _PHRASES[key](after)
    if key == "type":
        return None if every_value_stays(before, after) else _PHRASES[key](after)
    if _IS_WIDER[key](before, after) and (key == "required" or not _asked_of_more(before, after)):
        return None
    return _PHRASES[key](after) if key != "allowed" else _lost_words(before, after)


def every_value_stays(before: Column, after: Column) -> bool:
    """Return whether every text that has the type before has the type after."""
    if before.type == after.type and before.type in TEMPORAL:
        return set(before.format) <= set(after.format)
    return after.type in ("text", before.type, *_WIDER_TYPES.get(before.type, ()))


def expressions_read_alike(before: Column, after: Column) -> bool:
    """Return whether expressions see the same value, or none, in every record that was accepted before."""
    if TYPE_OF_COLUMN[before.type] != TYPE_OF_COLUMN[after.type] or not every_value_stays(before, after):
        return False
    if not is_strict(before, "type") and not every_value_stays(after, before):
        return False
    return before.type not in TEMPORAL or _formats_go_on(before, after)


def _asked_of_more(before: Column, after: Column) -> bool:
    """Return whether values that broke the type, and were accepted with a warning, are now asked more rules."""
    return not is_strict(before, "type") and not every_value_stays(after, before)


def _formats_go_on(before: Column, after: Column) -> bool:
    """Return whether every value is read by the same format: the first one that accepts it counts."""
    return after.format[: len(before.format)] == before.format


def _bounds_read_alike(before: Column, after: Column) -> bool:
    if before.type in NUMERIC and after.type in NUMERIC:
        return True
    return before.type == after.type and (before.type not in TEMPORAL or _formats_go_on(before, after))


def _bound(column: Column, key: str) -> Decimal | int:
    text = str(getattr(column, key))
    if column.type in NUMERIC:
        return Decimal(text)
    value = parse_duration(text) if column.type == "duration" else parse_iso(column.type, text)
    if value is None:
        raise TypeError(f"{key} {text!r} is no {column.type}: the contract is not sound")
    return value


def _pattern_is_wider(before: Column, after: Column) -> bool:
    return is_wider_pattern(str(before.pattern), str(after.pattern))


def is_wider_pattern(before: str, after: str) -> bool:
    """Return whether a pattern provably matches all that another one does: it is the same, or has one more choice.

    Both are valid patterns, so a `|` after the first one is outside of its groups and quotes.
    """
    return before == after or after.startswith(before + "|")


def _words(column: Column) -> set[str]:
    words = column.allowed or ()
    # Beyond ASCII, what is the same in any case is left to the engine: there such words stay apart.
    return {word.lower() if column.ignore_case and word.isascii() else word for word in words}


def _lost(before: Column, after: Column) -> list[str]:
    if before.ignore_case and not after.ignore_case:
        return list(before.allowed or ())
    words = _words(after)
    kept = {word for word in before.allowed or () if word in (after.allowed or ())}
    return [
        word
        for word in before.allowed or ()
        if word not in kept and (word.lower() if after.ignore_case and word.isascii() else word) not in words
    ]


def _lost_words(before: Column, after: Column) -> str:
    lost = _lost(before, after)
    if not lost or (before.ignore_case and not after.ignore_case):
        return _PHRASES["allowed"](after)
    return f"the values {', '.join(map(repr, lost))}"


_IS_WIDER: dict[str, Callable[[Column, Column], bool]] = {
    "required": lambda before, after: True,
    "min": lambda before, after: (
        _bounds_read_alike(before, after) and _bound(after, "min") <= _bound(before, "min")
    ),
    "max": lambda before, after: (
        _bounds_read_alike(before, after) and _bound(after, "max") >= _bound(before, "max")
    ),
    "min_length": lambda before, after: (after.min_length or 0) <= (before.min_length or 0),
    "max_length": lambda before, after: (after.max_length or 0) >= (before.max_length or 0),
    "pattern": _pattern_is_wider,
    "allowed": lambda before, after: not _lost(before, after),
    "unique": lambda before, after: True,
    "lookup": lambda before, after: before.lookup == after.lookup,
}
_PHRASES: dict[str, Callable[[Column], str]] = {
    "required": lambda column: "records where it is empty",
    "type": lambda column: (
        f"values that are no {column.type}" + (f" as {' or '.join(column.format)}" if column.format else "")
    ),
    "min": lambda column: f"values below {column.min}",
    "max": lambda column: f"values above {column.max}",
    "min_length": lambda column: f"values of fewer than {column.min_length} characters",
    "max_length": lambda column: f"values of more than {column.max_length} characters",
    "pattern": lambda column: f"values that do not match {column.pattern}",
    "allowed": lambda column: (
        f"values other than {', '.join(column.allowed or ())}"
        + (" in any letter case" if column.ignore_case else "")
    ),
    "unique": lambda column: "values that occur in an earlier record",
    "lookup": lambda column: (
        f"values that are not in {'' if column.lookup is None else f'{column.lookup.column} of {column.lookup.file}'}"
    ),
}
