"""Compiles a contract to its rules, in the order of the contract."""

from __future__ import annotations

import numpy as np

from callcenter_etl.contract.expressions import ExpressionColumns
from callcenter_etl.contract.model import Column, ContractDocument, RecordRule, expression_columns
from callcenter_etl.contract.normalization import NORMALIZED, is_normalized
from callcenter_etl.diagnostic import INFO
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.rules.kinds import KINDS
from callcenter_etl.rules.kinds.lookup import LOOKUP
from callcenter_etl.rules.masks import Mask
from callcenter_etl.rules.record_rules import SHORT_RECORD, expression_rule, lookup_rule, unique_rule
from callcenter_etl.rules.rule import Rule
from callcenter_etl.rules.rule_kind import Broken
from callcenter_etl.terminal import printable


def compile_rules(document: ContractDocument) -> tuple[Rule, ...]:
    """Return every rule of the contract: column by column, the record rules, and the warning of short records."""
    known = expression_columns(document.columns)
    # Ids and reasons of a record are joined in this order.
    rules = [_column_rule(column, key) for column in document.columns for key in column.rule_keys]
    rules += [_record_rule(rule, known) for rule in document.rules]
    if document.source.short_records == "empty":
        rules.append(SHORT_RECORD)
    return tuple(rules)


def _record_rule(rule: RecordRule, known: ExpressionColumns) -> Rule:
    if rule.lookup is not None:
        return lookup_rule(rule, rule.lookup, known)
    if rule.unique is not None:
        return unique_rule(rule, tuple(rule.unique), known)
    return expression_rule(rule, known)


def _column_rule(column: Column, key: str) -> Rule:
    kind = KINDS[key]
    return Rule(
        id=f"{column.name}.{key}",
        severity=column.severity_of(key),
        column=column.name,
        sentence=column.reason_of(key) or printable(kind.sentence(column)),
        broken=_asked_where_present(column, kind.mask(column)) if column.optional else kind.mask(column),
        classified=None if column.classification == "public" else column.classification,
        key=(column.name,) if kind.compares_records else (),
        fold=column.ignore_case and kind.compares_records,
        looks_up=key == LOOKUP.key,
        kind=key,
    )


def _asked_where_present(column: Column, mask: Broken) -> Broken:
    """Return the mask of a rule of an optional column: no record breaks it in a source without the column."""

    def broken(columns: ChunkColumns) -> Mask:
        return np.zeros(len(columns), dtype=bool) if column.name in columns.absent else mask(columns)

    return broken


def information_rules(document: ContractDocument) -> tuple[Rule, ...]:
    """Return the rules of severity info, which count records and judge none: one for each normalized column."""
    return tuple(_normalized_rule(column) for column in document.columns if is_normalized(column))


def _normalized_rule(column: Column) -> Rule:
    name = column.name
    return Rule(
        id=f"{name}.{NORMALIZED}",
        severity=INFO,
        column=name,
        sentence="{column} is judged as '{value}'",
        broken=lambda columns: columns.normalized_mask(name),
        classified=None if column.classification == "public" else column.classification,
    )
