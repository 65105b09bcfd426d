"""Patterns and formats of other tools mean the same here."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from callcenter_etl.contract.interop.moments import from_java, kind_of_java, to_java
from callcenter_etl.contract.interop.patterns import anchored, whole
from callcenter_etl.contract.interop.pipeline_columns import strptime_of

PATTERNS = [
    "abc",
    "^abc$",
    "^abc",
    "abc$",
    "^a|b$",
    "(?:a|b)c",
    "^(?:a|b)$",
    r"a\$",
    "[$^]",
    "^[]|a]+$",
    r"a\\$",
    "^(a)(b)$",
    "^(?:a)|(?:b)$",
    "",
]
TEXTS = [
    "",
    "a",
    "b",
    "c",
    "abc",
    "xabc",
    "abcx",
    "ac",
    "xbcx",
    "a$",
    "$",
    "]",
    "|",
    "a\\",
    "ab",
    "xb",
    "ax",
    "b\n",
]


def found(pattern: str) -> list[bool]:
    """Tell which texts RE2 finds a pattern in."""
    answer: list[bool] = pc.match_substring_regex(pa.array(TEXTS), pattern=pattern).to_pylist()
    return answer


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_as_a_whole_matches_where_it_was_found(pattern: str) -> None:
    assert found(rf"\A(?:{whole(pattern)})\z") == found(pattern)
    assert found(rf"\A(?:{whole(pattern, from_start=True)})\z") == found(rf"\A(?:{pattern})")


@pytest.mark.parametrize("pattern", PATTERNS)
def test_an_anchored_pattern_comes_back(pattern: str) -> None:
    assert whole(anchored(pattern)) == pattern


@pytest.mark.parametrize(
    ("strptime", "java", "kind"),
    [
        ("%Y-%m-%d", "yyyy-MM-dd", "date"),
        ("%-d/%-m/%y", "d/M/yy", "date"),
        ("%a %d %B %Y", "EEE dd MMMM yyyy", "date"),
        ("%H:%M:%S", "HH:mm:ss", "time"),
        ("%-I:%M %p", "h:mm a", "time"),
        ("%Y-%m-%dT%H:%M:%S.%f%z", "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX", "datetime"),
        ("%d o'clock %H%%", "dd' o''clock 'HH%", "datetime"),
    ],
)
def test_a_format_goes_there_and_back(strptime: str, java: str, kind: str) -> None:
    assert (to_java(strptime), from_java(java), kind_of_java(java)) == (java, strptime, kind)


@pytest.mark.parametrize("java", ["yyyy-QQ", "[yyyy]", "'open", "VV"])
def test_a_format_without_a_counterpart_is_none(java: str) -> None:
    assert from_java(java) is None


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("HH:MM:SS", "%H:%M:%S"),
        ("hh:mm", "%H:%M"),
        ("YYYY-MM-DD", "%Y-%m-%d"),
        ("DD/MM/YYYY HH:MM", "%d/%m/%Y %H:%M"),
        ("YYYY-MM-DDTHH:MM:SS", "%Y-%m-%dT%H:%M:%S"),
        ("%d.%m.%Y", "%d.%m.%Y"),
        ("ISO", None),
    ],
)
def test_a_format_as_people_write_it_is_read(text: str, form: str | None) -> None:
    assert strptime_of(text) == form
