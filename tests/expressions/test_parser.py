"""What stands in an expression, and where a fault of its syntax lies."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter_etl.contract.expressions import ExpressionFault, ExpressionFaults, compile_expression
from tests.expressions.support import TYPES, faults, one

SYNTAX = {
    "": (0, "the expression is empty"),
    "   ": (0, "the expression is empty"),
    "i ==": (4, "a value expected, found the end"),
    "i = 1": (2, "unexpected '=' (compare with ==)"),
    "(i = 1)": (3, "found '=' (compare with ==)"),
    "b AND c": (2, "unexpected 'AND' (write and)"),
    "b && c": (2, "unexpected '&' (write and)"),
    "!b": (0, "unexpected '!' (write not)"),
    "i == not b": (5, "a value expected, found 'not'"),
    "+i == 1": (0, "a value expected, found '+'"),
    "i in []": (6, "a value expected, found ']'"),
    "i in 1": (5, "'[' expected after 'in', found '1'"),
    "i in [1, j]": (9, "numbers and strings only"),
    "i in [1": (7, "']' expected at the end of the list, found the end"),
    "length(t == 1": (13, "')' expected to close length(, found the end"),
    "t == 'it''s'": (9, "(a quote inside a string is written \\')"),
    't == "open': (5, "an unclosed quote"),
    "t == `open": (5, "an unclosed quote"),
    "t.x == 1": (1, "unexpected '.'"),
    "b c": (2, "unexpected 'c'"),
    "i == 1e99999999999999999999": (5, "beyond all numbers"),
    "t == '\ud800'": (6, "half of a surrogate pair"),
    "b" + " " * 10_000: (0, "the expression has 10,001 characters, at most 10,000 are read"),
}


@pytest.mark.parametrize("text", SYNTAX, ids=lambda text: repr(text[:14]))
def test_a_fault_of_syntax_has_its_offset_and_its_remedy(text: str) -> None:
    offset, message = SYNTAX[text]
    assert [(fault.offset, message in fault.message) for fault in faults(text)] == [(offset, True)]


PRECEDENCE = {
    "i + 2 * 3 == 7": True,
    "(i + 2) * 3 == 9": True,
    "10 - 4 - 3 == 3": True,
    "24 / 4 / 2 == 3": True,
    "-i + 2 == 1": True,
    "- - i == 1": True,
    "2 * -i == -2": True,
    "not i == 2": True,
    "not i in [2, 3]": True,
    "i == 1 or i == 2 and i == 3": True,
    "(i == 1 or i == 2) and i == 3": False,
    "not i == 1 or i == 1": True,
    "not (i == 1 or i == 1)": False,
    "1 < 2 < 3": True,
    "1 < 3 < 2": False,
    "3 > i <= 1 != 2": True,
    "0 < i in [1]": True,
    "2 > i not in [1]": False,
}


@pytest.mark.parametrize("text", PRECEDENCE)
def test_precedence_is_pythons(text: str) -> None:
    assert one(text, i="1") is PRECEDENCE[text]


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        (r"'it\'s'", "it's"),
        (r'"say \"hi\""', 'say "hi"'),
        (r"'a\\b'", "a\\b"),
        (r"'a\nb\tc'", "a\nb\tc"),
        (r"'\d'", r"\d"),
        ('"it\'s"', "it's"),
        ("''", ""),
        ("'é😀'", "é😀"),
    ],
)
def test_escapes_in_strings(literal: str, value: str) -> None:
    assert one(f"t + 'x' == {literal} + 'x'", t=value or " ") is (True if value else None)
    assert one(f"t == {literal} + '!'", t=value + "!") is True


def test_backticks_name_any_column() -> None:
    expression = compile_expression("`two words` == `tick``ed` and `two words` == 'x' and `t` == 'x'", TYPES)
    assert expression.columns == ("two words", "tick`ed", "t")
    assert one("`two words` == 'x'", two_words="x") is True


def test_an_expression_survives_pickling() -> None:
    expression = compile_expression("i + 1 < j and matches(t, 'a') or day > '2025-01-01'", TYPES)
    assert pickle.loads(pickle.dumps(expression)) == expression  # noqa: S301  our own bytes
    error = ExpressionFaults((ExpressionFault(3, "no"),))
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  our own bytes
    assert (again.faults, str(again)) == (error.faults, "no")


def _within(frames: int, call: Callable[[], Any]) -> Any:
    return call() if frames == 0 else _within(frames - 1, call)


DEEP = {
    "parentheses": "(" * 99 + "b" + ")" * 99,
    "functions": "abs(" * 98 + "i" + ")" * 98 + " == 1",
    "nots": "not (" * 49 + "b" + ")" * 49,
    "conditions": "(b or b and not " * 24 + "b" + ")" * 24,
    "a sum": "i" + " + i" * 98 + " == 99",
}


@pytest.mark.parametrize("kind", DEEP)
def test_what_is_accepted_never_exhausts_the_stack(kind: str) -> None:
    def use() -> bool | None:
        expression = compile_expression(DEEP[kind], TYPES)
        assert pickle.loads(pickle.dumps(expression)) == expression  # noqa: S301  our own bytes
        return one(DEEP[kind], i="1", b="true")

    room = sys.getrecursionlimit() - 650
    assert _within(max(0, room - _frames()), use) in (True, False)


def _frames() -> int:
    frame, count = sys._getframe(), 0
    while frame.f_back is not None:
        frame, count = frame.f_back, count + 1
    return count


TOO_DEEP = {
    "(" * 4000 + "b" + ")" * 4000: "nested more than 100 levels deep",
    "i" + "+i" * 4000 + " == 1": "more than 100 operations",
    "(" * 60 + "i" + ("+i" * 50 + ")") * 60 + " == 1": "more than 100 operations",
    "-(" * 2000 + "i" + ")" * 2000 + " == 1": "nested more than 100 levels deep",
}


@pytest.mark.parametrize("text", TOO_DEEP, ids=lambda text: text[:6])
def test_what_is_too_deep_is_a_fault(text: str) -> None:
    assert [TOO_DEEP[text] in fault.message for fault in faults(text)] == [True]


def test_long_chains_of_words_and_signs_are_not_deep() -> None:
    assert faults("b" + " or b" * 1500 + " and b" * 100) == ()
    assert faults("not " * 1000 + "b") == ()
    assert one("-" * 1001 + "i == -1", i="1") is True


def test_nested_chains_cost_no_time() -> None:
    text = "i"
    for _ in range(45):
        text = f"(i < {text} < i)"
    found = faults(text)
    assert len(found) > 45
    assert all("cannot be compared" in fault.message for fault in found)


@given(st.text(alphabet="bit 1.'\"`()[],+-*/<>=!eE\\", max_size=40))
def test_no_text_does_more_than_fault(text: str) -> None:
    for fault in faults(text):
        assert 0 <= fault.offset <= len(text)
        assert fault.message
