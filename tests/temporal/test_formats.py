"""Claims about single formats and values, with figures worked out by hand or by the standard library."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from callcenter_etl.contract.datetime_formats import (
    FormatFault,
    compile_format,
    describe_format,
    parse_iso,
    parse_value,
)
from callcenter_etl.contract.duration_formats import parse_duration

SECOND = 1_000_000
DAY = 86_400 * SECOND


def moment(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * SECOND  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("kind", "fmt", "value", "expected"),
    [
        ("time", "%H:%M:%S", "00:00:00", 0),
        ("time", "%H:%M:%S", "23:59:59", DAY - SECOND),
        ("time", "%I:%M %p", "12:00 AM", 0),
        ("time", "%I:%M %p", "12:30 pm", 45_000 * SECOND),
        ("time", "%-I%p", "9PM", 21 * 3600 * SECOND),
        ("time", "%H:%M:%S.%f", "00:00:01.5", 1_500_000),
        ("time", "%H:%M:%S.%f", "00:00:00.000001", 1),
        ("time", "%-H:%M", "0:00", 0),
        ("date", "%Y-%m-%d", "1970-01-01", 0),
        ("date", "%Y-%m-%d", "0001-01-01", -719_162 * DAY),
        ("date", "%Y-%m-%d", "9999-12-31", 2_932_896 * DAY),
        ("date", "%d/%m/%y", "31/12/69", -1 * DAY),
        ("date", "%d/%m/%y", "01/01/68", moment(2068, 1, 1)),
        ("date", "%a %d %b %Y", "WED 01 jan 2025", moment(2025, 1, 1)),
        ("date", "%A, %-d %B %Y", "thursday, 29 FEBRUARY 2024", moment(2024, 2, 29)),
        ("datetime", "%Y-%m-%d %H:%M%z", "2025-01-01 00:30+05:30", moment(2024, 12, 31, 19, 0)),
        ("datetime", "%Y-%m-%d %H:%M%z", "2025-01-01 00:30-0800", moment(2025, 1, 1, 8, 30)),
        ("datetime", "%Y-%m-%d %H:%M%z", "2025-01-01 00:30Z", moment(2025, 1, 1, 0, 30)),
        ("datetime", "%Y-%m-%d %H:%M%z", "2025-01-01 00:30+00", moment(2025, 1, 1, 0, 30)),
        ("datetime", "%Y-%m-%d %H:%M%z", "2025-01-01 00:30-05", moment(2025, 1, 1, 5, 30)),
        ("datetime", "%H:%M%z %d.%m.%Y", "00:30+14 01.01.2025", moment(2024, 12, 31, 10, 30)),
        ("time", "%H%z", "09+02", 7 * 3600 * SECOND),
        ("time", "100%% %H", "100% 07", 7 * 3600 * SECOND),
        ("time", "\\z%H.", "\\z07.", 7 * 3600 * SECOND),
    ],
)
def test_a_value_is_read_as_its_instant(kind: str, fmt: str, value: str, expected: int) -> None:
    assert parse_value(kind, value, (fmt,)) == expected


@pytest.mark.parametrize(
    ("kind", "fmt", "value"),
    [
        ("time", "%H:%M:%S", "9:00:00"),
        ("time", "%H:%M:%S", "24:00:00"),
        ("time", "%H:%M:%S", "23:60:00"),
        ("time", "%H:%M:%S", "23:59:60"),
        ("time", "%H:%M:%S", "09:00:00\n"),
        ("time", "%H:%M:%S", " 09:00:00"),
        ("time", "%H:%M:%S", "٠٩:٠٠:٠٠"),
        ("time", "%H:%M:%S", ""),
        ("time", "%-H:%M", "09:00"),
        ("time", "%-H:%M", "9:00\n"),
        ("time", "%I:%M %p", "00:30 AM"),
        ("time", "%I:%M %p", "13:30 PM"),
        ("time", "%H.%f", "09.1234567890"),
        ("time", "%H%z", "09z"),
        ("time", "%H%z", "09+2"),
        ("time", "%H%z", "09+24"),
        ("time", "%H%z", "09+02:"),
        ("time", "%H%z", "09+023"),
        ("time", "%H%z", "09+02:60"),
        ("time", "\\z%H", "\\Z07"),
        ("date", "%Y-%m-%d", "2025-02-30"),
        ("date", "%Y-%m-%d", "2025-02-29"),
        ("date", "%Y-%m-%d", "1900-02-29"),
        ("date", "%Y-%m-%d", "0000-01-01"),
        ("date", "%Y-%m-%d", "2025-1-5"),
        ("date", "%Y-%m-%d", "2025-00-10"),
        ("date", "%a %Y-%m-%d", "Tue 2025-01-01"),
        ("date", "%A %Y-%m-%d", "Wedneſday 2025-01-01"),
        ("date", "%-d %B %Y", "3 Auguſt 2025"),
    ],
)
def test_what_is_no_real_date_or_time_is_not_read(kind: str, fmt: str, value: str) -> None:
    assert parse_value(kind, value, (fmt,)) is None


def test_the_first_format_that_accepts_wins() -> None:
    assert parse_value("date", "02/03/2025", ("%d/%m/%Y", "%m/%d/%Y")) == moment(2025, 3, 2)
    assert parse_value("date", "02/30/2025", ("%d/%m/%Y", "%m/%d/%Y")) is None
    assert parse_value("date", "02/13/2025", ("%d/%m/%Y", "%m/%d/%Y")) == moment(2025, 2, 13)


@pytest.mark.parametrize(
    ("fmt", "kind", "words"),
    [
        ("%Y-%m-%d %Q", "date", "unknown directive '%Q'.*allowed: .*%Y.*%%"),
        ("%H:%", "time", "unknown directive '%'"),
        ("%H %Q %J", "time", "'%Q'.*; .*'%J'"),
        ("%H:%-H", "time", "hour twice"),
        ("%Y-%m", "date", "needs a year, a month and a day"),
        ("%d %b", "date", "needs a year, a month and a day"),
        ("%M:%S", "time", "needs an hour"),
        ("%Y-%m-%d", "datetime", "needs an hour"),
        ("%H:%M", "datetime", "needs a year, a month and a day"),
        ("%H %d", "time", "parts of a date"),
        ("%H %a", "time", "parts of a date"),
        ("%Y-%m-%d %H", "date", "parts of a time"),
        ("%Y-%m-%d%z", "date", "parts of a time"),
        ("%I:%M", "time", "%I and %p together"),
        ("%H:%M %p", "time", "%I and %p together"),
        ("%H %I %p", "time", "in two ways"),
        ("%Y %y %m %d", "date", "in two ways"),
        ("%Y %m %b %d", "date", "in two ways"),
        ("%M %p", "date", "year, a month and a day.*; .*parts of a time.*; .*%I and %p"),
    ],
)
def test_a_format_that_makes_no_sense_is_refused_with_all_that_is_wrong(
    fmt: str, kind: str, words: str
) -> None:
    with pytest.raises(FormatFault, match=words):
        compile_format(fmt, kind)


@pytest.mark.parametrize("fmt", ["%H:%M", "%-H.%M|%S", "\\z%H$", "^%H (%M)*", "%H #%M~é"])
def test_one_pattern_serves_both_engines(fmt: str) -> None:
    compiled = compile_format(fmt, "time")
    right = "".join(
        {"%H": "07", "%-H": "7", "%M": "08", "%S": "09"}.get(piece.text, piece.text)
        for piece in compiled.pieces
    )
    values = [right, right + "\n", "\n" + right, right + "x", right.upper() + " "]
    by_python = [re.fullmatch(compiled.regex, value) is not None for value in values]
    by_re2 = pc.is_valid(pc.extract_regex(pa.array(values), pattern=compiled.regex)).to_pylist()
    assert by_python == by_re2 == [True, False, False, False, False]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("date", "2025-01-31", moment(2025, 1, 31)),
        ("date", "2025-01-31T00:00", None),
        ("time", "08:30", 30_600 * SECOND),
        ("time", "08:30:01.25", 30_601_250_000),
        ("time", "8:30", None),
        ("datetime", "2025-01-31", moment(2025, 1, 31)),
        ("datetime", "2025-01-31T08:30", moment(2025, 1, 31, 8, 30)),
        ("datetime", "2025-01-31 08:30:05.5", moment(2025, 1, 31, 8, 30, 5) + 500_000),
        ("datetime", "2025-01-31T08:30:05Z", moment(2025, 1, 31, 8, 30, 5)),
        ("datetime", "2025-01-31T08:30:05+05:30", moment(2025, 1, 31, 3, 0, 5)),
        ("datetime", "2025-02-30", None),
    ],
)
def test_iso_forms_are_read(kind: str, value: str, expected: int | None) -> None:
    assert parse_iso(kind, value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0:00:00", 0),
        ("26:01:02", 93_662 * SECOND),
        ("0026:01:02", 93_662 * SECOND),
        ("2500000000:00:00", 2_500_000_000 * 3600 * SECOND),
        ("2500000001:00:00", 2_500_000_000 * 3600 * SECOND),
        ("9" * 5000 + ":00:00", 2_500_000_000 * 3600 * SECOND),
        ("0" * 5000 + "1:00:00", 3600 * SECOND),
        ("1:60:00", None),
        ("1:00", None),
        (":00:00", None),
        ("-1:00:00", None),
        ("1:00:00\n", None),
        ("١:00:00", None),
    ],
)
def test_durations_may_pass_a_day_and_are_clipped(value: str, expected: int | None) -> None:
    assert parse_duration(value) == expected


@pytest.mark.parametrize(
    ("fmt", "human"),
    [
        ("%H:%M:%S", "HH:MM:SS"),
        ("%d/%m/%Y", "DD/MM/YYYY"),
        ("%-H:%M:%S", "H:MM:SS"),
        ("%-d %b %y", "D Mon YY"),
        ("%I:%M %p", "hh:MM AM/PM"),
        ("%H%%", "HH%"),
    ],
)
def test_a_format_is_described_as_people_write_it(fmt: str, human: str) -> None:
    assert describe_format(fmt) == human
