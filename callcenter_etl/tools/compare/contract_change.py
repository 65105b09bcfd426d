"""The value of one change between two contracts, and its effect on sources and records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

BREAKING, LOOSENING, NEUTRAL = "breaking", "loosening", "neutral"
SAME_VERDICTS = "no record is judged otherwise"
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class ContractLocation:
    """The position of a part of a contract, 1-based; None if the contract was not loaded from a file."""

    file: str | None
    line: int | None
    column: int | None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


@dataclass(frozen=True, slots=True)
class ContractChange:
    """A part of the contract that has changed.

    `tightens`: the new contract may reject or refuse something that the old one accepts; `loosens`: the reverse.
    `exposes`: values that were classified may now be shown. `old` or `new` is None if the part is absent there; its
    position is then that of the nearest enclosing part.
    """

    path: str
    old: str | None
    new: str | None
    why: str
    tightens: bool
    loosens: bool
    exposes: bool
    old_position: ContractLocation
    new_position: ContractLocation

    @property
    def effect(self) -> str:
        """Breaking if it tightens, loosening if it only loosens, else neutral."""
        return BREAKING if self.tightens else LOOSENING if self.loosens else NEUTRAL

    def to_dict(self) -> dict[str, Any]:
        """Return the change as plain values, ready for JSON."""
        return {
            "effect": self.effect,
            "path": self.path,
            "old": self.old,
            "new": self.new,
            "why": self.why,
            "tightens": self.tightens,
            "loosens": self.loosens,
            "exposes": self.exposes,
            "old_position": _location(self.old_position),
            "new_position": _location(self.new_position),
        }


def _location(position: ContractLocation) -> dict[str, str | int | None]:
    return {"file": position.file, "line": position.line, "column": position.column}


@dataclass(frozen=True, slots=True)
class ContractPart:
    """A part that differs between two contracts: its name, and its text and path on both sides.

    `rejected` is a noun phrase for what the old contract accepts and the new one does not, `accepted` for the reverse;
    None if there is nothing. `note` is used if both are None.
    """

    name: str
    old: str | None
    new: str | None
    old_path: Path
    new_path: Path
    rejected: str | None = None
    accepted: str | None = None
    note: str = SAME_VERDICTS
    exposes: bool = False

    @property
    def why(self) -> str:
        """The sentence about the effect of the difference."""
        sentences = [
            *([] if self.rejected is None else [f"no longer accepted: {self.rejected}"]),
            *([] if self.accepted is None else [f"newly accepted: {self.accepted}"]),
        ]
        return "; ".join(sentences) or self.note
