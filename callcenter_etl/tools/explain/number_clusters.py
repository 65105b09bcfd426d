"""Groups values that are not numbers or times of the declared type by their notation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow.compute as pc

from callcenter_etl.contract.datetime_formats import has_directive
from callcenter_etl.contract.model import Column, ColumnType
from callcenter_etl.rules.kinds import KINDS
from callcenter_etl.rules.masks import as_mask
from callcenter_etl.rules.type_checks import type_check
from callcenter_etl.tools.explain.broken_values import BrokenValues, Cluster
from callcenter_etl.tools.explain.remedies import change_column

_WIDER: dict[str, tuple[ColumnType, ...]] = {
    "digits": ("integer", "decimal"),
    "integer": ("decimal",),
    "time": ("duration",),
}
_GROUPED = r"\A[+-]?[0-9]{1,3}(?:[,.' \x{A0}][0-9]{3})+(?:[.,][0-9]+)?\z"
_DECIMAL_COMMA = r"\A[+-]?[0-9]*,[0-9]+\z"

_SCIENTIFIC = r"\A[+-]?[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]{1,3}\z"
_TELEPHONE = r"\A\+[0-9]{5,}\z"


def wider_types(broken: BrokenValues) -> Iterator[Cluster]:
    """Yield the values that a wider type would accept."""
    column = broken.column
    for wider in _WIDER.get(column.type, ()):
        mask, _ = type_check(broken.values, Column(name=column.name, type=wider))
        # Bounds of a time of day mean something else for a duration.
        bounds = column.type == "time" and (column.min is not None or column.max is not None)
        if not mask.any() or bounds:
            continue
        changes: dict[str, Any] = {"type": wider} if column.type != "time" else {"type": wider, "format": ()}
        remedy = change_column(broken.document, column.name, f"`type: {wider}`", **changes)
        yield broken.cluster(mask, _WIDER_WORDS[wider], remedy=remedy)
        broken = broken.without(mask)


_WIDER_WORDS = {
    "integer": "has a sign",
    "decimal": "is a decimal number, such as 12.0",
    "duration": "passes 24 hours",
}


def spelled_numbers(broken: BrokenValues) -> Iterator[Cluster]:
    """Yield numbers with thousands separators or a decimal comma."""
    if broken.column.type != "digits":  # of the others, `other_notations` has a remedy
        return
    kinds = (
        (_GROUPED, "has separators of thousands", "the sender has to write numbers without them"),
        (_DECIMAL_COMMA, "has a decimal comma", "the sender has to write a point"),
    )
    # A hint and no remedy: digits are text, which has no separators.
    for pattern, what, hint in kinds:
        mask = as_mask(pc.match_substring_regex(broken.values, pattern=pattern))
        if mask.any():
            yield broken.cluster(mask, what, hint=hint)
            broken = broken.without(mask)


def destroyed_numbers(broken: BrokenValues) -> Iterator[Cluster]:
    """Yield numbers that a spreadsheet has overwritten: no type restores their digits, so none is suggested."""
    if broken.column.type not in ("digits", "integer"):
        return
    mask = as_mask(pc.match_substring_regex(broken.values, pattern=_SCIENTIFIC))
    if mask.any():
        hint = "ask the sender for the original values: a spreadsheet has overwritten them"
        yield broken.cluster(mask, "is written in scientific notation, digits are lost", hint=hint)


def telephone_numbers(broken: BrokenValues) -> Iterator[Cluster]:
    """Yield numbers with a plus sign: text, since as integers they would lose it."""
    column = broken.column
    if column.type != "digits" or column.min is not None or column.max is not None or column.pattern:
        return
    mask = as_mask(pc.match_substring_regex(broken.values, pattern=_TELEPHONE))
    if mask.any():
        # Type text declares no rule, so the pattern takes its position in the order of the rules.
        keys = tuple("pattern" if key == "type" else key for key in column.rule_keys)
        remedy = change_column(
            broken.document,
            column.name,
            "`type: text` with a pattern",
            type="text",
            pattern=r"\+?[0-9]+",
            rule_keys=keys,
        )
        yield broken.cluster(mask, "begins with +, as telephone numbers do", remedy=remedy)


def two_digit_years(broken: BrokenValues) -> Iterator[Cluster]:
    """Yield dates out of bounds that were read with a format of two-digit years."""
    column = broken.column
    if has_directive(column.format, "%y"):
        mask = np.ones(len(broken.records), dtype=bool)
        first = column.first_short_year
        hint = (
            f"two-digit years are read as {first} to {first + 99}:"
            " declare others with two_digit_years, or ask the sender for four digits"
        )
        yield broken.cluster(mask, KINDS[broken.key].broken, hint=hint)
