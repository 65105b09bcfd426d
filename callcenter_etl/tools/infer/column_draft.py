"""The draft of one column of a contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class InferredColumn:
    """A drafted column: its keys in the order of the contract, the evidence, and the number of outliers by key.

    `causes` has, by key, sentences about known causes of the outliers.
    """

    keys: Mapping[str, Any]
    evidence: tuple[str, ...]
    outliers: Mapping[str, int] = field(default_factory=dict)
    causes: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The column's name."""
        return str(self.keys["name"])

    @property
    def type(self) -> str:
        """The column's type."""
        return str(self.keys.get("type", "text"))
