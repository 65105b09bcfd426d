"""The columns that expressions of a contract may read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from callcenter_etl.contract.expressions.checker import compile_expression
from callcenter_etl.contract.expressions.tree import Expression


@dataclass(frozen=True, slots=True)
class ExpressionColumns:
    """The type of each column by its name, and the time zone of the datetime columns that have one."""

    types: Mapping[str, str]
    timezones: Mapping[str, str]

    def compile(self, text: str) -> Expression:
        """Return a checked expression. Raises ExpressionFaults with every fault."""
        return compile_expression(text, self.types, self.timezones)
