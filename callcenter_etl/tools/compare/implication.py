"""Proves that one condition implies another."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from callcenter_etl.contract.expressions.tree import Expression, Node

MAX_COMPARISONS = (
    100_000  # of parts with parts; beyond it two expressions are only asked whether they are the same
)
_RISING, _FALLING = ("<", "<="), (">", ">=")


def implies(first: Expression, second: Expression, names: Mapping[str, str]) -> bool:
    """Return whether provably `second` is true wherever `first` is, and is not false wherever `first` is not false.

    `names` maps the column names of `second` to those of `first`. False means that no proof was found.
    """
    prover = _Prover(names)
    if prover.same(first.root, second.root):
        return True
    if _size(first.root) * _size(second.root) > MAX_COMPARISONS:
        return False
    return prover.implies(first.root, second.root)


def _size(node: Node) -> int:
    return 1 + sum(_size(part) for part in node.parts)


class _Prover:
    """Compares trees. Each step preserves both "is true" and "is not false", so that unknown values are covered."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names
        self.known: dict[tuple[int, int], bool] = {}

    def same(self, first: Node, second: Node) -> bool:
        return (
            (first.kind, first.type, len(first.parts)) == (second.kind, second.type, len(second.parts))
            and self._value(first, {}) == self._value(second, self.names)
            and all(self.same(one, other) for one, other in zip(first.parts, second.parts, strict=True))
        )

    def _value(self, node: Node, names: Mapping[str, str]) -> object:
        if node.kind in ("column", "text_of"):
            return names.get(str(node.value), node.value)
        return node.value

    def implies(self, first: Node, second: Node) -> bool:
        # By identity, which is safe while both trees live. Without a memory, nested `and` and `or` would
        # compare the same parts many times.
        key = (id(first), id(second))
        if key not in self.known:
            self.known[key] = self._implies(first, second)
        return self.known[key]

    def _implies(self, first: Node, second: Node) -> bool:
        if self.same(first, second):
            return True
        # These two steps come first: they lose no proof, while the two below have to choose a part.
        if first.kind == "or":
            return all(self.implies(part, second) for part in first.parts)
        if second.kind == "and":
            return all(self.implies(first, part) for part in second.parts)
        if first.kind == "and" and any(self.implies(part, second) for part in first.parts):
            return True
        if second.kind == "or" and any(self.implies(first, part) for part in second.parts):
            return True
        return self._leaf(first, second)

    def _leaf(self, first: Node, second: Node) -> bool:
        if first.kind != second.kind:
            return False
        if first.kind == "not":
            one, other = first.parts[0], second.parts[0]
            # `not (x in A)` implies `not (x in B)` if B is a part of A.
            return one.kind == other.kind == "in" and self._within(other, one, reverse=True)
        if first.kind == "in":
            return self._within(first, second)
        return first.kind == "compare" and (self._swapped(first, second) or self._bounded(first, second))

    def _swapped(self, first: Node, second: Node) -> bool:
        """Return whether two equalities or inequalities have the same operands in the opposite order."""
        if first.value != second.value or first.value not in ("==", "!="):
            return False
        (left, right), (other_left, other_right) = first.parts, second.parts
        return self.same(left, other_right) and self.same(right, other_left)

    def _within(self, inner: Node, outer: Node, *, reverse: bool = False) -> bool:
        left, right = (outer, inner) if reverse else (inner, outer)
        if not self.same(left.parts[0], right.parts[0]):
            return False
        return {part.value for part in inner.parts[1:]} <= {part.value for part in outer.parts[1:]}

    def _bounded(self, first: Node, second: Node) -> bool:
        """Return whether two comparisons with a constant differ only in the bound, and the second bound is wider."""
        (left, low), (other, high) = first.parts, second.parts
        if first.value != second.value or not self.same(left, other):
            return False
        if not (isinstance(low.value, Decimal | int) and isinstance(high.value, Decimal | int)):
            return False
        # Constants only: a bound that is a column differs from record to record.
        if low.kind not in ("number", "instant") or high.kind != low.kind:
            return False
        return (first.value in _RISING and low.value <= high.value) or (
            first.value in _FALLING and low.value >= high.value
        )
