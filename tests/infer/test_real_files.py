"""Contracts inferred from real call-centre files accept them, but for outliers that they list."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter_etl import load_contract, validate
from callcenter_etl.errors import SampleError
from callcenter_etl.tools.infer import Inference, InferOptions, infer_contract
from tests.shared_folder import shared, shared_or_skip

DATASETS = {
    "appliance_support/Call_Center.csv": {"Date": "date", "Time": "time", "AvgTalkDuration": "duration"},
    "daily_metrics/Call_Center_Data.csv": {"Incoming Calls": "integer", "Talk Duration_AVG": "duration"},
    "daily_metrics/drift/semicolon_Call Center Data.csv": {"Abandoned Calls": "integer"},
    "orlando_pd_active/police_calls.csv": {"Date": "datetime"},
    "pwc_call_center/Call-Center-Dataset.csv": {
        "Date": "date",
        "Time": "time",
        "Satisfaction rating": "integer",
    },
    "pwc_call_center/drift/call_center.csv": {"date": "date", "time": "time"},
    "seed_call_center/call_center_raw.csv": {"caller_id": "digits", "call_start_time": "time"},
    "seed_call_center/call_center_raw_202501.csv": {"call_id": "digits"},
    "sf_fire_calls/Fire_Department_Calls_for_Service.csv": {
        "Call Date": "date",
        "Received DtTm": "datetime",
        "ALS Unit": "boolean",
        "Zipcode of Incident": "digits",
    },
    "stl_cfs/cfsraw.csv": {"eventtime": "datetime"},
    "technion_one_day/calls_one_day.csv": {"vru_entry": "time", "ser_time": "integer", "call_id": "digits"},
}


def inferred(name: str) -> tuple[Path, Inference]:
    source = shared_or_skip("data", "datasets", *name.split("/"))
    return source, infer_contract(InferOptions((str(source),)))


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_the_file_is_accepted_but_for_listed_outliers(name: str, tmp_path: Path) -> None:
    source, inference = inferred(name)
    contract = tmp_path / "contract.yaml"
    contract.write_text(inference.text, encoding="utf-8")
    summary = validate(source, load_contract(contract), output=tmp_path / "out", force=True).summary
    broken = {
        rule: counts["broken"]
        for rule, counts in summary["rules"].items()
        if counts["broken"] and counts["severity"] == "error"
    }
    assert broken == {rule: each.count for rule, each in inference.outcome.broken.items()}
    assert summary["records"]["accepted"] == inference.outcome.accepted
    for rule in broken:
        column, _, key = rule.rpartition(".")
        assert key in ("fields", "type", "unique", "required", "allowed", "pattern")
        assert f"malformed by {rule}" in inference.text or f"of {column} " in inference.text


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_columns_have_the_types_that_a_person_sees(name: str) -> None:
    _, inference = inferred(name)
    types = {column.name: column.type for column in inference.contract.document.columns}
    assert {column: types[column] for column in DATASETS[name]} == DATASETS[name]


def test_formats_of_dates_are_those_of_the_files() -> None:
    found = {}
    for name, column in (
        ("appliance_support/Call_Center.csv", "Date"),
        ("pwc_call_center/drift/call_center.csv", "date"),
        ("sf_fire_calls/Fire_Department_Calls_for_Service.csv", "Call Date"),
        ("orlando_pd_active/police_calls.csv", "Date"),
    ):
        _, inference = inferred(name)
        found[name.partition("/")[0]] = next(
            each.format for each in inference.contract.document.columns if each.name == column
        )
    assert found == {
        "appliance_support": ("%d-%m-%Y",),
        "pwc_call_center": ("%d/%m/%Y",),
        "sf_fire_calls": ("%m/%d/%Y",),
        "orlando_pd_active": ("%-m/%-d/%Y %-H:%M",),
    }


@pytest.mark.parametrize("name", ["lfs_pointer.csv", "html_page.csv", "blank_line_only.csv"])
def test_what_is_no_table_gives_no_contract(name: str) -> None:
    source = shared("data", "datasets", "wrong_files", name)
    if not source.exists():
        pytest.skip(f"{source} is absent (not part of the repository)")
    with pytest.raises(SampleError):
        infer_contract(InferOptions((str(source),)))
