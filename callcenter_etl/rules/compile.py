"""Compiles a contract to its rules, in the order of the contract."""

from __future__ import annotations

from callcenter_etl.contract.model import Column, ContractDocument
from callcenter_etl.rules.record_rules import expression_rule, unique_rule
from callcenter_etl.rules.rule import Rule
from callcenter_etl.rules.value_rules import VALUE_RULES
from callcenter_etl.terminal import printable


def compile_rules(document: ContractDocument) -> tuple[Rule, ...]:
    """Return every rule of the contract: column by column, then the record rules."""
    types = {column.name: column.type for column in document.columns}
    rules = [_column_rule(column, key) for column in document.columns for key in column.rule_keys]
    for rule in document.rules:
        if rule.unique is not None:
            rules.append(
                unique_rule(
                    rule.name, tuple(rule.unique), severity=rule.severity, reason=rule.reason, column=None
                )
            )
        else:
            rules.append(expression_rule(rule, types))
    return tuple(rules)


def _column_rule(column: Column, key: str) -> Rule:
    rule_id = f"{column.name}.{key}"
    reason = column.reason_of(key)
    if key == "unique":
        return unique_rule(
            rule_id, (column.name,), severity=column.severity_of(key), reason=reason, column=column
        )
    broken, sentence = VALUE_RULES[key](column)
    return Rule(
        id=rule_id,
        severity=column.severity_of(key),
        column=column.name,
        sentence=reason or printable(sentence),
        broken=broken,
        classified=None if column.classification == "public" else column.classification,
    )
