"""The evaluator of whole columns against one that takes a record at a time."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.expressions.support import ask

Row = dict[str, str]


@dataclass(frozen=True)
class Case:
    """An expression as text, and as a function of a record; None is unknown."""

    text: str
    of: Callable[[Row], Any]


def lift(operation: Callable[..., Any], *cases: Case) -> Callable[[Row], Any]:
    """Unknown operands make an unknown result."""

    def of(row: Row) -> Any:
        values = [case.of(row) for case in cases]
        return None if None in values else operation(*values)

    return of


def number_of(name: str) -> Callable[[Row], Fraction | None]:
    return lambda row: Fraction(row[name]) if re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", row[name]) else None


def word_of(name: str) -> Callable[[Row], str | None]:
    return lambda row: row[name] if row[name].strip() else None


def negative(case: Case) -> Case:
    return Case(f"-({case.text})", lift(operator.neg, case))


COLUMNS = [Case(name, number_of(name)) for name in ("x", "y")]
WORDS = [Case(name, word_of(name)) for name in ("t", "u")]


def literal(text: str) -> Case:
    value = Fraction(text)
    return Case(text, lambda row: value)


def quoted(text: str) -> Case:
    return Case(f"'{text}'", lambda row: text)


def infix(symbol: str, operation: Callable[..., Any], left: Case, right: Case) -> Case:
    return Case(f"({left.text} {symbol} {right.text})", lift(operation, left, right))


def call(name: str, operation: Callable[..., Any], case: Case) -> Case:
    return Case(f"{name}({case.text})", lift(operation, case))


def coalesced(left: Case, right: Case) -> Case:
    def of(row: Row) -> Any:
        first = left.of(row)
        return right.of(row) if first is None else first

    return Case(f"coalesce({left.text}, {right.text})", of)


def both(left: Case, right: Case) -> Case:
    def of(row: Row) -> bool | None:
        values = (left.of(row), right.of(row))
        return False if False in values else (None if None in values else True)

    return Case(f"({left.text} and {right.text})", of)


def either(left: Case, right: Case) -> Case:
    def of(row: Row) -> bool | None:
        values = (left.of(row), right.of(row))
        return True if True in values else (None if None in values else False)

    return Case(f"({left.text} or {right.text})", of)


def within(case: Case, others: list[Case]) -> Case:
    listed = ", ".join(other.text for other in others)
    return Case(
        f"({case.text} in [{listed}])", lift(lambda value: value in [other.of({}) for other in others], case)
    )


ARITHMETIC = {"+": operator.add, "-": operator.sub, "*": operator.mul}
COMPARISONS = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
LITERALS = st.sampled_from(["0", "1", "0.1", "2.50", "10000000000", "9223372036854775807"]).map(literal)
STRINGS = st.text(alphabet="aBé😀", max_size=3).map(quoted)
NUMBERS = st.recursive(
    st.sampled_from(COLUMNS) | LITERALS,
    lambda inner: st.one_of(
        st.builds(
            lambda pair, a, b: infix(pair[0], pair[1], a, b),
            st.sampled_from(list(ARITHMETIC.items())),
            inner,
            inner,
        ),
        st.builds(negative, inner),
        st.builds(lambda case: call("abs", abs, case), inner),
        st.builds(coalesced, inner, inner),
    ),
    max_leaves=3,  # so that no product passes the 60 digits to which products are exact
)
STRINGY = st.recursive(
    st.sampled_from(WORDS) | STRINGS,
    lambda inner: st.one_of(
        st.builds(lambda a, b: infix("+", operator.add, a, b), inner, inner),
        st.builds(lambda case: call("lower", str.lower, case), inner),
        st.builds(lambda case: call("upper", str.upper, case), inner),
        st.builds(
            lambda case, n: Case(f"left({case.text}, {n})", lift(lambda v: v[:n], case)),
            inner,
            st.integers(0, 3),
        ),
        st.builds(
            lambda case, n: Case(f"right({case.text}, {n})", lift(lambda v: v[max(0, len(v) - n) :], case)),
            inner,
            st.integers(0, 3),
        ),
        st.builds(coalesced, inner, inner),
    ),
    max_leaves=4,
)
LENGTHS = st.builds(lambda case: call("length", lambda v: Fraction(len(v)), case), STRINGY)
COMPARED = st.builds(
    lambda pair, sides: infix(pair[0], pair[1], sides[0], sides[1]),
    st.sampled_from(list(COMPARISONS.items())),
    st.tuples(NUMBERS | LENGTHS, NUMBERS) | st.tuples(STRINGY, STRINGY),
)
LISTED = st.builds(within, NUMBERS, st.lists(LITERALS, min_size=1, max_size=3)) | st.builds(
    within, STRINGY, st.lists(STRINGS, min_size=1, max_size=3)
)
EQUALITIES = {"==": operator.eq, "!=": operator.ne}
CONDITIONS = st.recursive(
    COMPARED | LISTED,
    lambda inner: st.one_of(
        st.builds(
            lambda pair, a, b: infix(pair[0], pair[1], a, b),
            st.sampled_from(list(EQUALITIES.items())),
            inner,
            inner,
        ),
        st.builds(both, inner, inner),
        st.builds(either, inner, inner),
        st.builds(lambda case: Case(f"(not ({case.text}))", lift(operator.not_, case)), inner),
    ),
    max_leaves=4,
)
VALUES = st.sampled_from(
    ["", " ", "x", "0", "-0.0", "1", "+2", "0.1", "-2.5", "999999999999999999", "1" + "0" * 25]
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {"x": VALUES, "y": VALUES, "t": st.text("aBé😀 ", max_size=3), "u": st.text("aB", max_size=3)}
    ),
    min_size=1,
    max_size=5,
)


@given(CONDITIONS, ROWS)
def test_columns_and_records_agree(case: Case, rows: list[Row]) -> None:
    columns = {name: [row[name] for row in rows] for name in ("x", "y", "t", "u")}
    assert ask(case.text, **columns) == [case.of(row) for row in rows]
