"""Whole columns are read exactly as their single values are."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from callcenter_etl.contract.datetime_formats import parse_value
from callcenter_etl.contract.duration_formats import parse_duration
from callcenter_etl.rules.duration_values import parse_durations
from callcenter_etl.rules.temporal_values import parse_temporal

FORMATS = {
    "date": [
        "%Y-%m-%d", "%d/%m/%Y", "%-d.%-m.%Y", "%y%m%d", "%-m%-d%Y", "%Y%-m%-d", "%d %b %Y", "%A, %-d %B %Y",
        "%a %Y-%m-%d", "%dé%m→%Y",
    ],
    "time": [
        "%H:%M:%S", "%-H:%M:%S", "%-H%-M%-S", "%I:%M %p", "%-I%p", "%H:%M:%S.%f", "%H%f", "%H:%M%z", "%H%%\\z$%M",
        "%-H%-M%-S.%f",
    ],
    "datetime": [
        "%Y-%m-%d %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%-m/%-d/%Y %-I:%-M:%-S %p", "%Y-%m-%dT%H:%M:%S.%f%z",
        "%a %b %-d %H:%M:%S %Y", "%B%-d%Y%-H%M",
    ],
}  # fmt: skip
# Without something between them, unpadded parts can be cut in two ways, of which the first counts.
AMBIGUOUS = {"%-m%-d%Y", "%Y%-m%-d", "%-H%-M%-S", "%-H%-M%-S.%f", "%B%-d%Y%-H%M"}
CASES = [(kind, fmt) for kind, formats in FORMATS.items() for fmt in formats]
DIRTY = [
    "", " ", "\n", "24:00:00", "23:59:60", "2025-02-30", "2025-02-29", "2024-02-29", "0000-01-01", "9:00:00",
    "٠٩:٠٠:٠٠", "09:00:00\n", "1900-02-29", "29/02/2100", "12:00 ﾡM", "Wedneſday, 1 January 2025", "0:0:0", "\x00",
]  # fmt: skip
SPLICES = ["", "0", "9", "/", ":", " ", "\n", "٣", "é", "ſ", "\u212a", "a", "P", "\x00", "-", "@", "`"]
OFFSETS = ["+05:30", "-0800", "Z", "+00", "-05", "+23:59"]
FEW = settings(max_examples=50, deadline=None)  # a format each: 26 times as many in all
MOMENTS = st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31))  # noqa: DTZ001


def written(moment: datetime, fmt: str, offset: str) -> str:
    """Write a moment in a format; the year always has four digits."""
    return moment.strftime(fmt.replace("%Y", f"{moment.year:04}").replace("%z", offset))


@st.composite
def values_of(draw: st.DrawFn, formats: list[str]) -> str:
    """Give a sound value, a damaged one, or one that is wrong in a known way."""
    if draw(st.integers(0, 5)) == 0:
        return draw(st.sampled_from(DIRTY))
    value = written(draw(MOMENTS), draw(st.sampled_from(formats)), draw(st.sampled_from(OFFSETS)))
    value = draw(st.sampled_from([value, value, value.lower(), value.upper()]))
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(value)))
        value = value[:at] + draw(st.sampled_from(SPLICES)) + value[at + draw(st.integers(0, 1)) :]
    return value


def sliced(values: list[str], before: int, after: int) -> pa.StringArray:
    padded = pa.array(["12:34:56"] * before + values + ["x"] * after, type=pa.string())
    return padded.slice(before, len(values))


@pytest.mark.parametrize(("kind", "fmt"), CASES)
@given(data=st.data())
@FEW
def test_a_column_is_read_as_its_values_are(kind: str, fmt: str, data: st.DataObject) -> None:
    values = data.draw(st.lists(values_of([fmt]), max_size=12))
    text = sliced(values, data.draw(st.integers(0, 3)), data.draw(st.integers(0, 3)))
    read = parse_temporal(text, kind=kind, formats=(fmt,))
    assert read.to_pylist() == [parse_value(kind, value, (fmt,)) for value in values]


@pytest.mark.parametrize("kind", list(FORMATS))
@given(data=st.data())
@FEW
def test_the_first_format_that_accepts_wins_in_a_column_too(kind: str, data: st.DataObject) -> None:
    formats = tuple(data.draw(st.lists(st.sampled_from(FORMATS[kind]), min_size=1, max_size=4, unique=True)))
    values = data.draw(st.lists(values_of(list(formats)), max_size=12))
    text = sliced(values, data.draw(st.integers(0, 3)), 1)
    read = parse_temporal(text, kind=kind, formats=formats)
    assert read.to_pylist() == [parse_value(kind, value, formats) for value in values]


@pytest.mark.parametrize(("kind", "fmt"), [case for case in CASES if case[1] not in AMBIGUOUS])
@given(moment=MOMENTS)
@FEW
def test_what_strftime_writes_is_read_back(kind: str, fmt: str, moment: datetime) -> None:
    if "%y" in fmt:
        moment = moment.replace(year=1969 + moment.year % 100, day=min(moment.day, 28))
    assert parse_temporal(pa.array([written(moment, fmt, "+05:30")]), kind=kind, formats=(fmt,))[0].is_valid


@given(
    st.lists(
        st.one_of(
            st.from_regex(r"\A[0-9]{0,12}:[0-6][0-9]:[0-6][0-9]\n?\Z"),
            st.sampled_from([*DIRTY, "9" * 5000 + ":00:00", "0" * 5000 + "1:00:00", "-1:00:00"]),
        ),
        max_size=12,
    ),
    st.integers(0, 3),
)
@example(["2500000000:59:59", "2500000001:00:00", "00000000000000000000002:00:00"], 1)
@settings(deadline=None)
def test_durations_of_a_column_are_read_as_its_values_are(values: list[str], before: int) -> None:
    read = parse_durations(sliced(values, before, 1))
    assert read.to_pylist() == [parse_duration(value) for value in values]
