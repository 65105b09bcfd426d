"""What goes with what, and what a fault says of the rest."""

from __future__ import annotations

import pytest

from tests.expressions.support import faults

TYPING = {
    "t == 5": (
        2,
        "a text cannot be compared with a number (declare the column 't' as type: integer or decimal",
    ),
    "g > 5": (2, "declare the column 'g' as type: integer or decimal, or put the number in quotes"),
    "t < i": (2, "declare the column 't' as type: integer or decimal)"),
    "t > day": (2, "declare the column 't' as type: date"),
    "i == '5'": (2, "a number stands without quotes"),
    "b == 'true'": (2, "a condition stands alone: write `x` or `not x`"),
    "b == True": (5, "unknown column 'True' (write the condition alone, without == true)"),
    "b < c": (2, "conditions have no order: compare them with == or !=, not <"),
    "b == (t > 'a') >= c": (15, "conditions have no order: compare them with == or !=, not >="),
    "b == t": (2, "a boolean cannot be compared with a text (a condition compares with conditions alone"),
    "t == 'a' == (u == 'b')": (9, "put each in parentheses"),
    "b != i": (2, "a boolean cannot be compared with a number"),
    "(t == 'a') in ['a']": (15, "a boolean is never in a list with a text"),
    "t in ['a', 5]": (11, "a text is never in a list with a number"),
    "i in ['a']": (6, "a number stands without quotes"),
    "day == 'soon'": (7, "'soon' is no date (write it as '2025-01-31')"),
    "day == '2025-02-30'": (7, "'2025-02-30' is no date"),
    "at < '25:00:00'": (5, "'25:00:00' is no time (write it as '08:30:00')"),
    "moment > 'now'": (9, "'now' is no datetime"),
    "at - '8:00' > '0:30:00'": (5, "'8:00' is no time"),
    "long > '90'": (7, "'90' is no duration (write it as '1:30:00')"),
    "day in ['2025-01-01', 'x']": (22, "'x' is no date"),
    "coalesce(day, 'x') == day": (14, "'x' is no date"),
    "day + day > day": (4, "+ does not go with a date and a date"),
    "day - at > '1:00:00'": (4, "- does not go with a date and a time"),
    "at + long > at": (3, "+ does not go with a time and a duration"),
    "long * 2 > long": (5, "* does not go with a duration and a number"),
    "t - u == ''": (2, "- does not go with a text and a text"),
    "t + i == ''": (2, "declare the column 't'"),
    "-t == 'a'": (0, "minus goes with numbers and durations, not with a text"),
    "-day == day": (0, "minus goes with numbers and durations"),
    "i": (0, "the expression gives a number, a condition such as a comparison is expected"),
    "'b'": (0, "the expression gives a text"),
    "not i": (4, "a condition is expected here, not a number"),
    "b and t": (6, "a condition is expected here, not a text"),
    "empty(t + t)": (0, "empty takes a column"),
    "empty('a')": (0, "empty takes a column"),
    "length(i + 1) == 1": (0, "length takes text, not a number"),
    "length() == 1": (0, "length takes 1 argument, not 0"),
    "left(t) == 'a'": (0, "left takes 2 arguments, not 1"),
    "coalesce() == 1": (0, "coalesce takes 1 or more arguments, not 0"),
    "left(t, i) == 'a'": (0, "left takes a whole number of characters"),
    "left(t, -1) == 'a'": (0, "left takes a whole number of characters"),
    "right(t, 1.5) == 'a'": (0, "right takes a whole number of characters"),
    "right(t, 1e-999999) == 'a'": (0, "right takes a whole number of characters"),
    "matches(t, u)": (0, "matches takes a pattern in quotes"),
    "matches(t, '(')": (11, "the pattern '(' does not work"),
    "matches(t, 'a)|(b')": (11, "the pattern 'a)|(b' does not work"),
    "matches(t, '(?=a)')": (11, "does not work"),
    "seconds(i) == 1": (0, "seconds takes a duration or a time, not a number"),
    "days(day) == 1": (0, "days takes a duration, not a date"),
    "weekday(at) == 1": (0, "weekday takes a date or a datetime, not a time"),
    "abs(t) == 1": (0, "abs takes a number or a duration, not a text"),
    "coalesce(i, 'x') == 1": (12, "coalesce takes values of one type, not a number and a text"),
    "tt == 'a'": (0, "unknown column 'tt'"),
    "momment > '2025-01-01'": (0, "did you mean 'moment'?"),
    "t == COMPLETED": (5, "(strings stand in quotes)"),
    "lenght(t) == 2": (0, "unknown function 'lenght' (did you mean 'length'?)"),
}


@pytest.mark.parametrize("text", TYPING)
def test_a_fault_of_type_has_its_offset_and_its_remedy(text: str) -> None:
    offset, message = TYPING[text]
    assert [(fault.offset, fault.message) for fault in faults(text) if message in fault.message] == [
        (fault.offset, fault.message) for fault in faults(text)
    ]
    assert [fault.offset for fault in faults(text)] == [offset]


def test_all_faults_of_type_are_told_at_once_and_once() -> None:
    found = faults("aa == 1 and foo(bb) and left(cc) == 'a' and t < 1 and day < 'x' < day")
    assert [fault.offset for fault in found] == [0, 16, 12, 29, 24, 46, 60]
    assert len(faults("zz < zz < zz")) == 3


SOUND = [
    "t + g == 'a'", "i + x > 1", "i < x", "length(i) == 2", "left(day, 4) == '2025'", "right(t, 1e30) == 'a'",
    "matches(i, '[0-9]+')", "day == '2025-01-31'", "'2025-01-31' < day <= '2025-02-28'",
    "day - '2025-01-01' > '24:00:00'", "day + '24:00:00' > moment", "day + long > moment",
    "moment - long < '2025-01-01 00:00:00'", "long + more - long > '0:00:01'", "-long < abs(more)",
    "seconds(at) < seconds(long)", "days(long) < 3", "weekday(day) in [5, 6]", "weekday(moment) == 0",
    "b == c", "b != (t == 'a')", "(t == 'a') == (not empty(u))", "b == c == (i > 1)", "not b == c", "coalesce(b, c) != c",
    "at in ['08:00:00', '09:00:00']", "coalesce(day, '2025-01-01') < '2025-02-01'", "coalesce(b, c)",
    "coalesce('a', t) == 'a'", "coalesce(i, x, 0) == 0", "b", "not empty(b)", "lower(upper(t) + u) == 'ab'",
]  # fmt: skip


@pytest.mark.parametrize("text", SOUND)
def test_what_goes_together(text: str) -> None:
    assert faults(text) == ()
