"""Durations in declared formats: values, whole columns, contract errors, causes, typed targets."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter_etl.contract.datetime_formats import FormatFault
from callcenter_etl.contract.duration_formats import compile_duration, parse_duration
from callcenter_etl.rules.duration_values import parse_durations
from callcenter_etl.tools.contract_test.contract_test import run_contract_test
from tests.temporal.test_time_keys import causes, effects, loaded, run

MICROSECOND = timedelta(microseconds=1)
FORMATS = (
    "M:SS", "H:MM:SS", "HH:MM:SS", "D.HH:MM:SS", "D.HH:MM:SS.f", "S", "S.f", "HMMSS", "MMSS", "Hh MMm SSs", "D days HH:MM",
    "H:MM", "MM:SS,f", "D", "H→MM",
)  # fmt: skip


def spelled(fmt: str, parts: dict[str, int], fraction: str) -> str:
    """Write the parts of a duration in a format, each with the digits that its unit takes."""

    def written(match: re.Match[str]) -> str:
        unit = match[0]
        if unit == "f":
            return fraction
        return str(parts[unit]) if len(unit) == 1 else f"{parts[unit[0]]:02}"

    return re.sub(r"D+|H+|M+|S+|f", written, fmt)


@given(
    fmt=st.sampled_from(FORMATS),
    days=st.integers(0, 9999),
    clock=st.tuples(st.integers(0, 23), st.integers(0, 59), st.integers(0, 59)),
    first=st.integers(0, 10**7),
    fraction=st.from_regex(r"\A[0-9]{1,9}\Z"),
)
@settings(max_examples=300, deadline=None)
def test_a_duration_is_the_sum_of_its_units(
    fmt: str, days: int, clock: tuple[int, int, int], first: int, fraction: str
) -> None:
    hours, minutes, seconds = clock
    units = re.findall(r"D+|H+|M+|S+|f", fmt)
    parts = {"D": days, "H": hours, "M": minutes, "S": seconds}
    if len(units[0]) == 1:
        parts[units[0]] = first  # the first unit has no bound
    value = spelled(fmt, parts, fraction)
    has = {unit[0] for unit in units}
    expected = timedelta(
        days=parts["D"] if "D" in has else 0,
        hours=parts["H"] if "H" in has else 0,
        minutes=parts["M"] if "M" in has else 0,
        seconds=parts["S"] if "S" in has else 0,
        microseconds=int(fraction.ljust(9, "0")) // 1000 if "f" in has else 0,
    )
    assert parse_duration(value, (fmt,)) == expected // MICROSECOND


ODD = (
    "", ":", "1:60", "60:00", "24:00:00", "1:5", "-1:00", "1:00\n", "1.5", "1.", ".5", "٣:00", "1:00:00.1234567890", "9" * 5000,
    "0" * 3000 + "7", "9" * 19, "2500000001:00:00", "150000000001:00", "9000000000001", "104166668.00:00:00", "1.24:00:00",
)  # fmt: skip


@given(
    formats=st.lists(st.sampled_from(FORMATS), min_size=1, max_size=3, unique=True),
    values=st.lists(
        st.sampled_from(ODD)
        | st.from_regex(r"\A[0-9]{0,12}[:.]?[0-9]{0,2}[:.]?[0-9]{0,2}[.,]?[0-9]{0,10}\Z"),
        max_size=20,
    ),
)
@settings(max_examples=300, deadline=None)
def test_columns_are_read_as_their_values_are(formats: list[str], values: list[str]) -> None:
    text = pa.array(["1:00", *values], type=pa.string()).slice(1)
    expected = [parse_duration(value, tuple(formats)) for value in values]
    assert parse_durations(text, tuple(formats)).to_pylist() == expected


FAULTS = {
    "%M:%S": "has strptime directives, and durations have units (write it as 'M:SS')",
    "%H:%M:%S.%f": "has strptime directives, and durations have units (write it as 'H:MM:SS.f')",
    "hh:mm:ss": "has no unit (write it as 'HH:MM:SS')",
    "": "has no unit (such as H:MM:SS)",
    "HHH:MM": "has an unknown unit 'HHH' (allowed: D, H, M or S first, then HH, MM, SS and f)",
    "DD:HH": "has an unknown unit 'DD' (allowed: D, H, M or S first, then HH, MM, SS and f)",
    "H:M:SS": "has M behind the first unit (write it as MM)",
    "SS:MM": "has units out of their order, or leaves one out (D, H, M, S and f follow each other)",
    "H:SS": "has units out of their order, or leaves one out (D, H, M, S and f follow each other)",
    "H:MM:HH": "has units out of their order, or leaves one out (D, H, M, S and f follow each other)",
    "f": "has f without seconds and a separator before it (such as S.f)",
    "Sf": "has f without seconds and a separator before it (such as S.f)",
    "H1MM": "has a digit in a separator",
}


@pytest.mark.parametrize("fmt", FAULTS)
def test_the_fault_of_a_format_says_what_would_be_right(fmt: str) -> None:
    with pytest.raises(FormatFault, match=re.escape(f"format '{fmt}' {FAULTS[fmt]}") + r"\Z"):
        compile_duration(fmt)


PLAIN = "{name: a, type: duration}"
MINUTES = "{name: a, type: duration, format: [H:MM:SS, M:SS]}"


def test_the_default_format_may_be_written_out_and_another_one_is_looser() -> None:
    assert effects(PLAIN, "{name: a, type: duration, format: H:MM:SS}") == {}
    assert effects(PLAIN, MINUTES) == {"columns.a.format": "loosening"}
    assert effects(MINUTES, PLAIN) == {"columns.a.format": "breaking"}


@pytest.mark.parametrize(
    ("values", "fmt"),
    [
        (["12:30", "95:10", "0:59"], "M:SS"),
        (["330", "12", "0"], "S"),
        (["1.02:03:04", "0.00:00:09"], "D.HH:MM:SS"),
        (["0:00:01.5", "1:00:00.25"], "H:MM:SS.f"),
    ],
)
def test_durations_in_another_format_are_a_cause_with_that_format(
    values: list[str], fmt: str, tmp_path: Path
) -> None:
    cause = causes(tmp_path, PLAIN, [*values, "1:00:00"]).causes[0]
    assert cause.advice is not None
    assert cause.advice.words.startswith(f"accepting `{fmt}`")
    assert f'format: ["H:MM:SS", "{fmt}"]'.replace('"S"', "S") in cause.advice.yaml
    assert cause.advice.recovers == len(values)


def test_typed_targets_hold_durations_and_what_does_not_fit_as_text(tmp_path: Path) -> None:
    column = "{name: a, type: duration, format: [S.f, 'D.HH:MM:SS']}"
    values = ["90.5", "0.0000001", "1.000000000", "2.01:00:00", "104166667.00:00:00", ""]
    run(tmp_path, column, values, target_format="parquet")
    table = pq.read_table(tmp_path / "out" / "target.parquet")
    assert table.column("a").to_pylist() == [
        timedelta(seconds=90.5), None, timedelta(seconds=1), timedelta(days=2, hours=1), None, None,
    ]  # fmt: skip
    unconverted = [dict(each or ()) for each in table.column("_unconverted").to_pylist()]
    assert unconverted == [{}, {"a": "0.0000001"}, {}, {}, {"a": "104166667.00:00:00"}, {}]


def test_contract_test_breaks_each_rule_of_durations_in_another_format() -> None:
    column = "{name: a, type: duration, format: [M:SS, S.f], min: 0:01:30, max: 0:59:59.5}"
    found = {each.rule: each.outcome for each in run_contract_test(loaded(column)).rules}
    assert found == {"a.type": "alone", "a.min": "alone", "a.max": "alone"}
