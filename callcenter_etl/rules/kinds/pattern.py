"""`pattern`: a value matches a pattern as a whole (RE2)."""

from __future__ import annotations

import pyarrow.compute as pc

from callcenter_etl.contract.model import Column
from callcenter_etl.rules.fixed_patterns import character_ranges, match_ranges
from callcenter_etl.rules.known_values import where_known
from callcenter_etl.rules.rule_kind import (
    GOT,
    NO_CHANGES,
    Asked,
    Broken,
    RuleKind,
    ValueHints,
    always_breakable,
    demand_of,
)
from callcenter_etl.rules.sample import column_sample


def _mask(column: Column) -> Broken:
    name = column.name
    # A pattern of fixed characters and ranges is compared byte by byte, several times as fast as by RE2.
    places = character_ranges(str(column.pattern))
    if places is not None:
        return lambda columns: columns.known_mask(name) & ~match_ranges(columns.text(name), places)
    # Not `^...$`: `^a$` matches `a\n` too.
    whole = rf"\A(?:{column.pattern})\z"
    return where_known(column, lambda text: pc.invert(pc.match_substring_regex(text, pattern=whole)))


def _sentence(column: Column) -> str:
    return f"{{column}} must match the pattern {column.pattern}{GOT}"


def is_wider_pattern(before: str, after: str) -> bool:
    """Return whether a pattern provably matches all matches of another one: it is the same, or has one more choice.

    Both are valid patterns, so a `|` after the first one is outside of its groups and quotes.
    """
    return before == after or after.startswith(before + "|")


PATTERN = RuleKind(
    key="pattern",
    asks=Asked.TYPED_VALUES,
    compares_records=False,
    mask=_mask,
    sentence=_sentence,
    kept=lambda column: demand_of(_sentence(column)),
    broken="does not match its pattern",
    outliers="do not match the pattern",
    declared=lambda column: str(column.pattern),
    reported=lambda column: str(column.pattern),
    is_wider=lambda before, after: is_wider_pattern(str(before.pattern), str(after.pattern)),
    newly_rejected=lambda _, after: f"values that do not match {after.pattern}",
    kept_through=NO_CHANGES,
    hints=lambda column: ValueHints(patterns=(str(column.pattern),)),
    unbreakable=always_breakable,
    samples=(
        column_sample(
            "pattern", "the whole value matches (RE2 syntax)", "pattern: '[A-Z]{2}[0-9]+'", "AB12", "AB12x"
        ),
    ),
)
