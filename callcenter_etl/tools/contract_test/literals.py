"""Collects the constants with which record rules compare each column."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from callcenter_etl.contract.expressions import Expression, Node
from callcenter_etl.contract.model import ContractDocument, RecordRule, expression_columns
from callcenter_etl.tools.contract_test.candidates import Literals


def rule_expressions(rule: RecordRule, document: ContractDocument) -> list[Expression]:
    """Return the check and the condition of a rule, as far as it has them."""
    known = expression_columns(document.columns)
    return [known.compile(text) for text in (rule.check, rule.when) if text is not None]


def columns_read(rule: RecordRule, document: ContractDocument) -> list[str]:
    """Return the columns that the expressions and the lookup of a rule read, each once."""
    looked_up = () if rule.lookup is None else tuple(rule.lookup.columns)
    named = [name for tree in rule_expressions(rule, document) for name in tree.columns]
    return list(dict.fromkeys([*named, *looked_up]))


def literals_by_column(document: ContractDocument) -> dict[str, Literals]:
    """Return, for each column, the literals of every expression that reads it."""
    found = {column.name: Literals() for column in document.columns}
    for rule in document.rules:
        trees = rule_expressions(rule, document)
        nodes = [node for tree in trees for node in _nodes(tree.root)]
        for name in {name for tree in trees for name in tree.columns}:
            # Each literal for each column of the rule: a constant may bound a difference of two columns.
            _collect(nodes, found[name])
    return found


def _collect(nodes: list[Node], literals: Literals) -> None:
    for node in nodes:
        if node.kind == "number" and isinstance(node.value, Decimal):
            literals.numbers.append(node.value)
        elif node.kind == "instant" and isinstance(node.value, int):
            literals.instants.append(node.value)
        elif node.kind == "call" and node.value == "matches":
            literals.patterns.append(str(node.parts[1].value))
        elif node.kind == "string":
            literals.texts.append(str(node.value))


def _nodes(root: Node) -> Iterator[Node]:
    yield root
    for part in root.parts:
        yield from _nodes(part)
