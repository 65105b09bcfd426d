"""Compares the record rules of two contracts: which records are newly rejected."""

from __future__ import annotations

from callcenter_etl.contract.model import RecordRule
from callcenter_etl.tools.compare.direction import ERROR, Direction, expressions_of
from callcenter_etl.tools.compare.implication import implies
from callcenter_etl.tools.compare.value_rule_diff import expressions_read_alike


def records_newly_broken(direction: Direction, before: RecordRule | None, after: RecordRule) -> str | None:
    """Return the records, accepted before, that the rule may reject after; None if there are none."""
    if after.severity != ERROR:
        return None
    if before is not None and before.severity == ERROR and _is_wider(direction, before, after):
        return None
    case = " in any letter case" if after.ignore_case else ""
    condition = "" if after.when is None else f" when {after.when}"
    if after.unique is not None:
        return f"records with the {', '.join(after.unique)} of an earlier one{case}{condition}"
    if after.lookup is not None:
        names = ", ".join(after.lookup.columns)
        return f"records with ({names}) that are no row of {after.lookup.file}{condition}"
    return f"records that break {after.check}{condition}"


def _is_wider(direction: Direction, before: RecordRule, after: RecordRule) -> bool:
    if before.unique is not None and after.unique is not None:
        # A key of more columns repeats only where a key of some of them does.
        fewer = set(before.unique) <= {direction.origins.get(name, "") for name in after.unique}
        folded = after.ignore_case and not before.ignore_case
        return fewer and not folded and _condition_is_narrower(direction, before, after)
    if before.lookup is not None and before.lookup == after.lookup:
        # Under another name, a column is another one here: it may have other values.
        same = all(direction.origins.get(name) == name for name in after.lookup.columns)
        typed = all(_reads_alike(direction, name) for name in after.lookup.columns)
        return same and typed and _condition_is_narrower(direction, before, after)
    # Between `unique` and `check` nothing can be compared.
    if before.check is None or after.check is None:
        return False
    check, _ = expressions_of(before, direction.before)
    new_check, _ = expressions_of(after, direction.after)
    if check is None or new_check is None:
        return False
    if not implies(check, new_check, direction.origins):
        return False
    return _condition_is_narrower(direction, before, after)


def _condition_is_narrower(direction: Direction, before: RecordRule, after: RecordRule) -> bool:
    """Return whether the condition after provably applies to no more records than the one before."""
    _, when = expressions_of(before, direction.before)
    _, new_when = expressions_of(after, direction.after)
    # In the opposite direction: the new condition must not apply to more records.
    if when is not None and (new_when is None or not implies(new_when, when, direction.reverse.origins)):
        return False
    return not columns_read_otherwise(direction, after)


def _reads_alike(direction: Direction, name: str) -> bool:
    before = direction.before_of(name)
    return before is not None and expressions_read_alike(before, direction.columns_after[name])


def columns_read_otherwise(direction: Direction, rule: RecordRule) -> list[str]:
    """Return the columns of a rule, by their names after, with other values for its expressions than before."""
    found = []
    for tree in expressions_of(rule, direction.after):
        for name in () if tree is None else tree.columns:
            before = direction.before_of(name)
            after = direction.columns_after[name]
            if before is None or not expressions_read_alike(before, after):
                found.append(name)
    return list(dict.fromkeys(found))
