"""Expressions over records: three-valued logic, exact numbers, dates, texts."""

from __future__ import annotations

from itertools import product

import pytest

from tests.expressions.support import ask, one

WORTH: dict[str, bool | None] = {"true": True, "FALSE": False, "": None}


def test_truth_tables_are_sqls() -> None:
    pairs = list(product(WORTH, WORTH))
    b, c = [first for first, _ in pairs], [second for _, second in pairs]
    worth = [(WORTH[first], WORTH[second]) for first, second in pairs]
    both = [False if False in pair else (None if None in pair else True) for pair in worth]
    either = [True if True in pair else (None if None in pair else False) for pair in worth]
    assert ask("b and c", b=b, c=c) == both
    assert ask("b or c", b=b, c=c) == either
    assert ask("not b", b=b, c=c) == [None if a is None else not a for a, _ in worth]


UNKNOWN = ["i == 1", "i != 1", "i + 1 > i", "i in [1]", "i not in [1]", "1 < i < 0 * i", "length(i) == 1", "-i < 1",
           "abs(i) == 1", "i == i", "1 / i == 1", "coalesce(i, j) == 1", "lower(i) == 'a'", "matches(i, '.*')"]  # fmt: skip


@pytest.mark.parametrize("text", UNKNOWN)
@pytest.mark.parametrize("value", ["", " \u2003", "one", "1.5"])
def test_what_is_empty_or_broke_its_type_is_unknown(text: str, value: str) -> None:
    assert one(text, i=value) is None


def test_a_chain_is_false_as_soon_as_one_link_is() -> None:
    assert ask("0 < i < j", i=["1", "0", "0", "1", ""], j=["2", "2", "", "", "2"]) == [
        True, False, False, None, None,
    ]  # fmt: skip


def test_empty_is_never_unknown_and_coalesce_takes_the_first_known() -> None:
    assert ask("empty(i)", i=["", " ", "one", "1"]) == [True, True, False, False]
    assert ask("coalesce(i, j, 7) == 7", i=["", "1", "x", "7"], j=["", "7", "7", "1"]) == [
        True,
        False,
        True,
        True,
    ]
    assert ask("coalesce(t, u) == 'b'", t=["", "a", ""], u=["b", "b", ""]) == [True, False, None]
    assert ask("coalesce(day, '2025-01-01') == '2025-01-01'", day=["", "soon", "2025-01-02"]) == [
        True,
        True,
        False,
    ]


EXACT = {
    "x + 0.2 == 0.3": {"x": "0.1"},
    "x * 100 == 29": {"x": "0.29"},
    "x / 10 == 0.029": {"x": "0.29"},
    "x == 1": {"x": "1.000"},
    "i + 1 == 9223372036854775808": {"i": "9223372036854775807"},
    "i * i == 85070591730234615847396907784232501249": {"i": "9223372036854775807"},
    "i - 1 == 99999999999999999999999999999999999999999999999999999999999999999999": {"i": "1" + "0" * 68},
    "x > -1.23456789012345678901234567890123456789": {"x": "-1.23456789012345678901234567890123456788"},
    "x < 1e999999998": {"x": "-1e999999999"},
    "x * x == 0": {"x": "0.000000000"},
    "x * x * x * x <= 0": {"x": "-0.000000000"},
    "x < 10000000000": {"x": "9999999999.9"},
    "x in [0.10, 2]": {"x": "0.1"},
    "abs(-x) == x": {"x": "1e40"},
}


@pytest.mark.parametrize("text", EXACT)
def test_numbers_are_exact(text: str) -> None:
    assert one(text, **EXACT[text]) is True
    assert one(f"not ({text})", **EXACT[text]) is False


def test_division_by_zero_is_unknown() -> None:
    assert ask("i / j == 2", i=["4", "4", "4"], j=["2", "0", "3"]) == [True, None, False]


TIMES: list[tuple[str, dict[str, str], bool]] = [
    ("day - '2025-02-28' == '24:00:00'", {"day": "2025-03-01"}, True),
    ("days(day - '2024-02-28') == 2", {"day": "2024-03-01"}, True),
    ("weekday(day) == 0", {"day": "1970-01-05"}, True),
    ("weekday(day) == 2", {"day": "1969-12-31"}, True),
    ("weekday(day) == 0", {"day": "0001-01-01"}, True),
    ("weekday(moment) == 6", {"moment": "1969-12-28 23:59:59"}, True),
    ("weekday(day + long) == 5", {"day": "2025-01-03", "long": "25:00:00"}, True),
    ("day + '24:00:00' == '2025-01-01 00:00:00'", {"day": "2024-12-31"}, True),
    ("moment + long == '2025-01-01 00:00:00'", {"moment": "2024-12-31 23:59:59", "long": "0:00:01"}, True),
    ("moment - long < '2025-01-01'", {"moment": "2025-01-01 00:00:00", "long": "0:00:01"}, True),
    ("days(moment - '2025-01-01 12:00:00') == 0.5", {"moment": "2025-01-02 00:00:00"}, True),
    ("moment == '2025-01-01T02:00:00+02:00'", {"moment": "2025-01-01 00:00:00"}, True),
    ("seconds(at - '23:59:59') == -86399", {"at": "00:00:00"}, True),
    ("abs(at - '23:59:59') == '23:59:59'", {"at": "00:00:00"}, True),
    ("seconds(at) == 3661", {"at": "01:01:01"}, True),
    ("seconds(long) == 360001", {"long": "100:00:01"}, True),
    ("days(long) == 0.25", {"long": "6:00:00"}, True),
    ("'08:00:00' <= at < '09:00:00'", {"at": "09:00:00"}, False),
    ("at in ['08:00:00', '09:00']", {"at": "09:00:00"}, True),
    ("long + more >= long", {"long": "2500000000:00:00", "more": "2500000000:00:00"}, True),
    ("long + more > '1:00:00'", {"long": "2500000000:00:00", "more": "2500000000:00:00"}, True),
    ("-long - more < '0:00:00'", {"long": "2500000000:00:00", "more": "2500000000:00:00"}, True),
]


@pytest.mark.parametrize(("text", "values", "wanted"), TIMES)
def test_dates_times_and_durations(text: str, values: dict[str, str], wanted: bool) -> None:  # noqa: FBT001
    assert one(text, **values) is wanted


TEXTS = {
    "t + u == 'ab'": {"t": "a", "u": "b"},
    "length(t) == 2": {"t": "é😀"},
    "left(t, 1) == 'é'": {"t": "é😀"},
    "right(t, 1) == '😀'": {"t": "é😀"},
    "right(t, 0) == '' and left(t, 0) == ''": {"t": "ab"},
    "left(t, 99) == t and right(t, 99) == t": {"t": "ab"},
    "left(t, 1e30) == t and right(t, 1e999999) == t": {"t": "ab"},
    "'Z' < t": {"t": "a"},
    "t < '😀'": {"t": "\uffff"},
    "lower(t) == 'é'": {"t": "É"},
    "upper(t) == 'É'": {"t": "é"},
    "g == '007' and g != '7'": {"g": "007"},
    "matches(g, '[0-9]{3}')": {"g": "007"},
    "not matches(t, 'a|b')": {"t": "ab"},
    "not matches(t, 'a')": {"t": "a\n"},
    "length(i) == 4 and left(i, 1) == '+'": {"i": "+007"},
    "left(day, 4) == '2025'": {"day": "2025-01-31"},
    "upper(b) == 'TRUE'": {"b": "true"},
    "t == ' a '": {"t": " a "},
    "t in ['x', 'a']": {"t": "a"},
}


@pytest.mark.parametrize("text", TEXTS)
def test_texts(text: str) -> None:
    assert one(text, **TEXTS[text]) is True


def test_an_expression_without_columns_answers_for_every_record_and_for_none() -> None:
    assert ask("1 < 2", i=["1", "2", "3"]) == [True, True, True]
    assert ask("'a' == 'b'", i=["1"]) == [False]
    assert (
        ask("i < 2 and t in ['a'] and x * x / 2 < 1 and day - day < '0:00:01' and right(t, 1) == 'a'", i=[])
        == []
    )
