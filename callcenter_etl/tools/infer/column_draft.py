"""A column of a drafted contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class InferredColumn:
    """A column as a contract has it: its keys in order, the evidence, and how many values break which of them.

    `causes` has sentences on why values break a key, where that is known.
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
