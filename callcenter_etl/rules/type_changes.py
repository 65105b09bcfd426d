"""Changes of a column's type and formats: which values keep their type, and their meaning."""

from __future__ import annotations

from callcenter_etl.contract.boolean_words import words_of
from callcenter_etl.contract.model import Column
from callcenter_etl.contract.number_format import complete_format

FORMATTED = ("date", "time", "datetime", "duration")
_NOTATED = ("integer", "decimal")  # the types with a notation of numbers
# Every value of the key's type is a value of these types too; of text, every value is.
_WIDER_TYPES = {"digits": ("integer", "decimal"), "integer": ("decimal",)}


def every_value_stays(before: Column, after: Column) -> bool:
    """Return whether every text that has the type before has the type after.

    A text that is another number, or the other truth value, after the change does not count as one that stays.
    """
    if before.type == after.type and before.type in FORMATTED:
        return set(before.formats) <= set(after.formats) and _calendars_agree(before, after)
    if after.type not in ("text", before.type, *_WIDER_TYPES.get(before.type, ())):
        return False
    if before.type == after.type == "boolean":
        return words_of(after).is_wider(words_of(before))
    # Digits without a sign are the same number in every notation.
    notated = before.type in _NOTATED and after.type in _NOTATED
    return not notated or complete_format(after).is_wider(complete_format(before))


def formats_continue(before: Column, after: Column) -> bool:
    """Return whether every value is read by the same format, and as the same time.

    The first format that accepts a value counts.
    """
    return after.formats[: len(before.formats)] == before.formats and _calendars_agree(before, after)


def _calendars_agree(before: Column, after: Column) -> bool:
    # Another time zone may skip an hour, and 29 February is not in every hundred years.
    return (before.timezone, before.first_short_year) == (after.timezone, after.first_short_year)
