"""The expression language of `check` and `when` for one record: tokens, descent, values at once.

The evaluation happens while parsing: every branch is evaluated, None is the unknown.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.values import Value, from_iso

Known = Value | None
ROUNDED = Context(prec=60, rounding=ROUND_HALF_EVEN, Emax=10**9, Emin=-(10**9))
EXACT = Context(prec=5_000, Emax=10**9, Emin=-(10**9))
SECONDS_A_DAY = 86_400
START = datetime(1, 1, 1)  # noqa: DTZ001 - the axis of moments without a zone
TOKEN = re.compile(
    r"""\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<string>'[^']*'|"[^"]*")|`(?P<ticked>[^`]+)`"""
    r"""|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<mark>==|!=|<=|>=|[-+*/<>()\[\],]))""",
)
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A column's value in one record: None is unknown; `is_empty` is what `empty()` says of it.

    `zone` is the time zone of literals that are compared with it.
    """

    value: Known
    is_empty: bool
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """A value on its way: `is_literal` strings may still turn into dates; `cell` where it is a column."""

    value: Known
    is_literal: bool = False
    cell: Cell | None = None
    kind: str = ""


def evaluate(text: str, cells: Mapping[str, Cell], kinds: Mapping[str, str]) -> bool | None:
    """Give what the expression says of this record: True, False or None (unknown)."""
    reader = _Reader(text, cells, kinds)
    found = reader.either().value
    if reader.tokens[reader.place :] != [("end", "")]:
        raise ValueError(f"trailing tokens in {text!r}")
    if found is not None and not isinstance(found, bool):
        raise ValueError(f"{text!r} is no condition")
    return found


def tokenise(text: str) -> list[tuple[str, str]]:
    """Cut the text into (kind, text) pairs, the last one `end`."""
    tokens: list[tuple[str, str]] = []
    place = 0
    text = text.rstrip()
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise ValueError(f"no token at {place} of {text!r}")
        tokens.append((match.lastgroup, match[match.lastgroup]))
        place = match.end()
    return [*tokens, ("end", "")]


class _Reader:
    """Recursive descent; each method reads one level of precedence and gives its value."""

    def __init__(self, text: str, cells: Mapping[str, Cell], kinds: Mapping[str, str]) -> None:
        self.tokens = tokenise(text)
        self.place = 0
        self.cells = cells
        self.kinds = kinds

    def take(self, *wanted: str) -> str | None:
        """Step over the next token if it is one of these words or marks."""
        kind, text = self.tokens[self.place]
        if kind not in ("word", "mark") or text not in wanted:
            return None
        self.place += 1
        return text

    def need(self, wanted: str) -> None:
        if self.take(wanted) is None:
            raise ValueError(f"{wanted!r} is missing")

    def either(self) -> Term:
        left = self.both()
        while self.take("or"):
            left = Term(or_(left.value, self.both().value))
        return left

    def both(self) -> Term:
        left = self.negation()
        while self.take("and"):
            left = Term(and_(left.value, self.negation().value))
        return left

    def negation(self) -> Term:
        if self.take("not"):
            value = self.negation().value
            return Term(None if value is None else not value)
        return self.comparison()

    def comparison(self) -> Term:
        left = self.sum()
        if self.take("in"):
            self.need("[")
            members = self.arguments("]")
            found: Known = False
            for member in members:
                found = or_(found, compare("==", left, member))
            return Term(found)
        result: Known = True
        seen = False
        while (mark := self.take(*COMPARISONS)) is not None:
            right = self.sum()
            result = and_(result, compare(mark, left, right))
            left = right
            seen = True
        return Term(result) if seen else left

    def sum(self) -> Term:
        left = self.product()
        while (mark := self.take("+", "-")) is not None:
            left = Term(add(mark, left.value, self.product().value))
        return left

    def product(self) -> Term:
        left = self.sign()
        while (mark := self.take("*", "/")) is not None:
            left = Term(multiply(mark, left.value, self.sign().value))
        return left

    def sign(self) -> Term:
        if self.take("-"):
            value = self.sign().value
            return Term(value.copy_negate() if isinstance(value, Decimal) else None)
        return self.primary()

    def primary(self) -> Term:
        if self.take("("):
            inner = self.either()
            self.need(")")
            return inner
        kind, text = self.tokens[self.place]
        self.place += 1
        if kind == "number":
            return Term(Decimal(text), is_literal=True)
        if kind == "string":
            return Term(text[1:-1], is_literal=True)
        if kind == "word" and self.take("("):
            return call(text, self.arguments(")"))
        cell = self.cells[text]
        return Term(cell.value, cell=cell, kind=self.kinds[text])

    def arguments(self, close: str) -> list[Term]:
        found = [self.either()]
        while self.take(","):
            found.append(self.either())
        self.need(close)
        return found


def and_(left: Known, right: Known) -> bool | None:
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def or_(left: Known, right: Known) -> bool | None:
    if left is True or right is True:
        return True
    return None if left is None or right is None else False


def compare(mark: str, left: Term, right: Term) -> bool | None:
    """Compare two terms; a string literal beside a date or time is read as one."""
    first, second = typed(left, right), typed(right, left)
    if first is None or second is None:
        return None
    return COMPARISONS[mark](first, second)


def typed(term: Term, other: Term) -> Known:
    if term.is_literal and isinstance(term.value, str) and other.kind in ("date", "time", "datetime"):
        return from_iso(term.value, other.kind, None if other.cell is None else other.cell.zone)
    return term.value


def add(mark: str, left: Known, right: Known) -> Known:
    """Add or subtract: numbers exactly, texts joined, two moments to a duration."""
    if left is None or right is None:
        return None
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        return EXACT.add(left, right) if mark == "+" else EXACT.subtract(left, right)
    if isinstance(left, str) and isinstance(right, str) and mark == "+":
        return left + right
    if mark == "-":
        return since_start(left) - since_start(right)
    return since_start(left) + since_start(right)


def since_start(value: Value) -> timedelta:
    """Put any moment or duration on one axis, so that a difference is a subtraction."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, datetime):
        return value.replace(tzinfo=None) - START - (value.utcoffset() or timedelta())
    if isinstance(value, date):
        return value - date.min
    if isinstance(value, time):
        return datetime.combine(date.min, value.replace(tzinfo=None)) - START
    raise TypeError(value)


def multiply(mark: str, left: Known, right: Known) -> Known:
    if not isinstance(left, Decimal) or not isinstance(right, Decimal):
        return None
    if mark == "*":
        return ROUNDED.multiply(left, right)
    return None if right == 0 else ROUNDED.divide(left, right)


def call(name: str, terms: list[Term]) -> Term:
    """Call a function: `empty` and `coalesce` see unknowns, all others give unknown for one."""
    values = [term.value for term in terms]
    if name == "empty":
        cell = terms[0].cell
        return Term(cell.is_empty if cell is not None else values[0] is None or str(values[0]).strip() == "")
    if name == "coalesce":
        return Term(next((value for value in values if value is not None), None))
    if any(value is None for value in values):
        return Term(None)
    if name == "weekday":
        return Term(Decimal(local(terms[0]).weekday()))
    return Term(FUNCTIONS[name](*values))


def local(term: Term) -> Any:
    """Return a moment of the same weekday as the clocks of its column's zone show it."""
    value, zone = term.value, None if term.cell is None else term.cell.zone
    if not isinstance(value, datetime) or value.tzinfo is None or zone is None:
        return value
    try:
        return value.astimezone(ZoneInfo(zone))
    except (
        OverflowError
    ):  # behind the last year or before the first one: four weeks away it is the same weekday
        nearer = timedelta(weeks=4) * (1 if value.year == 1 else -1)
        return (value + nearer).astimezone(ZoneInfo(zone))


def _seconds(value: Value) -> Decimal:
    spent = since_start(value)
    whole = Decimal(spent.days * SECONDS_A_DAY + spent.seconds)
    return EXACT.add(whole, Decimal(spent.microseconds) / 1_000_000)


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "length": lambda text: Decimal(len(text)),
    "lower": lambda text: text.lower(),
    "upper": lambda text: text.upper(),
    "left": lambda text, count: text[: int(count)],
    "right": lambda text, count: text[len(text) - min(int(count), len(text)) :],
    "matches": lambda text, pattern: re.fullmatch(pattern, text) is not None,
    "seconds": _seconds,
    "days": lambda spent: ROUNDED.divide(_seconds(spent), Decimal(SECONDS_A_DAY)),
    "abs": lambda number: number.copy_abs(),
}
