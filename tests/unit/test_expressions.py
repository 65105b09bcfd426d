"""Expressions: three-valued logic, exact numbers, dates, and faults at their place."""

from __future__ import annotations

import pandas as pd
import pytest

from callcenter_etl import load_contract
from callcenter_etl.contract.expressions import ExpressionFaults, compile_expression

TYPES = {"t": "text", "d": "digits", "i": "integer", "x": "decimal", "b": "boolean"}
TYPES |= {"day": "date", "at": "time", "when at": "datetime", "long": "duration"}
ROW = {"t": "Ab", "d": "007", "i": "-5", "x": "0.1", "b": "true", "day": "2025-03-01", "at": "23:59:59"}
ROW |= {"when at": "2025-03-01 00:00:00", "long": "25:00:00"}


def breaks(check: str, when: str | None = None, **values: str) -> bool:
    rule = {"name": "r", "check": check} | ({} if when is None else {"when": when})
    contract = load_contract(
        {"contract": "c", "columns": [{"name": n, "type": k} for n, k in TYPES.items()], "rules": [rule]}
    )
    _, rejected = contract.split(pd.DataFrame([{**ROW, **values}], dtype=str))
    return any("r" in rules.split("; ") for rules in rejected["reject_rules"])


HOLDS = [
    "x + 0.2 == 0.3", "x * 3 == 0.3", "i < 0 < x", "-i == 5 and abs(i) == 5", "i / 2 == -2.5",
    "i in [1, -5]", "i not in [1, 2]", "d == '007'", "t + d == 'Ab007'", "lower(t) == 'ab' and upper(t) == 'AB'",
    "left(t, 1) == 'A' and right(t, 1) == 'b' and right(t, 0) == ''", "length(d) == 3", "matches(d, '[0-9]+')",
    "not matches(d, '[0-9]')", "b", "not not b", "day >= '2025-02-28'", "weekday(day) == 5",
    "seconds(at - '23:00:00') == 3599", "days(day - '2025-02-27') == 2", "seconds(at) == 86399",
    "`when at` == '2025-03-01T00:00:00Z'", "days(`when at` - '2025-02-28 12:00:00') == 0.5",
    "long > '24:59:59' and seconds(long) == 90000", "not empty(t)", "coalesce(i, 1) == -5",
    "left(day, 4) == '2025'", "t in ['Ab', \"x\"]", "1 < 2 or i > 0", "i * i * i * i == 625",
]  # fmt: skip


@pytest.mark.parametrize("check", HOLDS)
def test_what_holds_breaks_nothing_and_its_opposite_is_broken(check: str) -> None:
    assert not breaks(check)
    assert breaks(f"not ({check})")


UNKNOWN = [
    "i == 5",
    "i + 1 > 0",
    "not (i == 5)",
    "i in [1]",
    "i == 1 or i == 2",
    "b and i == 1",
    "x / 0 == 1",
]


@pytest.mark.parametrize("check", UNKNOWN)
@pytest.mark.parametrize("value", ["", "  ", "five"])
def test_unknown_is_never_broken(check: str, value: str) -> None:
    assert not breaks(check, i=value)


def test_a_false_part_decides_although_the_other_is_unknown() -> None:
    assert breaks("i == 5 and 1 > 2", i="")
    assert breaks("not (i == 5 or 2 > 1)", i="")
    assert breaks("coalesce(i, 1) == 2", i="five")
    assert not breaks("empty(i)", i=" ")
    assert breaks("empty(i)", i="five")


def test_a_condition_that_is_unknown_or_false_asks_nothing() -> None:
    assert breaks("1 > 2", when="i == -5")
    assert not breaks("1 > 2", when="i == 5")
    assert not breaks("1 > 2", when="i == 5", i="")


def test_numbers_are_exact_beyond_64_bits_and_bounded_for_absurd_exponents() -> None:
    assert not breaks("i + 1 == 9007199254740994", i="9007199254740993")
    assert not breaks("i > 99999999999999999999999999999998", i="99999999999999999999999999999999")
    assert not breaks("x < 1 or x > 1e5", x="1e999999999999999999999")
    assert not breaks("x - x != 1", x="1e999999999999999999999")


FAULTS = {
    "t == 5": (2, "a text cannot be compared with a number"),
    "tt == 'a'": (0, "unknown column 'tt'"),
    "lenght(t) == 2": (0, "did you mean 'length'?"),
    "t = 'a'": (2, "compare with =="),
    "day > 'soon'": (6, "'soon' is no date (write it as '2025-01-31')"),
    "i": (0, "a condition such as a comparison is expected"),
    "i > ": (4, "a value expected"),
    "(i > 1": (6, "')' expected"),
    "t.upper() == 'A'": (1, "unexpected '.'"),
    "__import__('os') == 1": (0, "unknown function '__import__'"),
    "i > 'a": (4, "an unclosed quote"),
    "empty(t + t)": (0, "empty takes a column"),
    "matches(t, '(')": (11, "does not work"),
    "i in [t]": (6, "numbers and strings only"),
    "day - at > '1:00:00'": (4, "- does not go with a date and a time"),
    "(" * 200 + "b" + ")" * 200: (100, "nested more than 100 levels deep"),
}


@pytest.mark.parametrize("text", FAULTS, ids=lambda text: text[:20])
def test_faults_name_their_place_and_the_remedy(text: str) -> None:
    with pytest.raises(ExpressionFaults) as caught:
        compile_expression(text, TYPES)
    offset, message = FAULTS[text]
    assert [(fault.offset, message in fault.message) for fault in caught.value.faults] == [(offset, True)]
