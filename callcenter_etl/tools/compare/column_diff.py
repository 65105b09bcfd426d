"""Compares one column of two contracts: names, type, rules, severities, classification."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from callcenter_etl.contract.fixed_width import PLACE_KEYS
from callcenter_etl.contract.model import Column
from callcenter_etl.rules.kinds import KINDS
from callcenter_etl.tools.compare import header_diff
from callcenter_etl.tools.compare.contract_change import SAME_VERDICTS, ContractPart
from callcenter_etl.tools.compare.direction import ERROR, Direction
from callcenter_etl.tools.compare.normalization_diff import NORMALIZATION_JUDGES
from callcenter_etl.tools.compare.record_rule_diff import columns_read_otherwise
from callcenter_etl.tools.compare.value_rule_diff import newly_broken

_WARNS = "the rule only warns: no record is rejected otherwise"


def pair_parts(
    direction: Direction, before: Column, after: Column, old_index: int, new_index: int
) -> Iterator[ContractPart]:
    """Yield the differences of a column that both contracts have."""

    def part(key: str, old: str | None, new: str | None, **said: Any) -> ContractPart:
        return ContractPart(
            f"columns.{after.name}.{key}",
            old,
            new,
            # `severity` may be one word for all rules, so `severity.type` has the position of `severity`.
            ("columns", old_index, key.split(".", maxsplit=1)[0]),
            ("columns", new_index, key.split(".", maxsplit=1)[0]),
            **said,
        )

    yield from _name_parts(part, direction, before, after)
    yield from _place_parts(part, before, after)
    yield from _rule_parts(part, direction, before, after)
    yield from _normalization_parts(part, direction, before, after)
    yield from _severity_parts(part, direction, before, after)
    for key in ("reason", "description"):
        if getattr(before, key) != getattr(after, key):
            yield part(key, _text(getattr(before, key)), _text(getattr(after, key)))
    if before.classification != after.classification:
        # Both `personal` and `secret` are masked everywhere, so only a change to `public` shows more.
        exposes = after.classification == "public"
        note = (
            "values that were kept from logs, reasons and reports may now be shown there"
            if exposes
            else "values are kept from logs, reasons and reports"
        )
        yield part("classification", before.classification, after.classification, note=note, exposes=exposes)


def _name_parts(part: Any, direction: Direction, before: Column, after: Column) -> Iterator[ContractPart]:
    rejected = header_diff.names(direction, before, after)
    accepted = header_diff.names(direction.reverse, after, before)
    if before.name != after.name:
        note = "the header may have both names; rule ids have the new one"
        yield part("name", before.name, after.name, rejected=rejected, accepted=accepted, note=note)
    if before.header != after.header:
        yield part("header", before.header, after.header, rejected=rejected, accepted=accepted)
    if before.optional != after.optional:
        yield part(
            "optional",
            json.dumps(before.optional),
            json.dumps(after.optional),
            rejected=header_diff.optional(before, after),
            accepted=header_diff.optional(after, before),
        )
    # The order of aliases has no meaning.
    if set(before.aliases) != set(after.aliases):
        old, new = (", ".join(each.aliases) or None for each in (before, after))
        yield part("aliases", old, new, rejected=rejected, accepted=accepted)


def _place_parts(part: Any, before: Column, after: Column) -> Iterator[ContractPart]:
    """Yield the differences of the characters at which a fixed-width record has the column."""
    for key in PLACE_KEYS:
        old, new = getattr(before, key), getattr(after, key)
        if old != new:
            # A record of the one width has no value of the other: none is accepted by both for sure.
            rejected, accepted = (f"records written with {key} {_place(each)}" for each in (old, new))
            yield part(key, _text(old), _text(new), rejected=rejected, accepted=accepted)


def _place(value: Any) -> str:
    return "of another key" if value is None else repr(value)


def _rule_parts(part: Any, direction: Direction, before: Column, after: Column) -> Iterator[ContractPart]:
    for key in KINDS:
        old, new = declared(before, key), declared(after, key)
        if old == new:
            continue
        yield part(
            key,
            old,
            new,
            rejected=_newly_breaks(direction, key, before, after),
            accepted=_newly_breaks(direction.reverse, key, after, before),
            note=_WARNS if "warn" in (before.severity_of(key), after.severity_of(key)) else SAME_VERDICTS,
        )
    # Another type has another notation: then the type is the change.
    if before.type != after.type:
        return
    for key, words in _NOTATIONS.items():
        if words(before) != words(after):
            yield part(
                key,
                words(before),
                words(after),
                rejected=_newly_breaks(direction, "type", before, after),
                accepted=_newly_breaks(direction.reverse, "type", after, before),
            )


def _years(column: Column) -> str | None:
    years = column.two_digit_years
    return None if years is None else f"{years.first} to {years.first + 99}"


def _boolean_words(words: tuple[str, ...] | None, column: Column) -> str | None:
    if words is None:
        return None
    return ", ".join(words) + (" (any letter case)" if column.ignore_case else "")


# The keys that decide which texts are of the column's type, as text.
_NOTATIONS: dict[str, Callable[[Column], str | None]] = {
    "format": lambda column: " or ".join(column.formats) or None,
    "timezone": lambda column: column.timezone,
    "two_digit_years": _years,
    "decimal": lambda column: column.decimal,
    "thousands": lambda column: column.thousands,
    "prefix": lambda column: ", ".join(column.prefix) or None,
    "suffix": lambda column: ", ".join(column.suffix) or None,
    "true_values": lambda column: _boolean_words(column.true_values, column),
    "false_values": lambda column: _boolean_words(column.false_values, column),
}


def _normalization_parts(
    part: Any, direction: Direction, before: Column, after: Column
) -> Iterator[ContractPart]:
    for key, judge in NORMALIZATION_JUDGES.items():
        if getattr(before, key) != getattr(after, key):
            old, new = (
                "true" if each is True else each or None
                for each in (getattr(before, key), getattr(after, key))
            )
            rejected = judge(direction, before, after)
            yield part(key, old, new, rejected=rejected, accepted=judge(direction.reverse, after, before))


def _severity_parts(part: Any, direction: Direction, before: Column, after: Column) -> Iterator[ContractPart]:
    for key in after.rule_keys:
        # A rule that only one contract has is reported under its own key.
        if key not in before.rule_keys or before.severity_of(key) == after.severity_of(key):
            continue
        yield part(
            f"severity.{key}",
            before.severity_of(key),
            after.severity_of(key),
            rejected=_newly_breaks(direction, key, before, after),
            accepted=_newly_breaks(direction.reverse, key, after, before),
        )


def declared(column: Column, key: str) -> str | None:
    """Return the value of a rule's key as text, None if the column has no such rule."""
    if key == "type":
        return column.type
    return KINDS[key].declared(column) if key in column.rule_keys else None


def _text(value: Any) -> str | None:
    if value is None or value == {} or isinstance(value, str):
        return value or None
    if isinstance(value, dict) and set(value) == {"*"}:
        return str(value["*"])
    return json.dumps(value, ensure_ascii=False)


def _newly_breaks(direction: Direction, key: str, before: Column, after: Column) -> str | None:
    """Return the values that a rule newly rejects; of another type also those that unchanged rules see otherwise."""
    own = newly_broken(key, before, after)
    if own is not None or key != "type":
        return own
    # A value that broke its type was asked no other rule; with a type that accepts it, the other rules apply to it.
    # Only unchanged rules are searched here: a changed one is a change of its own, with its own sentence.
    for other in after.rule_keys:
        if other != "type" and declared(before, other) == declared(after, other):
            phrase = newly_broken(other, before, after)
            if phrase is not None and before.severity_of(other) == after.severity_of(other):
                return f"{phrase} (of another type, they were not asked that)"
    known = {rule.name for rule in direction.before.rules if rule.severity == ERROR}
    for rule in direction.after.rules:
        # A rule that is new, or that only warned before, is a change of its own.
        if rule.severity != ERROR or rule.name not in known:
            continue
        if after.name in columns_read_otherwise(direction, rule):
            return f"records that break {rule.name}, which reads the column as {after.type}"
    return None
