"""The expression language of `check` and `when`: parses text to a tree and checks its types."""

from __future__ import annotations

from callcenter_etl.contract.expressions.checker import compile_expression
from callcenter_etl.contract.expressions.columns import ExpressionColumns
from callcenter_etl.contract.expressions.tree import Expression, ExpressionFault, ExpressionFaults, Node

__all__ = [
    "Expression",
    "ExpressionColumns",
    "ExpressionFault",
    "ExpressionFaults",
    "Node",
    "compile_expression",
]
