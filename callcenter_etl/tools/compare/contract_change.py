"""One change between two contracts, and what it means for sources and records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

BREAKING, LOOSENING, NEUTRAL = "breaking", "loosening", "neutral"
SAME_VERDICTS = "no record is judged otherwise"
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class ContractLocation:
    """Where a part of a contract stands, 1-based; None where the contract did not come from a text."""

    file: str | None
    line: int | None
    column: int | None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


@dataclass(frozen=True, slots=True)
class ContractChange:
    """One part of the contract that is not as it was.

    `tightens`: something that the old contract accepts, the new one may reject or refuse; `loosens`: the reverse.
    `exposes`: values that were classified may now be shown. `old` and `new` are None where the part is absent, and
    a position is then that of the nearest part around it.
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
        """Breaking where it may reject more, loosening where it may only accept more, else neutral."""
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
    """A part of the contract that differs: its name, its text and its path on both sides.

    `rejected` says what the old contract accepts and the new one does not, `accepted` the reverse, both as a noun
    phrase; None where there is no such thing. `note` stands instead where there is neither.
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
        """The sentence that says what the difference does."""
        sentences = [
            *([] if self.rejected is None else [f"no longer accepted: {self.rejected}"]),
            *([] if self.accepted is None else [f"newly accepted: {self.accepted}"]),
        ]
        return "; ".join(sentences) or self.note
