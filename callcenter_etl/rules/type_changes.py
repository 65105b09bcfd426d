"""Changes of a column's type and formats: which values keep their type, and their meaning."""

from __future__ import annotations

from callcenter_etl.contract.boolean_words import words_of
from callcenter_etl.contract.model import Column
from callcenter_etl.contract.number_format import complete_format

TEMPORAL = ("date", "time", "datetime")
_NOTATED = ("integer", "decimal")  # the types with a notation of numbers
# Every value of the key's type is a value of these types too; of text, every value is.
_WIDER_TYPES = {"digits": ("integer", "decimal"), "integer": ("decimal",)}


def every_value_stays(before: Column, after: Column) -> bool:
    """Return whether every text that has the type before has the type after.

    A text that is another number, or the other truth value, after the change does not count as one that stays.
    """
    if before.type == after.type and before.type in TEMPORAL:
        return set(before.format) <= set(after.format)
    if after.type not in ("text", before.type, *_WIDER_TYPES.get(before.type, ())):
        return False
    if before.type == after.type == "boolean":
        return words_of(after).is_wider(words_of(before))
    # Digits without a sign are the same number in every notation.
    notated = before.type in _NOTATED and after.type in _NOTATED
    return not notated or complete_format(after).is_wider(complete_format(before))


def formats_continue(before: Column, after: Column) -> bool:
    """Return whether every value is read by the same format: the first one that accepts it counts."""
    return after.format[: len(before.format)] == before.format
