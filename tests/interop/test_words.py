"""Patterns and formats of other tools mean the same here."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from callcenter_etl.tools.convert.java_formats import (
    NoCounterpartError,
    from_java,
    from_python,
    kind_of_java,
    to_java,
    to_python,
)
from callcenter_etl.tools.convert.pattern_anchors import anchored, whole
from callcenter_etl.tools.convert.pipeline_columns import strptime_of

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
    assert (to_java([strptime]), from_java(java)[0], kind_of_java(java)) == (java, strptime, kind)
    assert to_java(from_java(java)) == java


@pytest.mark.parametrize(
    ("java", "formats"),
    [
        ("yyyy-MM-ddTHH:mm:ssZ", ("%Y-%m-%dT%H:%M:%S%z",)),  # as the standard's own pages write it
        ("YYYY-MM-DDTHH:mm:ss.SSSZ", ("%Y-%m-%dT%H:%M:%S.%f%z",)),
        ("yyyy-MM-dd'T'HH:mm:ss'Z'", ("%Y-%m-%dT%H:%M:%SZ",)),
        ("HH:mmX", ("%H:%M%z",)),
        ("HH:mmXXXXX", ("%H:%M%z",)),
        ("d.MM.yy", ("%-d.%m.%y", "%d.%m.%y")),
        ("HH:mm[:ss[.SSS]]", ("%H:%M:%S.%f", "%H:%M:%S", "%H:%M")),
        ("dd LLL uuuu", ("%d %b %Y",)),
        ("eeee", ("%A",)),
        ("hh:mm:ss a", ("%I:%M:%S %p",)),
        ("''yy''", ("'%y'",)),
    ],
)
def test_java_s_letters_are_read(java: str, formats: tuple[str, ...]) -> None:
    assert from_java(java) == formats


@pytest.mark.parametrize(
    ("java", "reason"),
    [
        ("yyyy-QQ", "'QQ' is a quarter"),
        ("VV", "'VV' is a time zone by name"),
        ("ss.SSSSSSSSS", "'SSSSSSSSS' is a fraction of more than 6 digits"),
        ("KK:mm a", "'KK' is an hour from 0 to 11"),
        ("yyyy-DDD", "'DDD' is a day of the year"),
        ("HH:mmZZZZ", "'ZZZZ' is an offset with seconds or by name"),
        ("'open", '"\'" is no letter or literal of it'),
        ("dd]", "']' closes no section"),
        ("dd#", "'#' is no letter or literal of it"),
        ("yyyyR", "'R' is no letter of DateTimeFormatter (a literal is put in quotes)"),
        ("[d][M][H][h][m][s]", "it takes more than 64 forms"),
    ],
)
def test_a_format_without_a_counterpart_has_its_reason(java: str, reason: str) -> None:
    with pytest.raises(NoCounterpartError) as caught:
        from_java(java)
    assert str(caught.value) == reason


def test_a_format_of_python_takes_days_without_a_zero() -> None:
    loose = ("%d/%m/%Y", "%d/%-m/%Y", "%-d/%m/%Y", "%-d/%-m/%Y")
    assert from_python("%d/%m/%Y") == loose
    assert from_python("%Y%m%d") == ("%Y%m%d",)
    assert (to_python(loose), to_python(["%d/%m/%Y"]), to_python(loose[1:])) == (loose[0], loose[0], None)


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
