"""The syntax tree of an expression; each node has a type and an offset in the text."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

WORDS = frozenset({"and", "or", "not", "in"})  # reserved: a column of such a name needs backticks
TEXT, NUMBER, BOOLEAN, DURATION = "text", "number", "boolean", "duration"
DATE, TIME, DATETIME = "date", "time", "datetime"
TYPE_OF_COLUMN = {
    "text": TEXT, "digits": TEXT, "integer": NUMBER, "decimal": NUMBER, "boolean": BOOLEAN,
    "date": DATE, "time": TIME, "datetime": DATETIME, "duration": DURATION,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the tree: `kind` names its operation, `value` is the operator or literal, `parts` are the operands.

    `timezone` is that of datetimes which come from a column with one.
    """

    kind: str
    offset: int
    parts: tuple[Node, ...] = ()
    value: str | Decimal | int | tuple[str, ...] | None = None
    type: str = ""
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression: its text, its tree, and the columns that it reads."""

    text: str
    root: Node
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExpressionFault:
    """A fault of an expression: a message, and the offset in characters (0-based)."""

    offset: int
    message: str


class ExpressionFaults(ValueError):  # noqa: N818  fault is the product's word
    """The error of an expression that cannot be used; `faults` has all its faults."""

    def __init__(self, faults: tuple[ExpressionFault, ...]) -> None:
        self.faults = faults
        super().__init__(faults)

    def __str__(self) -> str:
        return "; ".join(fault.message for fault in self.faults)
