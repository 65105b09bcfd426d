"""Compares the normalization of a column before and after: the values that are newly rejected."""

from __future__ import annotations

from collections.abc import Callable

from callcenter_etl.contract.model import Column
from callcenter_etl.rules.kinds import KINDS
from callcenter_etl.rules.kinds.required import REQUIRED
from callcenter_etl.rules.kinds.type import TYPE
from callcenter_etl.rules.rule_kind import FormChange
from callcenter_etl.tools.compare.direction import ERROR, Direction, expressions_of, is_strict

_WITHOUT_LETTERS = ("digits", "integer", "decimal")


def trim(direction: Direction, before: Column, after: Column) -> str | None:
    """Return the values, accepted before, that a rule may reject because `trim` has changed; None if there are none."""
    change = FormChange.TRIMMED if after.trim else FormChange.UNTRIMMED
    kept = _kept_rules(change)
    if _has_padded_texts(after):
        kept -= {TYPE.key}
    rule = _breakable_rule(direction, before, after, kept)
    manner = "without it" if after.trim else "with it"
    return None if rule is None else f"values with white space at an end that break {rule} {manner}"


def case(direction: Direction, before: Column, after: Column) -> str | None:
    """Return the values, accepted before, that a rule may reject because `case` has changed; None if there are none."""
    kept = _kept_rules(FormChange.OTHER_CASE)
    if after.type in _WITHOUT_LETTERS and not (after.prefix or after.suffix):
        kept |= {TYPE.key}
    rule = _breakable_rule(direction, before, after, kept)
    manner = "as they are written" if after.case is None else f"in {after.case} case"
    return None if rule is None else f"values that break {rule} {manner}"


def _kept_rules(change: FormChange) -> frozenset[str]:
    """Return the keys of the rules that no value breaks for the first time by the change alone."""
    return frozenset(key for key, kind in KINDS.items() if change in kind.kept_through)


def _has_padded_texts(column: Column) -> bool:
    return any(text != text.strip() for text in (*column.format, *column.prefix, *column.suffix))


def _breakable_rule(direction: Direction, before: Column, after: Column, kept: frozenset[str]) -> str | None:
    """Return the first rule of severity error that is not certain to be kept."""
    if _words_for_nothing(direction):
        kept = frozenset()  # a value may be empty in one form, and have a type in the other
    elif TYPE.key in before.rule_keys and not is_strict(before, TYPE.key):
        kept &= {REQUIRED.key}  # a value that broke its type, with a warning, was asked no other rule
    own = [key for key in after.rule_keys if is_strict(after, key) and key not in kept]
    if own:
        return f"{after.name}.{own[0]}"
    # The numbers and times of accepted records are the same in both forms.
    typed = is_strict(before, TYPE.key) and is_strict(after, TYPE.key) and not _words_for_nothing(direction)
    for rule in direction.after.rules:
        if rule.severity != ERROR:
            continue
        trees = [] if typed and after.type != "digits" else expressions_of(rule, direction.after)
        used = {name for tree in trees if tree is not None for name in tree.columns}
        if after.name in used | set(rule.unique or ()):
            return rule.name
    return None


def _words_for_nothing(direction: Direction) -> bool:
    """Return whether values other than white space count as empty."""
    sources = (direction.before.source, direction.after.source)
    return any(word.strip() for source in sources for word in source.empty_values)


NORMALIZATION_JUDGES: dict[str, Callable[[Direction, Column, Column], str | None]] = {
    "trim": trim,
    "case": case,
}
