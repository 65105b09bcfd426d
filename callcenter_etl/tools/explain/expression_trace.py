"""Evaluates an expression for one record: the value of each part, and which part made it unknown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from callcenter_etl.contract.expressions import Expression, Node
from callcenter_etl.contract.expressions.tree import BOOLEAN, DATE, DATETIME, DURATION, NUMBER, TEXT, TIME
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.rules.exact_numbers import Numbers
from callcenter_etl.rules.expression_evaluator import evaluate
from callcenter_etl.rules.timezone_offsets import zone_offsets

_LITERALS = ("number", "string", "instant")
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class ExpressionPart:
    """A part of an expression and its value for one record; None if that is unknown."""

    text: str
    value: str | None


class Look:
    """An expression over a chunk of one record. `hidden` maps columns without shown values to the reason."""

    def __init__(self, expression: Expression, columns: ChunkColumns, hidden: Mapping[str, str]) -> None:
        self._expression = expression
        self._columns = columns
        self._hidden = hidden

    @property
    def outcome(self) -> bool | None:
        """The value of the expression; None for unknown."""
        outcome: bool | None = self._value(self._expression.root)
        return outcome

    def parts(self) -> tuple[ExpressionPart, ...]:
        """Return every part but literals and the whole, each once, in the order of evaluation."""
        found: dict[str, str | None] = {}
        for node in _walk(self._expression.root):
            if node.kind not in _LITERALS and node is not self._expression.root:
                found.setdefault(self.text(node), self._shown(node))
        return tuple(ExpressionPart(text, value) for text, value in found.items())

    def unknown_parts(self) -> tuple[str, ...]:
        """Return the cause of an unknown result: columns without a usable value, or parts without a result."""
        return tuple(dict.fromkeys(self._reasons(self._expression.root)))

    def text(self, node: Node) -> str:
        """Write a part as an expression."""
        return str(_WRITERS[node.kind](self, node))

    def _value(self, node: Node) -> Any:
        # Each part is evaluated by the evaluator of runs, so that a trace cannot differ from a verdict.
        result = evaluate(Expression("", node, ()), self._columns)
        if isinstance(result, Numbers):
            return result.decimals()[0] if result.valid[0] else None
        return result[0].as_py()

    def _shown(self, node: Node) -> str | None:
        value = self._value(node)
        if value is None:
            return None
        # A result reveals something about the values that it is computed from, except that of `empty(x)`.
        names = [] if node.value == "empty" else _columns_in(node)
        hidden = next((self._hidden[name] for name in names if name in self._hidden), None)
        if hidden is not None:
            return f"({hidden})"
        if node.timezone is not None:
            local = int(zone_offsets(node.timezone).to_local(np.array([value]))[0])
            return f"{_datetime_value(local)} {node.timezone}"
        return str(_SHOWN.get(node.type, str)(value))

    def _reasons(self, node: Node) -> Iterator[str]:
        if self._value(node) is not None:
            return
        if node.kind in ("column", "text_of"):
            name = str(node.value)
            blank = bool(self._columns.blank_mask(name)[0])
            yield f"{name} is empty" if blank else f"{name} broke its type ({name}.type)"
            return
        below = [part for part in node.parts if part.kind not in _LITERALS and self._value(part) is None]
        if not below:
            why = ", as nothing can be divided by zero" if node.value == "/" else ""
            yield f"{self.text(node)} has no result{why}"
        for part in below:
            yield from self._reasons(part)

    def _literal(self, node: Node) -> str:
        # As in the contract: repr would double the backslashes of a pattern.
        match = _QUOTED.match(self._expression.text, node.offset)
        return repr(node.value) if match is None else match[0]


def _walk(node: Node) -> Iterator[Node]:
    """Yield parts before the expression that uses them; for a function of text, the column is the part."""
    if node.kind != "text_of":
        for part in node.parts:
            if not (node.value == "empty" and node.kind == "call"):
                yield from _walk(part)
    yield node


def _columns_in(node: Node) -> list[str]:
    own = [str(node.value)] if node.kind in ("column", "text_of") else []
    return own + [name for part in node.parts for name in _columns_in(part)]


def _inner(look: Look, node: Node) -> str:
    text = look.text(node)
    # Around every operator, because the tree no longer has the parentheses of the text.
    return f"({text})" if node.kind in ("and", "or", "not", "compare", "in", "arithmetic") else text


def _joined(word: str) -> Any:
    return lambda look, node: f" {word} ".join(_inner(look, part) for part in node.parts)


def _call(look: Look, node: Node) -> str:
    return f"{node.value}({', '.join(look.text(part) for part in node.parts)})"


def _in(look: Look, node: Node) -> str:
    first, *rest = node.parts
    return f"{_inner(look, first)} in [{', '.join(look.text(part) for part in rest)}]"


def _name(look: Look, node: Node) -> str:
    name = str(node.value)
    return name if name.isidentifier() else f"`{name}`"


_WRITERS: dict[str, Any] = {
    "column": _name,
    "text_of": _name,
    "number": lambda look, node: str(node.value),
    "string": lambda look, node: look._literal(node),  # noqa: SLF001  the writers are the class's own
    "instant": lambda look, node: look._literal(node),  # noqa: SLF001  the writers are the class's own
    "and": _joined("and"),
    "or": _joined("or"),
    "not": lambda look, node: f"not {_inner(look, node.parts[0])}",
    "negate": lambda look, node: f"-{_inner(look, node.parts[0])}",
    "compare": lambda look, node: _joined(str(node.value))(look, node),
    "arithmetic": lambda look, node: _joined(str(node.value))(look, node),
    "in": _in,
    "call": _call,
}


def _clock(micro: int) -> str:
    seconds, fraction = divmod(abs(micro), 10**6)
    sign = "-" if micro < 0 else ""
    tail = f".{fraction:06}" if fraction else ""
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}{tail}"


def _datetime_value(micro: int) -> str:
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micro)
    except OverflowError:  # a date plus a duration, outside of the years 1 to 9999
        return f"{micro // 10**6 // _DAY_SECONDS:,} days after 1970-01-01"
    return moment.replace(tzinfo=None).isoformat(sep=" ")


def _number(value: Decimal) -> str:
    plain = format(value, "f") if -30 < value.adjusted() < 30 else str(value)  # 1e999999 has a million digits
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


_SHOWN: dict[str, Any] = {
    TEXT: repr,
    NUMBER: _number,
    BOOLEAN: lambda value: "true" if value else "false",
    TIME: _clock,
    DURATION: _clock,
    DATE: lambda value: _datetime_value(value)[:10],
    DATETIME: _datetime_value,
}
