"""Explains the verdict of each rule on one record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from callcenter_etl.contract.model import Column, ContractDocument, RecordRule, expression_columns
from callcenter_etl.judge.validator import Validator
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.rules.kinds import KINDS
from callcenter_etl.rules.record_rules import SHORT_RECORD
from callcenter_etl.rules.rule import Rule
from callcenter_etl.rules.rule_kind import Asked
from callcenter_etl.tools.explain.expression_trace import ExpressionPart, Look

KEPT, BROKEN, SKIPPED, UNKNOWN = "kept", "broken", "skipped", "unknown"


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """A rule's verdict on one record, with the reason; `parts` are those of an expression with their values."""

    rule: str
    severity: str
    verdict: str
    why: str
    parts: tuple[ExpressionPart, ...] = ()


def explain_rules(
    validator: Validator, columns: ChunkColumns, hidden: Mapping[str, str]
) -> tuple[RuleVerdict, ...]:
    """Return the verdict of every rule on a chunk of one record.

    `hidden` maps columns without shown values to the reason. Broken rules are those that a run's validator finds.
    """
    masks = validator.judge(columns).masks
    explainer = _RuleExplainer(validator.document, columns, hidden)
    verdicts = []
    for rule in validator.rules:
        verdict, why, parts = explainer.unbroken(rule)
        if rule.id in masks:  # broken: the reason is the run's own
            verdict = BROKEN
            why = str(rule.reasons(columns, np.zeros(1, dtype=np.int64))[0].as_py())
        verdicts.append(RuleVerdict(rule.id, rule.severity, verdict, why, parts))
    return tuple(verdicts)


class _RuleExplainer:
    """Explains why a rule is not broken: kept, skipped or unknown."""

    def __init__(self, document: ContractDocument, columns: ChunkColumns, hidden: Mapping[str, str]) -> None:
        self._columns = columns
        self._hidden = hidden
        self._by_name = {column.name: column for column in document.columns}
        self._record_rules = {rule.name: rule for rule in document.rules}
        self._known = expression_columns(document.columns)

    def unbroken(self, rule: Rule) -> tuple[str, str, tuple[ExpressionPart, ...]]:
        if rule.column is not None:
            verdict, why = self._of_value(rule, self._by_name[rule.column])
            return verdict, why, ()
        outside = self._outside_condition(rule)
        if outside is not None:
            return outside
        if rule.looks_up:
            return self._of_lookup(self._record_rules[rule.id])
        if rule.key:
            return self._of_key(rule.key)
        if rule is SHORT_RECORD:
            return KEPT, "the record has a value for every column", ()
        return self._of_expression(self._record_rules[rule.id])

    def _of_key(self, key: tuple[str, ...]) -> tuple[str, str, tuple[ExpressionPart, ...]]:
        blank = [name for name in key if self._columns.blank_mask(name)[0]]
        if blank:
            return SKIPPED, f"{', '.join(blank)} is empty, so that the record takes no part", ()
        return KEPT, f"no earlier record has the same {', '.join(key)}", ()

    def _outside_condition(self, rule: Rule) -> tuple[str, str, tuple[ExpressionPart, ...]] | None:
        """Return the verdict on a record that takes no part in a unique key or lookup, as its condition is not true."""
        declared = self._record_rules.get(rule.id)
        if declared is None or declared.when is None or declared.check is not None:
            return None
        when = Look(self._known.compile(declared.when), self._columns, self._hidden)
        if when.outcome is None:
            unknown = "; ".join(when.unknown_parts())
            return SKIPPED, f"when {declared.when}: {unknown}, so that the record takes no part", when.parts()
        if not when.outcome:
            return SKIPPED, f"when {declared.when}: does not hold", when.parts()
        return None

    def _of_lookup(self, rule: RecordRule) -> tuple[str, str, tuple[ExpressionPart, ...]]:
        names = () if rule.lookup is None else tuple(rule.lookup.columns)
        file = "" if rule.lookup is None else rule.lookup.file
        unknown = [name for name in names if not self._columns.known_mask(name)[0]]
        if unknown:
            return SKIPPED, f"{', '.join(unknown)} is empty or broke its type", ()
        return KEPT, f"({', '.join(names)}) is a row of {file}", ()

    def _of_value(self, rule: Rule, column: Column) -> tuple[str, str]:
        # As in a run: an empty value skips all rules but `required`, a broken type those on typed values.
        kind = KINDS[rule.kind]
        if column.name in self._columns.absent:
            return SKIPPED, "the source has no such column"
        if kind.asks is not Asked.EVERY_VALUE and self._columns.blank_mask(column.name)[0]:
            return SKIPPED, "the value is empty"
        if kind.asks is Asked.TYPED_VALUES and self._columns.type_broken(column.name)[0]:
            return UNKNOWN, f"the value broke its type ({column.name}.type)"
        return KEPT, kind.kept(column)

    def _of_expression(self, rule: RecordRule) -> tuple[str, str, tuple[ExpressionPart, ...]]:
        check = Look(self._known.compile(rule.check or ""), self._columns, self._hidden)
        parts = check.parts()
        if rule.when is not None:
            when = Look(self._known.compile(rule.when), self._columns, self._hidden)
            parts = tuple(dict.fromkeys((*when.parts(), *parts)))
            if when.outcome is None:
                return UNKNOWN, f"when {rule.when}: {'; '.join(when.unknown_parts())}", parts
            if not when.outcome:
                return SKIPPED, f"when {rule.when}: does not hold", parts
        if check.outcome is None:
            return UNKNOWN, f"{rule.check}: {'; '.join(check.unknown_parts())}", parts
        return KEPT, f"{rule.check}: holds", parts
