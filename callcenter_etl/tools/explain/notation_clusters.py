"""Groups values that another notation of numbers, or other words for true and false, would accept."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callcenter_etl.contract.boolean_words import words_of
from callcenter_etl.contract.model import Column
from callcenter_etl.contract.number_format import POINT, complete_format
from callcenter_etl.rules.masks import Mask, as_mask
from callcenter_etl.rules.number_notation import plain_numbers
from callcenter_etl.tools.explain.broken_values import BrokenValues, Cluster
from callcenter_etl.tools.explain.remedies import EXACT, MAYBE, change_column

MAX_DISTINCT = 2_000  # values that are looked at to choose a notation
MAX_AFFIXES = 3
_DECIMALS = (POINT, ",")
_THOUSANDS = (None, ",", POINT, " ", "'", "\u2019", "\u00a0", "\u202f")
# Currencies, their codes, and percent: other letters are more likely to be an error.
_AFFIXES = (
    r"\A[+-]?(?P<prefix>(?:[A-Z]{0,3}\p{Sc}|[A-Z]{3})\s?)?[+-]?"
    r"[0-9.,](?:[0-9.,'\x{2019}\p{Zs}eE+-]*[0-9.,])?"
    r"(?P<suffix>\s?(?:\p{Sc}|%|[A-Z]{3}))?\z"
)
_WORDS = {
    "decimal": "another decimal separator",
    "thousands": "separators of thousands",
    "prefix": "a prefix",
    "suffix": "a suffix",
}
_TRUE_AND_FALSE = (
    ("y", "n"), ("yes", "no"), ("1", "0"), ("t", "f"), ("j", "n"), ("ja", "nein"), ("on", "off"), ("oui", "non"), ("si", "no"),
)  # fmt: skip


def other_notations(broken: BrokenValues) -> Iterator[Cluster]:
    """Yield numbers that the column would accept in another notation: that which accepts most of them."""
    if broken.column.type not in ("integer", "decimal"):
        return
    distinct = broken.values.unique()[:MAX_DISTINCT]
    candidates = [
        (keys, _taken(broken.column, keys, distinct)) for keys in _notations(broken.column, distinct)
    ]
    # The first of those that accept as many: it changes the fewest keys.
    keys, taken = max(candidates, key=lambda each: int(each[1].sum()))
    if not keys or not taken.any():
        return
    rivals = [
        other
        for other, mask in candidates
        if int(mask.sum()) == int(taken.sum()) and _reads_otherwise(broken.column, keys, other, distinct)
    ]
    doubt = f" (or {_yaml(rivals[0])}: both accept every such value, ask the sender)" if rivals else ""
    remedy = change_column(
        broken.document,
        broken.column.name,
        _yaml(keys) + doubt,
        # Accepted records are not read: with a decimal comma, those with a point would be rejected.
        sure=MAYBE if "decimal" in keys else EXACT,
        **keys,
    )
    what = " and ".join(_WORDS[key] for key in keys)
    yield broken.cluster(_taken(broken.column, keys, broken.values), f"has {what}", remedy=remedy)


def _notations(column: Column, distinct: pa.StringArray) -> Iterator[dict[str, Any]]:
    """Yield the keys that each notation adds to a column, those with the fewest keys first."""
    more = _affixes(column, distinct)
    decimals = _DECIMALS if column.type == "decimal" and column.decimal is None else (column.decimal,)
    thousands = _THOUSANDS if column.thousands is None else (column.thousands,)
    found: list[dict[str, Any]] = []
    for decimal, group in product(decimals, thousands):
        if group is not None and group == (decimal or (POINT if column.type == "decimal" else None)):
            continue
        keys: dict[str, Any] = {}
        if decimal not in (column.decimal, POINT):
            keys["decimal"] = decimal
        if group != column.thousands:
            keys["thousands"] = group
        found += [keys, keys | more] if more else [keys]
    yield from sorted(found, key=len)


def _affixes(column: Column, distinct: pa.StringArray) -> dict[str, tuple[str, ...]]:
    """Return the prefixes and suffixes that values have and the column lacks, with those that it has."""
    groups = pc.drop_null(pc.extract_regex(distinct, pattern=_AFFIXES))
    more: dict[str, tuple[str, ...]] = {}
    for key, declared in (("prefix", column.prefix), ("suffix", column.suffix)):
        counts = pc.struct_field(groups, key).value_counts().to_pylist()
        texts = [
            each["values"] for each in sorted(counts, key=lambda each: (-each["counts"], each["values"]))
        ]
        new = [text for text in texts if text and text not in declared][:MAX_AFFIXES]
        if new:
            more[key] = (*declared, *new)
    return more


def _changed(column: Column, keys: dict[str, Any]) -> Column:
    return column.model_copy(update=keys)


def _taken(column: Column, keys: dict[str, Any], values: pa.StringArray) -> Mask:
    return plain_numbers(values, complete_format(_changed(column, keys)))[0]


def _reads_otherwise(
    column: Column, keys: dict[str, Any], other: dict[str, Any], values: pa.StringArray
) -> bool:
    """Return whether two notations accept the same values, and one of them as another number."""
    (valid, one), (other_valid, two) = (
        plain_numbers(values, complete_format(_changed(column, each))) for each in (keys, other)
    )
    differ = as_mask(pc.not_equal(one, two))
    return bool(np.array_equal(valid, other_valid) and (differ & valid).any())


def _yaml(keys: dict[str, Any]) -> str:
    shown = (
        f"{key}: {value!r}" if isinstance(value, str) else f"{key}: {list(value)!r}"
        for key, value in keys.items()
    )
    return " and ".join(f"`{each}`" for each in shown)


def other_words(broken: BrokenValues) -> Iterator[Cluster]:
    """Yield booleans in other words: the pair of words that most of them are."""
    column = broken.column
    if column.type != "boolean" or column.allowed is not None:
        return
    folded = pc.utf8_lower(broken.values)
    masks = [as_mask(pc.is_in(folded, value_set=pa.array(pair))) for pair in _TRUE_AND_FALSE]
    best = max(range(len(masks)), key=lambda at: int(masks[at].sum()))
    if not masks[best].any():
        return
    true, false = _TRUE_AND_FALSE[best]
    known = words_of(column)
    if {*map(str.lower, known.true), true} & {*map(str.lower, known.false), false}:
        return  # the pair contradicts the declared words
    # The words of today stay, so that no accepted record is rejected.
    changes: dict[str, Any] = {
        "true_values": (*known.true, true),
        "false_values": (*known.false, false),
        "ignore_case": True,
    }
    words = f"`true_values: [{', '.join(changes['true_values'])}]` and `false_values: [{', '.join(changes['false_values'])}]`"
    remedy = change_column(broken.document, column.name, f"{words} in any letter case", **changes)
    yield broken.cluster(masks[best], f"is one of {true!r} and {false!r}", remedy=remedy)
