"""Runs into Delta tables, through API and command line: what the table, the files and the summary say."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from callcenter_etl import load_contract, validate
from callcenter_etl.errors import OutputError, UsageError
from callcenter_etl.writers.tables.open_target import sink_for
from callcenter_etl.writers.tables.target_writer import SinkPlan
from tests.tables.killed import GAPS, is_committed, kill_at

CONTRACT = """contract: calls
version: {version}
description: Calls of a day
columns:
  - {{name: id, type: digits, required: true}}
  - {{name: day, type: date, description: the day of the call}}
  - {{name: at, type: time}}
  - {{name: took, type: duration, max: "99:00:00"}}
  - {{name: cost, type: decimal, min: 0, max: 1000}}
  - {{name: who, classification: personal}}
{columns}run:
  target_format: delta
{run}"""
HEADER = "id,day,at,took,cost,who\n"
MORE = "  - {name: note}\n"
FOUR = "1,2025-01-01,09:05:00,00:00:05,1.25,ann\n2,2025-01-01,10:00:01,01:00:00,2.5,bob\n3,2025-01-02,x,00:00:05,1,eve\n4,,10:00:00,,,\n"


def contract(folder: Path, *, version: str = "1.0.0", columns: str = "", run: str = "") -> Path:
    path = folder / f"calls-{version}-{abs(hash((columns, run)))}.yaml"
    path.write_text(CONTRACT.format(version=version, columns=columns, run=run), encoding="utf-8")
    return path


def source(folder: Path, name: str = "calls.csv", body: str = FOUR, header: str = HEADER) -> Path:
    path = folder / name
    path.write_text(header + body, encoding="utf-8")
    return path


def rows(table: str | Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = DeltaTable(str(table)).to_pyarrow_table().to_pylist()
    return sorted(found, key=lambda row: (row["_source"], row["id"]))


def ids(table: str | Path) -> list[str]:
    return [row["id"] for row in rows(table)]


def test_accepted_records_arrive_in_the_contracts_types(tmp_path: Path) -> None:
    file = source(tmp_path)
    result = validate(file, contract(tmp_path), output=tmp_path / "out")
    first, _, last = rows(tmp_path / "out/target")
    assert first == {
        "id": "1",
        "day": dt.date(2025, 1, 1),
        "at": "09:05:00.000000",
        "took": 5_000_000,
        "cost": Decimal("1.25"),
        "who": "ann",
        "_unconverted": None,
        "_source": str(file),
    }
    assert (last["id"], last["day"], last["took"]) == ("4", None, None)
    target = json.loads((tmp_path / "out/summary.json").read_text())["outputs"]["target"]
    assert (target["format"], target["version"], target["records"]) == ("delta", 0, 3)
    assert target["uri"] == str(tmp_path / "out/target")
    assert result.record.outputs["target"].version == 0


def test_columns_carry_what_the_contract_says_of_them(tmp_path: Path) -> None:
    validate(source(tmp_path), contract(tmp_path), output=tmp_path / "out")
    table = DeltaTable(str(tmp_path / "out/target"))
    day = table.schema().fields[1].metadata
    assert (day["comment"], day["contract"], day["contract_version"]) == (
        "the day of the call",
        "calls",
        "1.0.0",
    )
    assert (table.metadata().name, table.metadata().description) == ("calls", "Calls of a day")


def test_values_of_classified_columns_stand_in_the_records_alone(tmp_path: Path) -> None:
    validate(source(tmp_path), contract(tmp_path), output=tmp_path / "out")
    for log in (tmp_path / "out/target/_delta_log").iterdir():
        text = log.read_text()
        assert "ann" not in text
        assert "bob" not in text
        assert '\\"id\\": \\"1\\"' in text


def test_a_rerun_is_done_already_and_after_a_lost_summary_commits_nothing(tmp_path: Path) -> None:
    file, rules, out = source(tmp_path), contract(tmp_path), tmp_path / "out"
    validate(file, rules, output=out)
    assert validate(file, rules, output=out).already_done
    (out / "summary.json").unlink()
    again = validate(file, rules, output=out)
    assert not again.already_done
    target = again.record.outputs["target"]
    assert (target.version, target.records, target.bytes) == (0, 3, 0)
    assert DeltaTable(str(out / "target")).version() == 0


def test_again_commits_the_same_rows_once_more(tmp_path: Path) -> None:
    file, rules, out = source(tmp_path), contract(tmp_path), tmp_path / "out"
    validate(file, rules, output=out)
    DeltaTable(str(out / "target")).delete("id = '1'")  # by somebody else
    assert validate(file, rules, output=out, force=True).record.outputs["target"].version == 2
    assert ids(out / "target") == ["1", "2", "4"]


def test_several_sources_go_into_one_table_each_with_files_of_its_own(tmp_path: Path) -> None:
    rules = contract(tmp_path, run="  table: {uri: table}\n")
    for name in ("a.csv", "b.csv"):
        source(tmp_path, name)
    command = [sys.executable, "-m", "callcenter_etl", "validate", "a.csv", "b.csv", "--contract", str(rules)]
    done = subprocess.run(
        [*command, "--output", "out"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr  # rejects
    assert [row["_source"] for row in rows(tmp_path / "table")] == [str(tmp_path / "a.csv")] * 3 + [
        str(tmp_path / "b.csv")
    ] * 3
    assert sorted(path.name for path in (tmp_path / "out/a").iterdir()) == [
        ".callcenter_etl.lock",
        "exceptions.csv",
        "rejected.csv",
        "summary.json",
    ]
    told = json.loads((tmp_path / "out/b/summary.json").read_text())["outputs"]["target"]
    assert (told["uri"], told["version"]) == ("table", 1)


def test_a_source_known_by_its_name_replaces_its_rows_from_another_folder(tmp_path: Path) -> None:
    rules = contract(tmp_path, run=f"  table: {{uri: {tmp_path}/table, identify_by: name}}\n")
    (tmp_path / "monday").mkdir()
    (tmp_path / "tuesday").mkdir()
    validate(source(tmp_path / "monday"), rules, output=tmp_path / "out")
    validate(source(tmp_path / "tuesday", body="9,2025-01-01,,,,\n"), rules, output=tmp_path / "out")
    assert ids(tmp_path / "table") == ["9"]


def test_over_a_limit_nothing_is_committed_and_earlier_rows_stay(tmp_path: Path) -> None:
    file, out = source(tmp_path), tmp_path / "out"
    validate(file, contract(tmp_path), output=out)
    result = validate(source(tmp_path, body="1,x,,,,\n"), contract(tmp_path), output=out, max_rejected=0)
    assert (result.record.status, "target" in result.record.outputs) == ("failed", False)
    assert DeltaTable(str(out / "target")).version() == 0


def test_a_refused_source_leaves_the_table_alone(tmp_path: Path) -> None:
    out = tmp_path / "out"
    validate(source(tmp_path), contract(tmp_path), output=out)
    result = validate(source(tmp_path, header="id\n", body="1\n"), contract(tmp_path), output=out)
    assert result.record.status == "refused"
    assert ids(out / "target") == ["1", "2", "4"]


def test_a_contract_that_adds_a_column_adds_it_to_the_table(tmp_path: Path) -> None:
    out = tmp_path / "out"
    validate(source(tmp_path), contract(tmp_path), output=out)
    newer = contract(tmp_path, version="1.1.0", columns=MORE)
    other = source(tmp_path, "b.csv", "7,2025-01-01,,,,,hello\n", header=HEADER.replace("\n", ",note\n"))
    validate(other, newer, output=out)
    assert [(row["id"], row["note"]) for row in rows(out / "target")] == [
        ("7", "hello"),
        ("1", None),
        ("2", None),
        ("4", None),
    ]
    assert DeltaTable(str(out / "target")).schema().fields[-1].metadata["contract_version"] == "1.1.0"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            ("type: decimal, min: 0, max: 1000", "type: text"),
            "column 'cost' is decimal(38,18) in the table and string",
        ),
        (
            ("  - {name: who, classification: personal}\n", ""),
            "has a column 'who' that the contract does not declare",
        ),
        (("contract: calls", "contract: mails"), "is the table of contract 'calls', not of 'mails'"),
    ],
)
def test_a_contract_that_does_not_fit_the_table_is_refused_before_a_record_is_read(
    tmp_path: Path, change: tuple[str, str], sentence: str
) -> None:
    out, rules = tmp_path / "out", contract(tmp_path)
    validate(source(tmp_path), rules, output=out)
    other = tmp_path / "other.yaml"
    other.write_text(rules.read_text().replace(*change), encoding="utf-8")
    command = [sys.executable, "-m", "callcenter_etl", "validate", str(tmp_path / "calls.csv"), "--contract"]
    header = HEADER.replace(",who", "") if not change[1] else HEADER
    source(tmp_path, header=header, body="" if not change[1] else FOUR)
    done = subprocess.run(
        [*command, str(other), "--output", str(out)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert sentence in done.stderr
    assert DeltaTable(str(out / "target")).version() == 0


def test_files_never_replace_a_table_nor_a_table_files(tmp_path: Path) -> None:
    rules, out = contract(tmp_path), tmp_path / "out"
    validate(source(tmp_path), rules, output=out)
    for target_format in ("csv", "parquet"):
        with pytest.raises(OutputError, match="is a Delta table, with the records of earlier runs"):
            validate(source(tmp_path, body=""), rules, output=out, target_format=target_format)
    with_days = contract(tmp_path, run="  layout: {partition_by: [day]}\n")
    validate(source(tmp_path), with_days, output=tmp_path / "files", target_format="parquet")
    with pytest.raises(OutputError, match="is a Parquet target"):
        validate(source(tmp_path), with_days, output=tmp_path / "files")


def test_an_earlier_target_csv_gives_way_to_the_table(tmp_path: Path) -> None:
    rules, out = contract(tmp_path), tmp_path / "out"
    validate(source(tmp_path), rules, output=out, target_format="csv")
    validate(source(tmp_path), rules, output=out)
    assert not (out / "target.csv").exists()
    assert ids(out / "target") == ["1", "2", "4"]


def test_buckets_and_days_are_partitions_and_replaced_alone(tmp_path: Path) -> None:
    run = "  write: replace_partitions\n  layout: {partition_by: [{column: day, by: month}], buckets: {column: id, count: 4}}\n"
    rules, out = contract(tmp_path, run=run), tmp_path / "out"
    validate(source(tmp_path), rules, output=out)
    table = DeltaTable(str(out / "target"))
    assert table.metadata().partition_columns == ["day_month", "bucket"]
    assert {row["day_month"] for row in rows(out / "target")} == {"2025-01", None}
    before = set(table.file_uris())
    validate(source(tmp_path, "b.csv", "7,2025-01-09,11:00:00,,,\n"), rules, output=out)
    after = set(DeltaTable(str(out / "target")).file_uris())
    assert {path for path in before if "__HIVE" in path} == before & after  # calls without a day
    assert ids(out / "target") == ["7", "4"]  # a day is replaced with all its buckets


def test_a_table_has_no_copies_and_needs_partitions_to_replace_them(tmp_path: Path) -> None:
    rules = contract(tmp_path, run="  write: replace_partitions\n")
    with pytest.raises(UsageError, match="replace_partitions needs partitions"):
        validate(source(tmp_path), rules, output=tmp_path / "out")
    document = load_contract(contract(tmp_path)).document
    with pytest.raises(UsageError, match="a table is not copied by a run"):
        sink_for("delta", SinkPlan(document, str(tmp_path / "out"), publish_to="s3://drops/copies"))


def test_files_are_not_appended_to(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="write: append is for tables"):
        validate(
            source(tmp_path),
            contract(tmp_path, run="  write: append\n"),
            output=tmp_path / "out",
            target_format="parquet",
        )


def test_a_column_that_differs_from_another_by_case_alone_is_refused(tmp_path: Path) -> None:
    columns = "  - {name: Who}\n"
    with pytest.raises(UsageError, match=r"column 'Who': a table has a column of that name already"):
        validate(
            source(tmp_path, header=HEADER.replace("\n", ",Who\n"), body=""),
            contract(tmp_path, columns=columns),
            output=tmp_path / "out",
        )


def test_without_the_extra_the_remedy_is_said_before_a_record_is_read(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nsys.modules['deltalake'] = None\n", encoding="utf-8"
    )
    command = [sys.executable, "-m", "callcenter_etl", "validate", str(source(tmp_path)), "--contract"]
    done = subprocess.run(
        [*command, str(contract(tmp_path)), "--output", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode == 2
    assert "needs deltalake, which is not installed (run: pip install 'callcenter-etl[delta]')" in done.stderr
    assert not (tmp_path / "out/summary.json").exists()


def test_the_declared_permissions_hold_for_files_and_log(tmp_path: Path) -> None:
    validate(source(tmp_path), contract(tmp_path, run='  file_mode: "0640"\n'), output=tmp_path / "out")
    files = [path for path in (tmp_path / "out/target").rglob("*") if path.is_file()]
    assert {oct(path.stat().st_mode & 0o777) for path in files} == {"0o640"}
    assert oct((tmp_path / "out/target").stat().st_mode & 0o777) == "0o750"


@pytest.mark.parametrize("gap", GAPS)
def test_what_a_kill_leaves_the_same_command_mends(tmp_path: Path, gap: str) -> None:
    rules, out = contract(tmp_path, run="  layout: {partition_by: [day]}\n"), tmp_path / "out"
    table = out / "target"
    validate(source(tmp_path, body="1,2025-01-01,,,,\n5,2025-01-03,,,,\n"), rules, output=out)
    file = source(tmp_path)  # the corrected one
    kill_at(gap, file, rules, out)
    assert ids(table) == (
        ["1", "2", "4"] if is_committed(gap) else ["1", "5"]
    )  # readers see one or the other
    assert (out / "summary.json").exists() == (gap == "files put, nothing published")
    result = validate(file, rules, output=out)
    assert ids(table) == ["1", "2", "4"]
    assert (result.already_done, result.record.outputs["target"].version) == (False, 1)
    assert (out / "exceptions.csv").read_text().count("\n") == 2
    assert validate(file, rules, output=out).already_done


def test_a_first_run_that_is_killed_before_its_commit_leaves_no_table(tmp_path: Path) -> None:
    rules, out, file = contract(tmp_path), tmp_path / "out", source(tmp_path)
    gap = "files put, nothing published"
    kill_at(gap, file, rules, out)
    assert not (out / "target/_delta_log").exists()
    validate(file, rules, output=out)
    assert ids(out / "target") == ["1", "2", "4"]


def test_a_column_may_have_any_name_that_a_table_does_not_need(tmp_path: Path) -> None:
    document = contract(tmp_path, columns="  - {name: _folder}\n", run="  layout: {partition_by: [day]}\n")
    file = source(
        tmp_path, body="1,2025-01-01,09:05:00,00:00:05,1,ann,x\n", header=HEADER.rstrip("\n") + ",_folder\n"
    )
    validate(file, document, output=tmp_path / "out")
    assert [row["_folder"] for row in rows(tmp_path / "out/target")] == ["x"]


@pytest.mark.parametrize(
    "spelling", ["{}/out/target", "{}/out/target/", "{}/out/../out/target", "file://{}/out/target"]
)
def test_a_parquet_target_is_not_replaced_however_the_tables_address_is_spelled(
    tmp_path: Path, spelling: str
) -> None:
    out = tmp_path / "out"
    layout = "  layout: {partition_by: [day]}\n"
    validate(source(tmp_path), contract(tmp_path, run=layout), output=out, target_format="parquet")
    before = sorted(path.name for path in (out / "target").iterdir())
    uri = f"  table: {{uri: '{spelling.format(tmp_path)}'}}\n"
    with pytest.raises(OutputError, match="is a Parquet target"):
        validate(source(tmp_path), contract(tmp_path, run=layout + uri), output=out)
    assert sorted(path.name for path in (out / "target").iterdir()) == before


def test_a_table_whose_address_is_spelled_out_stands_in_its_output(tmp_path: Path) -> None:
    out = tmp_path / "out"
    rules = contract(tmp_path, run=f"  table: {{uri: '{out}/target/'}}\n")
    validate(source(tmp_path), rules, output=out)
    validate(source(tmp_path, body="7,2025-01-01,,,,\n"), rules, output=out)
    assert ids(out / "target") == ["7"]


def test_a_partition_column_called_bucket_keeps_its_values(tmp_path: Path) -> None:
    columns = [{"name": "id"}, {"name": "bucket"}]
    run = {"target_format": "delta", "layout": {"partition_by": ["bucket"]}}
    rules = load_contract({"contract": "b", "columns": columns, "run": run})
    file = source(tmp_path, header="id,bucket\n", body="1,red\n2,007\n3,07\n4,\n")
    validate(file, rules, output=tmp_path / "out")
    found = {row["id"]: row["bucket"] for row in rows(tmp_path / "out/target")}
    assert found == {"1": "red", "2": "007", "3": "07", "4": None}


def test_the_same_bytes_at_another_address_are_another_sources(tmp_path: Path) -> None:
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
    one, other = source(tmp_path / "x"), source(tmp_path / "y")
    rules = contract(tmp_path)
    validate(one, rules, output=tmp_path / "out")
    assert validate(one, rules, output=tmp_path / "out").already_done
    assert not validate(other, rules, output=tmp_path / "out").already_done
    assert validate(other, rules, output=tmp_path / "out").already_done
    found = [(row["_source"], row["id"]) for row in rows(tmp_path / "out/target")]
    assert found == [(str(file), id_) for file in (one, other) for id_ in ("1", "2", "4")]


def test_an_instant_beyond_pythons_years_is_a_row_like_others(tmp_path: Path) -> None:
    at = {"name": "at", "type": "datetime", "format": "%Y-%m-%d %H:%M:%S%z"}
    rules = load_contract(
        {"contract": "t", "columns": [{"name": "id"}, at], "run": {"target_format": "delta"}}
    )
    body = "1,9999-12-31 23:59:59-0200\n2,2025-01-01 00:00:00+0000\n"
    validate(source(tmp_path, header="id,at\n", body=body), rules, output=tmp_path / "out")
    found = DeltaTable(str(tmp_path / "out/target")).to_pyarrow_table()
    assert found.column("at").cast("int64").to_pylist() == [253402307999000000, 1735689600000000]


@pytest.mark.parametrize(
    ("column", "layout"),
    [
        ("Bucket", "buckets: {column: id, count: 4}"),
        ("DAY_month", "partition_by: [{column: day, by: month}]"),
    ],
)
def test_a_column_named_as_one_that_the_layout_makes_is_refused(
    tmp_path: Path, column: str, layout: str
) -> None:
    rules = contract(tmp_path, columns=f"  - {{name: {column}}}\n", run=f"  layout: {{{layout}}}\n")
    with pytest.raises(UsageError, match=f"column '{column}': a table has a column of that name already"):
        validate(source(tmp_path), rules, output=tmp_path / "out")


def test_a_column_with_an_underscore_may_not_go_either(tmp_path: Path) -> None:
    more = contract(tmp_path, columns="  - {name: _region}\n")
    body = "1,2025-01-01,09:05:00,00:00:05,1,ann,north\n"
    validate(
        source(tmp_path, body=body, header=HEADER.rstrip("\n") + ",_region\n"), more, output=tmp_path / "out"
    )
    with pytest.raises(UsageError, match="has a column '_region' that the contract does not declare"):
        validate(source(tmp_path), contract(tmp_path, version="1.1.0"), output=tmp_path / "out")


def test_a_failed_run_leaves_no_earlier_target_of_another_form(tmp_path: Path) -> None:
    out = tmp_path / "out"
    validate(source(tmp_path), contract(tmp_path), output=out, target_format="csv")
    assert (out / "target.csv").exists()
    result = validate(source(tmp_path), contract(tmp_path), output=out, max_rejected=0)
    assert result.record.status == "failed"
    assert not (out / "target.csv").exists()
