"""Local times of whole columns are the instants that zoneinfo finds for each of them."""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo, available_timezones

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import callcenter_etl.contract.timezones
from callcenter_etl.contract.datetime_formats import parse_value
from callcenter_etl.contract.timezones import timezone_fault, utc_from_local
from callcenter_etl.rules.temporal_values import parse_temporal
from callcenter_etl.rules.timezone_offsets import zone_offsets

FORMAT = "%Y-%m-%d %H:%M:%S.%f"
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  local times
ZONES = sorted(available_timezones() - {"localtime", "Factory"})
# Two days from the ends, since Python has no instant of a local time beyond them.
FIRST, LAST = datetime(1, 1, 3), datetime(9999, 12, 29)  # noqa: DTZ001  local times
MICROSECOND = timedelta(microseconds=1)
# Half hours, changes of the date line, of the year, at midnight, without a rule, and for the month of Ramadan.
ODD_ZONES = (
    "Australia/Lord_Howe", "Pacific/Apia", "Asia/Manila", "America/Juneau", "Africa/Casablanca", "Africa/Monrovia",
    "America/Asuncion", "Asia/Kathmandu", "Europe/Dublin", "America/Nuuk", "Asia/Tehran", "Antarctica/Troll", "UTC",
)  # fmt: skip


def instant_of(local: datetime, zone: ZoneInfo) -> int | None:
    """Return the instant of a local time by the standard library alone, None where it does not exist."""
    instant = local.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != local:
        return None
    return (instant - EPOCH.replace(tzinfo=UTC)) // MICROSECOND


def written(local: datetime) -> str:
    return f"{local.year:04}-{local:%m-%d %H:%M:%S.%f}"


def found_in(zone: str, values: list[datetime]) -> list[int | None]:
    text = pa.array([written(each) for each in values], type=pa.string())
    found = parse_temporal(text, kind="datetime", formats=(FORMAT,), timezone=zone)
    return list(found.to_pylist())


@pytest.mark.parametrize("span", [(datetime(1900, 1, 1), datetime(2100, 1, 1)), (FIRST, LAST)])  # noqa: DTZ001
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_columns_have_the_instants_of_zoneinfo(span: tuple[datetime, datetime], data: st.DataObject) -> None:
    zone = data.draw(st.sampled_from(ZONES) | st.sampled_from(ODD_ZONES))
    values = data.draw(st.lists(st.datetimes(*span), max_size=30))
    expected = [instant_of(each, ZoneInfo(zone)) for each in values]
    assert found_in(zone, values) == expected
    assert [parse_value("datetime", written(each), (FORMAT,), timezone=zone) for each in values] == expected


@pytest.mark.parametrize("zone", [*ODD_ZONES, "America/Chicago", "Europe/Berlin", "America/New_York"])
def test_every_change_of_a_zone_is_found_to_the_microsecond(zone: str) -> None:
    """Days of 400 years are compared, and the local times around each change."""
    known = ZoneInfo(zone)
    days = [datetime(1800, 1, 1) + timedelta(days=each) for each in range(0, 146_097, 11)]  # noqa: DTZ001
    assert found_in(zone, days) == [instant_of(each, known) for each in days]
    offsets = zone_offsets(zone)
    # By the day, since the changes themselves are what is in doubt.
    at = [datetime(1850, 1, 1, tzinfo=UTC) + timedelta(days=each) for each in range(75_000)]
    changed = [(one, other) for one, other in pairwise(at) if _offset(one, known) != _offset(other, known)]
    for one, other in changed:
        lower, upper = one, other
        while upper - lower > MICROSECOND:
            middle = lower + (upper - lower) // 2
            same = _offset(middle, known) == _offset(one, known)
            lower, upper = (middle, upper) if same else (lower, middle)
        near = [
            upper.replace(tzinfo=None) + offset + step * MICROSECOND
            for offset in (_offset(lower, known), _offset(upper, known))
            for step in (-1, 0, 1)
        ]
        assert found_in(zone, near) == [instant_of(each, known) for each in near]
        instants = np.array([(each - EPOCH.replace(tzinfo=UTC)) // MICROSECOND for each in (lower, upper)])
        shifts = (offsets.to_local(instants) - instants).tolist()
        assert shifts == [_offset(each, known) // MICROSECOND for each in (lower, upper)]
    assert changed or zone == "UTC"


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def test_no_values_have_no_instants() -> None:
    assert found_in("Europe/Berlin", []) == []


def test_the_first_of_two_equal_local_times_counts_and_a_skipped_one_is_none() -> None:
    twice, never = datetime(2025, 11, 2, 1, 30), datetime(2025, 3, 9, 2, 30)  # noqa: DTZ001
    cdt = timezone(timedelta(hours=-5))
    first = (twice.replace(tzinfo=cdt) - EPOCH.replace(tzinfo=UTC)) // MICROSECOND
    assert found_in("America/Chicago", [twice, never]) == [first, None]
    assert utc_from_local((twice - EPOCH) // MICROSECOND, "America/Chicago") == first
    assert utc_from_local((never - EPOCH) // MICROSECOND, "America/Chicago") is None


def test_a_zone_of_the_tzdata_package_is_read_where_the_system_has_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    expected = zone_offsets("America/Chicago")
    folder = tmp_path / "tzdata" / "zoneinfo" / "America"
    folder.mkdir(parents=True)
    for each in (folder, folder.parent, folder.parent.parent):
        (each / "__init__.py").touch()
    file = next(path for each in TZPATH if (path := Path(each, "America/Chicago")).is_file())
    shutil.copy(file, folder / "Chicago")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("callcenter_etl.rules.timezone_offsets.TZPATH", ())
    for name in [each for each in sys.modules if each.partition(".")[0] == "tzdata"]:
        monkeypatch.delitem(sys.modules, name)
    zone_offsets.cache_clear()
    assert zone_offsets("America/Chicago").starts.tolist() == expected.starts.tolist()
    zone_offsets.cache_clear()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("America/Chikago", "unknown time zone 'America/Chikago' (did you mean 'America/Chicago'?)"),
        ("../../etc/passwd", "unknown time zone '../../etc/passwd'"),
        ("localtime", "unknown time zone 'localtime'"),
        ("", "unknown time zone ''"),
        ("Pluto", "unknown time zone 'Pluto'"),
    ],
)
def test_the_fault_of_a_name_says_what_would_be_right(name: str, words: str) -> None:
    assert (timezone_fault(name) or "").startswith(words)


def test_the_fault_of_a_machine_without_a_database_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    callcenter_etl.contract.timezones.zone_names.cache_clear()
    with monkeypatch.context() as patched:
        patched.setattr(callcenter_etl.contract.timezones, "available_timezones", set)
        fault = timezone_fault("Europe/Berlin") or ""
    callcenter_etl.contract.timezones.zone_names.cache_clear()
    assert "install the package tzdata" in fault
    assert timezone_fault("Europe/Berlin") is None
