"""The oracle's values as vendors write them, pinned on the sentences of the specification."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.oracle.helpers import broken, contract_of
from tests.oracle.reader import read_source
from tests.oracle.rules import judge
from tests.oracle.values import convert

GERMAN = {"type": "decimal", "decimal": ",", "thousands": "."}
DOLLARS = {"type": "decimal", "thousands": ",", "prefix": "$", "suffix": ["%", " %"]}
CHICAGO = {"type": "datetime", "timezone": "America/Chicago"}
VALUES: list[tuple[dict[str, Any], str, Any]] = [
    (GERMAN, "1.234,50", Decimal("1234.50")),
    (GERMAN, "1234,5", Decimal("1234.5")),
    (GERMAN, "1.23,5", None),
    (GERMAN, "1234.567", None),
    (GERMAN, "1.234.567", Decimal(1234567)),
    (GERMAN, ",5e1", Decimal(5)),
    (GERMAN, ",", None),
    (DOLLARS, "-$1,234.50", Decimal("-1234.50")),
    (DOLLARS, "$-5 %", Decimal(-5)),
    (DOLLARS, "-$-5", None),
    (DOLLARS, "$$5", None),
    (DOLLARS, "5%%", None),
    (DOLLARS, "$ 5", None),
    (DOLLARS, "1,2,3", None),
    ({"type": "integer", "thousands": " "}, "+12 345", Decimal(12345)),
    ({"type": "integer", "thousands": " "}, "0123 456", None),
    ({"type": "boolean", "true_values": ["Y"], "false_values": ["N"]}, "Y", True),
    ({"type": "boolean", "true_values": ["Y"], "false_values": ["N"]}, "n", None),
    ({"type": "boolean", "true_values": ["Y"], "false_values": ["N"], "ignore_case": True}, "n", False),
    ({"type": "boolean", "true_values": ["Y"], "false_values": ["N"]}, "true", None),
    ({"type": "datetime", "format": "epoch_s"}, "-1", datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ({"type": "datetime", "format": "epoch_ms"}, "253402300800000", None),
    ({"type": "datetime", "format": "epoch_us"}, "+1", None),
    (CHICAGO, "2024-03-10 02:30:00", None),
    (CHICAGO, "2024-11-03 01:30:00", datetime(2024, 11, 3, 6, 30, tzinfo=UTC)),
    (CHICAGO, "2024-01-01 00:00:00", datetime(2024, 1, 1, 6, tzinfo=UTC)),
    ({"type": "time", "format": "%H:%M:%S.%f"}, "01:02:03.123456789", time(1, 2, 3, 123456)),
    ({"type": "time", "format": "%H:%M:%S.%f"}, "01:02:03.1234567890", None),
    ({"type": "date", "format": "%y%m%d", "two_digit_years": {"from": 1950}}, "490101", date(2049, 1, 1)),
    ({"type": "date", "format": "%y%m%d", "two_digit_years": {"from": 1950}}, "500101", date(1950, 1, 1)),
    ({"type": "date", "format": "%y%m%d"}, "690101", date(1969, 1, 1)),
    ({"type": "date", "format": "%y%m%d"}, "680101", date(2068, 1, 1)),
    ({"type": "duration", "format": "M:SS"}, "75:09", timedelta(minutes=75, seconds=9)),
    ({"type": "duration", "format": "M:SS"}, "75:60", None),
    ({"type": "duration", "format": "D.HH:MM:SS"}, "3.23:00:01", timedelta(days=3, hours=23, seconds=1)),
    ({"type": "duration", "format": "D.HH:MM:SS"}, "3.24:00:00", None),
    ({"type": "duration", "format": "S.f"}, "90.5", timedelta(seconds=90, milliseconds=500)),
    ({"type": "duration"}, "1:00:00", timedelta(hours=1)),
]


@pytest.mark.parametrize(("column", "text", "expected"), VALUES)
def test_values(column: dict[str, Any], text: str, expected: Any) -> None:
    assert convert(text, column) == expected


def test_rules_see_the_normalised_value() -> None:
    column = {"trim": True, "case": "upper", "allowed": ["DROPPED"], "required": True}
    assert broken(column, " dropped\u00a0") == []
    assert broken(column, " ") == ["required"]
    assert broken(column, "other") == ["allowed"]


def test_normalised_values_are_counted_where_they_changed() -> None:
    contract = contract_of([{"name": "a", "trim": True, "unique": True}, {"name": "b"}])
    verdicts = judge(read_source(b"a,b\nx,1\n x,1\n ,1\n", contract), contract)
    assert [(verdict.broken_errors, verdict.infos) for verdict in verdicts] == [
        ((), ()),
        (("a.unique",), ("a.normalized",)),
        ((), ("a.normalized",)),
    ]


def test_bounds_of_a_zoned_column_are_local() -> None:
    column = CHICAGO | {"format": ["%Y-%m-%d %H:%M:%S", "epoch_s"], "min": "2024-01-01T00:00:00"}
    assert broken(column, "2024-01-01 00:00:00") == []
    assert broken(column, str(1704088800)) == []
    assert broken(column, str(1704088799)) == ["min"]


def test_weekdays_of_a_zoned_column_are_local() -> None:
    contract = contract_of(
        [{"name": "t", **CHICAGO}, {"name": "b"}], {"name": "sunday", "check": "weekday(t) == 6"}
    )
    verdicts = judge(read_source(b"t,b\n2024-01-07 23:00:00,x\n2024-01-08 00:00:00,x\n", contract), contract)
    assert [verdict.broken_errors for verdict in verdicts] == [(), ("sunday",)]


def test_keys_fold_and_take_part() -> None:
    rules: list[dict[str, Any]] = [
        {"name": "key", "unique": ["a", "b"], "ignore_case": True, "when": "b != 'n'"},
        {"name": "pair", "lookup": {"file": "p.csv", "columns": {"a": "x", "b": "y"}}},
    ]
    contract = contract_of([{"name": "a"}, {"name": "b"}], *rules)
    read = read_source(b"a,b\nx,y\nX,Y\nx,n\nx,n\nx,\n", contract)
    verdicts = judge(read, contract, tables={"p.csv": [{"x": "x", "y": "y"}, {"x": "x", "y": "n"}]})
    assert [verdict.broken_errors for verdict in verdicts] == [(), ("key", "pair"), (), (), ()]


def test_an_absent_column_is_empty_and_its_rules_are_not_asked() -> None:
    contract = contract_of(
        [{"name": "a"}, {"name": "b", "optional": True, "required": True, "trim": True}],
        {"name": "needs_b", "check": "not empty(b)"},
        header="by_name",
    )
    [verdict] = judge(read_source(b"a\n1\n", contract), contract)
    assert (verdict.broken_errors, verdict.infos) == (("needs_b",), ())
