"""Dates, times and durations of whole columns are those of one value at a time."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from callcenter_etl.contract.datetime_formats import describe_format, parse_value
from callcenter_etl.contract.duration_formats import parse_duration
from callcenter_etl.rules.duration_values import parse_durations
from callcenter_etl.rules.temporal_values import parse_temporal

VALUES = [
    "12:30:45", "24:00:00", "23:59:59", "23:59:60", "9:05:01", "09:05:01", "", "12:30:45\n", "\u0661\u0662:30:45",
    "2025-02-30", "2024-02-29", "2025-1-5", "0000-01-01", "9999-12-31", "2025-01-05 10:11:12",
    "2025-01-05T10:11:12Z", "01/02/2025 12:00:00 AM", "01/02/2025 12:00:00 pm", "Mon 5 January 2026",
    "Tue 5 January 2026", "5.1.69", "10:11:12.5+0130", "\u00e92:30:45", "1/2/22 3:04",
]  # fmt: skip
FORMATS = [
    ("time", ("%H:%M:%S",)),
    ("time", ("%H:%M:%S", "%-H:%M:%S")),
    ("date", ("%Y-%m-%d",)),
    ("datetime", ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z")),
    ("datetime", ("%m/%d/%Y %I:%M:%S %p",)),
    ("date", ("%a %-d %B %Y",)),
    ("date", ("%-d.%-m.%y",)),
    ("time", ("%H:%M:%S.%f%z",)),
    ("datetime", ("%-m/%-d/%y %-H:%M",)),
]


@pytest.mark.parametrize(("kind", "formats"), FORMATS)
def test_columns_are_read_as_single_values_are(kind: str, formats: tuple[str, ...]) -> None:
    rng = random.Random(7)
    mutated = [
        "".join(rng.choice("0123456789:-/ .") if rng.random() < 0.15 else mark for mark in rng.choice(VALUES))
        for _ in range(2000)
    ]
    values = [*VALUES, *mutated]
    sliced = pa.array(["before", *values])[1:]
    found = parse_temporal(sliced, kind=kind, formats=formats).to_pylist()
    assert found == [parse_value(kind, value, formats) for value in values]
    assert any(value is not None for value in found)


def test_a_day_of_every_month_for_four_centuries_is_the_one_of_the_standard_library() -> None:
    days = [datetime(year, month, 28, tzinfo=UTC) for year in range(1800, 2201) for month in range(1, 13)]
    found = parse_temporal(pa.array([f"{day:%Y-%m-%d}" for day in days]), kind="date", formats=("%Y-%m-%d",))
    assert found.to_pylist() == [round(day.timestamp()) * 1_000_000 for day in days]


def test_durations_pass_24_hours_and_are_clipped_where_no_clock_goes() -> None:
    values = ["1:00:00", "0025:10:59", "1:60:00", "99999999999:00:00", "2500000001:00:00", "", "1:00"]
    found = parse_durations(pa.array(values)).to_pylist()
    assert found == [parse_duration(value) for value in values]
    assert found[1] == 90_659_000_000
    assert found[2] is None


@pytest.mark.parametrize(
    ("fmt", "human"),
    [("%H:%M:%S", "HH:MM:SS"), ("%-H:%M", "H:MM"), ("%d/%m/%Y", "DD/MM/YYYY"), ("%I %p", "hh AM/PM")],
)
def test_formats_are_told_as_people_write_them(fmt: str, human: str) -> None:
    assert describe_format(fmt) == human
