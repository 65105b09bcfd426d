"""An entry of a contract as far as it can be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """An entry of the contract without its faulty keys, which are in `broken`."""

    value: T
    broken: frozenset[str] = frozenset()

    @property
    def has_unknown_keys(self) -> bool:
        """Whether a key has a name that the contract does not know: it may be any of the keys that are not there."""
        known = type(self.value).model_fields if isinstance(self.value, BaseModel) else {}
        return any(key not in known for key in self.broken)
