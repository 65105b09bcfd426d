"""Evaluates checked expressions on whole columns with SQL's three-valued logic, in which null is unknown."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import reduce
from typing import Any, Protocol, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callcenter_etl.contract.expressions import Expression, Node
from callcenter_etl.rules import exact_numbers
from callcenter_etl.rules.exact_numbers import Numbers
from callcenter_etl.rules.masks import valid_mask
from callcenter_etl.rules.timezone_offsets import zone_offsets

Value: TypeAlias = Any  # an Arrow array or Numbers; pyarrow has no type annotations
SECOND = 1_000_000
DAY = 86_400 * SECOND
_FARTHEST = 2**63 - 1
_MAX_CHARACTERS = 2**31 - 1
_KERNELS = {
    "==": pc.equal,
    "!=": pc.not_equal,
    "<": pc.less,
    "<=": pc.less_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
}


class ColumnSource(Protocol):
    """The columns of one chunk that expressions read; arrays have the shape (records,)."""

    def __len__(self) -> int: ...

    def text(self, name: str) -> pa.StringArray:
        """Return the texts, without nulls."""

    def blank(self, name: str) -> pa.BooleanArray:
        """Return the mask of empty values, without nulls."""

    def known(self, name: str) -> pa.BooleanArray:
        """Return the mask of values that are not empty and of their type, without nulls."""

    def typed(self, name: str) -> pa.Array:
        """Return the values in their type, null where unknown."""

    def numbers(self, name: str) -> Numbers:
        """Return the values of a numeric column."""


def evaluate(expression: Expression, columns: ColumnSource) -> pa.BooleanArray:
    """Return the value of an expression for every record of a chunk, null where it is unknown."""
    return _evaluate(expression.root, columns)


def _evaluate(node: Node, columns: ColumnSource) -> Value:
    return _NODES[node.kind](node, columns)


def _column(node: Node, columns: ColumnSource) -> Value:
    name = str(node.value)
    return columns.numbers(name) if node.type == "number" else columns.typed(name)


def _text_of(node: Node, columns: ColumnSource) -> Value:
    name = str(node.value)
    known, text = columns.known(name), columns.text(name)
    return text if known.true_count == len(known) else pc.if_else(known, text, pa.scalar(None, pa.string()))


def _number(node: Node, columns: ColumnSource) -> Value:
    return exact_numbers.constant(Decimal(str(node.value)), len(columns))


def _literal(node: Node, columns: ColumnSource) -> Value:
    return pa.repeat(_LITERALS[node.kind](node), len(columns))


def _logic(kernel: Callable[[pa.Array, pa.Array], pa.Array]) -> Callable[[Node, ColumnSource], Value]:
    return lambda node, columns: reduce(kernel, (_evaluate(part, columns) for part in node.parts))


def _not(node: Node, columns: ColumnSource) -> Value:
    # Arrow keeps null here: `not` of an unknown value is unknown.
    return pc.invert(_evaluate(node.parts[0], columns))


def _compare(node: Node, columns: ColumnSource) -> Value:
    left, right = _operands(node, columns)
    return _compared(left, str(node.value), right)


def _operands(node: Node, columns: ColumnSource) -> list[Value]:
    """Return the operands of a comparison; a literal compared with a column stays a scalar, which Arrow broadcasts."""
    # Two scalars would be compared once, and not for each record.
    if all(part.kind in _LITERALS for part in node.parts):
        return [_evaluate(part, columns) for part in node.parts]
    return [
        _LITERALS[part.kind](part) if part.kind in _LITERALS else _evaluate(part, columns)
        for part in node.parts
    ]


def _compared(left: Value, name: str, right: Value) -> pa.BooleanArray:
    if isinstance(left, Numbers):
        return exact_numbers.compare(left, name, right)
    return _KERNELS[name](left, right)


def _in(node: Node, columns: ColumnSource) -> Value:
    left, *rest = _operands(node, columns)
    return reduce(pc.or_kleene, (_compared(left, "==", each) for each in rest))


def _arithmetic(node: Node, columns: ColumnSource) -> Value:
    left, right = (_evaluate(part, columns) for part in node.parts)
    if isinstance(left, Numbers):
        return _NUMERIC[str(node.value)](left, right)
    if node.type == "text":
        return pc.binary_join_element_wise(left, right, "")
    return _shifted(left, right if node.value == "+" else pc.negate(right))


def _shifted(left: pa.Array, right: pa.Array) -> pa.Array:
    """Return sums of microseconds; a sum beyond 64 bits is clamped, so that it still compares correctly."""
    unknown = ~(valid_mask(left) & valid_mask(right))
    first, second = (np.asarray(pc.fill_null(each, 0).to_numpy(), dtype=np.int64) for each in (left, right))
    total = first + second
    # Overflow: both operands have the same sign, and the sum has the other.
    beyond = ((first ^ total) & (second ^ total)) < 0
    total = np.where(beyond, np.where(first < 0, -_FARTHEST, _FARTHEST), total)
    # The least int64 is left out, since its negation would overflow.
    return pa.array(np.maximum(total, -_FARTHEST), mask=unknown)


def _negate(node: Node, columns: ColumnSource) -> Value:
    value = _evaluate(node.parts[0], columns)
    return exact_numbers.negate(value) if isinstance(value, Numbers) else pc.negate(value)


def _call(node: Node, columns: ColumnSource) -> Value:
    return _FUNCTIONS[str(node.value)](node, columns)


def _empty(node: Node, columns: ColumnSource) -> Value:
    return columns.blank(str(node.parts[0].value))


def _length(node: Node, columns: ColumnSource) -> Value:
    return _whole(pc.utf8_length(_evaluate(node.parts[0], columns)))


def _left(node: Node, columns: ColumnSource) -> Value:
    text = _evaluate(node.parts[0], columns)
    return pc.utf8_slice_codeunits(text, start=0, stop=_count(node))


def _right(node: Node, columns: ColumnSource) -> Value:
    text = _evaluate(node.parts[0], columns)
    count = _count(node)
    # A start of -0 would be the start of the text.
    if not count:
        return pc.utf8_slice_codeunits(text, start=0, stop=0)
    return pc.utf8_slice_codeunits(text, start=-count)


def _count(node: Node) -> int:
    # Compared before the conversion: as an int, 1e999999 has a million digits.
    return int(min(Decimal(str(node.parts[1].value)), Decimal(_MAX_CHARACTERS)))


def _matches(node: Node, columns: ColumnSource) -> Value:
    text = _evaluate(node.parts[0], columns)
    return pc.match_substring_regex(text, pattern=rf"\A(?:{node.parts[1].value})\z")


def _seconds(node: Node, columns: ColumnSource) -> Value:
    return _whole(_evaluate(node.parts[0], columns), scale=6)


def _days(node: Node, columns: ColumnSource) -> Value:
    micro = _whole(_evaluate(node.parts[0], columns))
    # Differences of dates are whole days, which need no Decimal for each record.
    if micro.scaled is not None and not (micro.scaled % DAY).any():
        return exact_numbers.from_integers(micro.scaled // DAY, micro.valid)
    return exact_numbers.divide(micro, exact_numbers.constant(Decimal(DAY), len(micro.valid)))


def _weekday(node: Node, columns: ColumnSource) -> Value:
    micro = _whole(_evaluate(node.parts[0], columns))
    instants = np.asarray(micro.scaled, dtype=np.int64)
    timezone = node.parts[0].timezone
    # The day of a call is that of its clock, not the one in UTC.
    local = instants if timezone is None else zone_offsets(timezone).to_local(instants)
    # Floor division: days before 1970 are negative.
    days = np.floor_divide(local, DAY)
    # 1970-01-01 was a Thursday, which is 3 if Monday is 0.
    return exact_numbers.from_integers((days + 3) % 7, micro.valid)


def _abs(node: Node, columns: ColumnSource) -> Value:
    value = _evaluate(node.parts[0], columns)
    return exact_numbers.absolute(value) if isinstance(value, Numbers) else pc.abs(value)


def _coalesce(node: Node, columns: ColumnSource) -> Value:
    values = [_evaluate(part, columns) for part in node.parts]
    if isinstance(values[0], Numbers):
        return reduce(exact_numbers.coalesce, values)
    return pc.coalesce(*values)


def _whole(values: pa.Array, *, scale: int = 0) -> Numbers:
    valid = valid_mask(values)
    filled = pc.cast(pc.fill_null(values, 0), pa.int64())
    return exact_numbers.from_integers(np.asarray(filled.to_numpy(zero_copy_only=False)), valid, scale=scale)


def _of_text(kernel: Callable[[pa.Array], pa.Array]) -> Callable[[Node, ColumnSource], Value]:
    return lambda node, columns: kernel(_evaluate(node.parts[0], columns))


_LITERALS: dict[str, Callable[[Node], pa.Scalar]] = {
    "string": lambda node: pa.scalar(node.value, pa.string()),
    "instant": lambda node: pa.scalar(node.value, pa.int64()),
}
_NUMERIC = {
    "+": exact_numbers.add,
    "-": exact_numbers.subtract,
    "*": exact_numbers.multiply,
    "/": exact_numbers.divide,
}
_NODES: dict[str, Callable[[Node, ColumnSource], Value]] = {
    "column": _column,
    "text_of": _text_of,
    "number": _number,
    "string": _literal,
    "instant": _literal,
    "and": _logic(pc.and_kleene),
    "or": _logic(pc.or_kleene),
    "not": _not,
    "compare": _compare,
    "in": _in,
    "arithmetic": _arithmetic,
    "negate": _negate,
    "call": _call,
}
_FUNCTIONS: dict[str, Callable[[Node, ColumnSource], Value]] = {
    "empty": _empty,
    "length": _length,
    "lower": _of_text(pc.utf8_lower),
    "upper": _of_text(pc.utf8_upper),
    "left": _left,
    "right": _right,
    "matches": _matches,
    "seconds": _seconds,
    "days": _days,
    "weekday": _weekday,
    "abs": _abs,
    "coalesce": _coalesce,
}
