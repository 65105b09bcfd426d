"""The tree of an expression, each node with its type and its place in the text."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

WORDS = frozenset({"and", "or", "not", "in"})  # no names of columns without backticks
TEXT, NUMBER, BOOLEAN, DURATION = "text", "number", "boolean", "duration"
DATE, TIME, DATETIME = "date", "time", "datetime"
TYPE_OF_COLUMN = {
    "text": TEXT, "digits": TEXT, "integer": NUMBER, "decimal": NUMBER, "boolean": BOOLEAN,
    "date": DATE, "time": TIME, "datetime": DATETIME, "duration": DURATION,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Node:
    """One node: `kind` names its kernel, `value` what the kind needs, `parts` its operands."""

    kind: str
    offset: int
    parts: tuple[Node, ...] = ()
    value: str | Decimal | int | tuple[str, ...] | None = None
    type: str = ""


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression: its text, its tree, and the columns that it uses."""

    text: str
    root: Node
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExpressionFault:
    """What is wrong with an expression, and at which character (0-based)."""

    offset: int
    message: str


class ExpressionFaults(ValueError):  # noqa: N818  fault is the product's word
    """An expression that cannot be used, with all its faults."""

    def __init__(self, faults: tuple[ExpressionFault, ...]) -> None:
        self.faults = faults
        super().__init__(faults)

    def __str__(self) -> str:
        return "; ".join(fault.message for fault in self.faults)
