"""The keys about dates and times through the product: faults, changes of contracts, causes, typed targets."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest
from ruamel.yaml import YAML

from callcenter_etl import load_contract, validate
from callcenter_etl.api import diff_contracts
from callcenter_etl.contract.loader import load_document
from callcenter_etl.errors import ContractError
from callcenter_etl.tools.contract_test.contract_test import run_contract_test
from callcenter_etl.tools.explain import Causes, find_causes
from callcenter_etl.tools.explain.record_explanation import explain_line


def contract(*columns: str, rules: str = "") -> dict[str, Any]:
    text = "contract: calls\ncolumns:\n  - {name: id}\n" + "".join(f"  - {each}\n" for each in columns)
    return {"text": text + rules}


def loaded(*columns: str, rules: str = "") -> Any:
    text = contract(*columns, rules=rules)["text"]
    return load_document("c.yaml", read_bytes=lambda _: text.encode())


FAULTS = {
    "{name: a, type: date, format: epoch_s}": "columns[1].format: format 'epoch_s' is an instant, not a date (declare type datetime)",
    "{name: a, timezone: Europe/Berlin}": "columns[1].timezone: timezone goes with type datetime, not 'text'",
    "{name: a, type: datetime, timezone: Europe/Berln}": "columns[1].timezone: unknown time zone 'Europe/Berln' (did you mean 'Europe/Berlin'?)",
    "{name: a, type: date, two_digit_years: {from: 1950}}": "columns[1].two_digit_years: two_digit_years goes with a format that has %y, and none has",
    "{name: a, type: date, format: '%d%m%y', two_digit_years: {from: 9901}}": "columns[1].two_digit_years.from: a year from 1 to 9900 is expected, not 9901",
    "{name: a, type: date, format: '%d%m%y', two_digit_years: {form: 1950}}": "columns[1].two_digit_years.form: unknown key (did you mean 'from'?)",
    "{name: a, type: datetime, timezone: Europe/Berlin, min: 2025-03-30 02:30:00}": "columns[1].min: '2025-03-30 02:30:00' does not exist in Europe/Berlin: the clocks skip it (write a time before or after)",
    "{name: a, type: datetime, timezone: Europe/Berlin, min: 2025-01-01 01:00:00, max: 2024-12-31T23:00:00Z}": "columns[1].min: min 2025-01-01 01:00:00 is greater than max 2024-12-31T23:00:00Z, so that no value keeps both",
    "{name: a, type: datetime, timezone: Europe/Berlin, allowed: ['2025-03-30 02:30:00']}": "columns[1].allowed[0]: '2025-03-30 02:30:00' is no datetime, so that no record can hold it",
    "{name: a, type: datetime, tz: Europe/Berlin}": "columns[1].tz: unknown key (did you mean 'timezone'?)",
}


@pytest.mark.parametrize("column", FAULTS)
def test_a_fault_says_where_and_what_would_be_right(column: str) -> None:
    with pytest.raises(ContractError) as caught:
        loaded(column)
    assert FAULTS[column] in str(caught.value)


def test_a_literal_that_the_clocks_skip_is_a_fault_of_its_expression() -> None:
    rules = "rules: [{name: r, check: \"a > '2025-03-30 02:30:00'\"}]\n"
    with pytest.raises(
        ContractError, match=r"rules\[0\]\.check: '2025-03-30 02:30:00' does not exist in Europe"
    ):
        loaded("{name: a, type: datetime, timezone: Europe/Berlin}", rules=rules)


NAIVE = "{name: a, type: datetime}"
BERLIN = "{name: a, type: datetime, timezone: Europe/Berlin}"
PARIS = "{name: a, type: datetime, timezone: Europe/Paris}"
SHORT = "{name: a, type: date, format: '%d.%m.%y'}"
SHORT_1950 = "{name: a, type: date, format: '%d.%m.%y', two_digit_years: {from: 1950}}"
WITH_EPOCH = "{name: a, type: datetime, format: ['%Y-%m-%d %H:%M:%S', epoch_s]}"


@pytest.mark.parametrize(
    ("old", "new", "path", "effect", "back"),
    [
        (NAIVE, BERLIN, "columns.a.timezone", "breaking", "breaking"),
        (BERLIN, PARIS, "columns.a.timezone", "breaking", "breaking"),
        (SHORT, SHORT_1950, "columns.a.two_digit_years", "breaking", "breaking"),
        (NAIVE, WITH_EPOCH, "columns.a.format", "loosening", "breaking"),
    ],
)
def test_a_change_is_breaking_where_values_may_be_rejected(
    old: str, new: str, path: str, effect: str, back: str
) -> None:
    assert effects(old, new) == {path: effect}
    assert effects(new, old) == {path: back}


def effects(old: str, new: str) -> dict[str, str]:
    first, second = (load_contract_text(each) for each in (old, new))
    return {change.path: change.effect for change in diff_contracts(first, second)}


def load_contract_text(column: str) -> Any:
    return load_contract({"contract": "calls", "columns": [{"name": "id"}, _mapping(column)]})


def _mapping(column: str) -> dict[str, Any]:
    return dict(YAML(typ="safe").load(column))


def run(folder: Path, column: str, values: list[str], **options: Any) -> Any:
    source = folder / "calls.csv"
    lines = ["id,a", *(f"{number},{value}" for number, value in enumerate(values))]
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return validate(source, load_contract_text(column), output=folder / "out", force=True, **options)


def causes(folder: Path, column: str, values: list[str]) -> Causes:
    result = run(folder, column, values)
    document = load_contract_text(column).loaded
    return find_causes(
        [str(folder / "out" / "exceptions.csv")], document, rejected=result.record.records.rejected
    )


@pytest.mark.parametrize(
    ("value", "fmt"),
    [("1738310400", "epoch_s"), ("1738310400123", "epoch_ms"), ("1738310400123456", "epoch_us")],
)
def test_numbers_in_a_column_of_datetimes_are_suggested_as_instants(
    value: str, fmt: str, tmp_path: Path
) -> None:
    (cause,) = causes(tmp_path, NAIVE, [value] * 3 + ["2025-01-31 08:00:00"]).causes
    assert cause.what.startswith("a looks like")
    assert cause.advice is not None
    assert (cause.advice.words, cause.advice.recovers) == (f"accepting `{fmt}`", 3)


def test_skipped_times_are_a_cause_of_their_own(tmp_path: Path) -> None:
    (cause,) = causes(tmp_path, BERLIN, ["2025-03-30 02:30:00", "2025-03-30 03:30:00"]).causes
    assert cause.what == "a does not exist in Europe/Berlin"
    assert cause.advice is None
    assert "time zone" in (cause.hint or "")


def test_advice_keeps_time_zone_and_years_of_a_column(tmp_path: Path) -> None:
    (cause,) = causes(tmp_path, SHORT_1950, ["31/12/49"]).causes
    assert cause.advice is not None
    assert "two_digit_years: {from: 1950}" in cause.advice.yaml


def test_typed_targets_hold_instants_in_utc_and_what_microseconds_do_not_hold_as_text(tmp_path: Path) -> None:
    column = (
        "{name: a, type: datetime, format: ['%Y-%m-%d %H:%M:%S.%f', epoch_ms], timezone: America/Chicago}"
    )
    values = ["2025-03-09 03:00:00.123456000", "2025-03-09 03:00:00.1234567", "-1", "1738310400001", ""]
    run(tmp_path, column, values, target_format="parquet")
    table = pq.read_table(tmp_path / "out" / "target.parquet")
    assert str(table.schema.field("a").type) == "timestamp[us, tz=UTC]"
    local = datetime(2025, 3, 9, 3, 0, 0, 123456, tzinfo=ZoneInfo("America/Chicago"))
    assert table.column("a").to_pylist() == [
        local.astimezone(UTC),
        None,
        datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=UTC),
        datetime(2025, 1, 31, 8, 0, 0, 1000, tzinfo=UTC),
        None,
    ]
    unconverted = [dict(each or ()) for each in table.column("_unconverted").to_pylist()]
    assert unconverted == [{}, {"a": "2025-03-09 03:00:00.1234567"}, {}, {}, {}]


def test_contract_test_breaks_each_rule_of_a_column_with_a_time_zone() -> None:
    column = "{name: a, type: datetime, format: [epoch_s, '%d.%m.%Y %H:%M:%S'], timezone: Pacific/Apia, min: 2011-12-29 23:59:59, max: '2011-12-31'}"
    rules = "rules: [{name: r, check: \"a != '2011-12-31'\"}]\n"
    found = {each.rule: each.outcome for each in run_contract_test(loaded(column, rules=rules)).rules}
    assert found == {"a.type": "alone", "a.min": "alone", "a.max": "alone", "r": "alone"}


def test_explain_shows_local_times(tmp_path: Path) -> None:
    source = tmp_path / "calls.csv"
    source.write_text("id,a\n1,1741487400\n", encoding="utf-8")
    document = loaded(
        "{name: a, type: datetime, format: epoch_s, timezone: America/Chicago}",
        rules="rules: [{name: r, check: \"a > '2025-03-08 20:00:00' and weekday(a) == 5\"}]\n",
    )
    verdict = explain_line(str(source), document, 2).rules[-1]
    assert (verdict.rule, verdict.verdict) == ("r", "kept")
    assert {part.text: part.value for part in verdict.parts}["a"] == "2025-03-08 20:30:00 America/Chicago"
