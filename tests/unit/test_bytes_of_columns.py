"""Looks at the bytes of whole columns give what a look at each value gives."""

from __future__ import annotations

import re
import string

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter_etl.rules.chunk_columns import blank_values
from callcenter_etl.rules.fixed_patterns import character_ranges, match_ranges
from callcenter_etl.rules.text_bytes import digits_only

VALUES = st.lists(
    st.one_of(
        st.text(max_size=6),
        st.text(string.digits, max_size=6),
        st.text("A09z -_.é٣\n", max_size=6),
    ),
    max_size=60,
)
ATOMS = st.sampled_from(
    ["A", "[0-9]", "[A-Z]", "[A-Za-z0-9]", "[a-f_]", r"\d", "-", "_", r"\.", "9", " ", "[A-Z ]", ":", "/"]
)
PATTERNS = st.lists(
    st.builds(lambda atom, count: atom + count, ATOMS, st.sampled_from(["", "{1}", "{2}", "{3}", "{0}"])),
    min_size=1,
    max_size=5,
).map("".join)


def column(values: list[str]) -> pa.StringArray:
    """Give the values as part of a longer column, so that nothing starts at the buffer's start."""
    return pa.array(["before", *values, "after"], pa.string()).slice(1, len(values))


@given(VALUES)
def test_digits_are_found_as_value_by_value(values: list[str]) -> None:
    assert digits_only(column(values)).tolist() == [bool(re.fullmatch("[0-9]+", v)) for v in values]


@given(VALUES)
def test_blank_values_are_found_as_value_by_value(values: list[str]) -> None:
    assert blank_values(column(values), ("", "A0")).tolist() == [
        v == "A0" or not pc.utf8_trim_whitespace(v).as_py() for v in values
    ]


@given(PATTERNS, st.data())
def test_places_match_what_re2_matches(pattern: str, data: st.DataObject) -> None:
    places = character_ranges(pattern)
    near = st.lists(st.from_regex(rf"\A(?:{pattern})\Z", fullmatch=False), max_size=20)
    values = [*data.draw(VALUES), *data.draw(near)]
    expected = pc.match_substring_regex(column(values), pattern=rf"\A(?:{pattern})\z").to_pylist()
    if places is None:
        assert not re.sub(r".\{0\}|\[[^]]*\]\{0\}|\\.\{0\}", "", pattern)  # it matches nothing but ""
    else:
        assert match_ranges(column(values), places).tolist() == expected


@pytest.mark.parametrize(
    "pattern",
    ["A+", "A?", "a|b", "(ab)", ".", "[^0-9]", r"\w", r"\pL", "é", "[é]", "A{2,}", "A{1,2}", "^A", "A$", r"\x41",
     "[[:alpha:]]", "[0-9]{65}", "(?i)a", "", r"[\d]", "[a-]", "A{2}{3}", "[z-a]", r"\Aa", r"\Qa"],
)  # fmt: skip
def test_what_is_not_plainly_of_one_length_is_left_to_re2(pattern: str) -> None:
    assert character_ranges(pattern) is None


@pytest.mark.parametrize("pattern", ["A[0-9]{4}", r"\d{3}-\d{4}", "[A-Z]{2}[0-9]{6}", r"call_[0-9]{6}\.csv"])
def test_codes_are_read_by_place(pattern: str) -> None:
    assert character_ranges(pattern) is not None
