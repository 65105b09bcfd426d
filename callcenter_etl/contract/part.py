"""An entry of a contract as far as it can be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """An entry of the contract without its faulty keys; `broken` names these."""

    value: T
    broken: frozenset[str] = frozenset()

    @property
    def has_unknown_keys(self) -> bool:
        """Whether a key has an unknown name: it may be a misspelling of any key that is missing."""
        known = type(self.value).model_fields if isinstance(self.value, BaseModel) else {}
        return any(key not in known for key in self.broken)
