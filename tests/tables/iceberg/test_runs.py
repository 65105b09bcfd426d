"""Runs into Iceberg tables, with the catalog where pyiceberg looks for it."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from callcenter_etl import validate
from callcenter_etl.errors import OutputError, UsageError
from callcenter_etl.writers.tables.iceberg.iceberg_target import catalog_named
from tests.tables.delta.test_runs import FOUR, contract, source
from tests.tables.iceberg.catalogs import properties
from tests.tables.killed import GAPS, is_committed, kill_at

TABLE = "  table: {catalog: lake, identifier: calls.daily}\n"
LAYOUT = "  layout: {partition_by: [{column: day, by: month}], buckets: {column: id, count: 4}}\n"


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A contract whose table is in a catalog that the environment describes."""
    for name, text in properties(tmp_path).items():
        monkeypatch.setenv(f"PYICEBERG_CATALOG__LAKE__{name.upper()}", text)
    path = contract(tmp_path, run=TABLE + LAYOUT)
    path.write_text(path.read_text().replace("target_format: delta", "target_format: iceberg"))
    return path


def rows() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        catalog_named("lake").load_table("calls.daily").scan().to_arrow().to_pylist()
    )
    return sorted(found, key=lambda row: row["id"])


def test_accepted_records_arrive_in_the_contracts_types(tmp_path: Path, rules: Path) -> None:
    file = source(tmp_path)
    result = validate(file, rules, output=tmp_path / "out")
    first, _, last = rows()
    assert first == {
        "id": "1",
        "day": dt.date(2025, 1, 1),
        "at": dt.time(9, 5),
        "took": 5_000_000,
        "cost": Decimal("1.25"),
        "who": "ann",
        "_unconverted": None,
        "_source": str(file),
    }
    assert (last["id"], last["day"]) == ("4", None)
    table = catalog_named("lake").load_table("calls.daily")
    target = result.record.outputs["target"]
    assert target.uri == "iceberg://lake/calls.daily"
    assert (target.format, target.records, target.version) == ("iceberg", 3, table.snapshots()[0].snapshot_id)
    assert table.schema().find_field("day").doc == "the day of the call"


def test_a_rerun_is_done_already_and_a_correction_replaces_its_rows(tmp_path: Path, rules: Path) -> None:
    validate(source(tmp_path), rules, output=tmp_path / "out")
    assert validate(source(tmp_path), rules, output=tmp_path / "out").already_done
    (tmp_path / "out/summary.json").unlink()
    assert not validate(source(tmp_path), rules, output=tmp_path / "out").already_done
    assert len(catalog_named("lake").load_table("calls.daily").snapshots()) == 1
    validate(source(tmp_path, body="9,2025-02-01,,,,\n"), rules, output=tmp_path / "out")
    assert [row["id"] for row in rows()] == ["9"]


def test_metadata_repeat_no_value_of_a_classified_column(tmp_path: Path, rules: Path) -> None:
    validate(source(tmp_path, body=FOUR.replace("ann", "annabella")), rules, output=tmp_path / "out")
    table = catalog_named("lake").load_table("calls.daily")
    at = table.schema().find_field("who").field_id
    for task in table.scan().plan_files():
        assert at not in {*(task.file.lower_bounds or {}), *(task.file.upper_bounds or {})}


def test_metadata_repeat_no_value_of_a_column_that_came_or_was_classified_later(
    tmp_path: Path, rules: Path
) -> None:
    validate(source(tmp_path), rules, output=tmp_path / "out")
    text = rules.read_text().replace(
        "{name: at, type: time}", "{name: at, type: time, classification: secret}"
    )
    rules.write_text(text.replace("run:\n", "  - {name: ssn, classification: secret}\nrun:\n"))
    body = "9,2025-02-01,09:05:00,,,ann,SECRET-SSN\n"
    header = "id,day,at,took,cost,who,ssn\n"
    validate(source(tmp_path, body=body, header=header), rules, output=tmp_path / "out")
    table = catalog_named("lake").load_table("calls.daily")
    assert [row["ssn"] for row in rows()] == ["SECRET-SSN"]
    told = [task.file for task in table.scan().plan_files()]
    for name in ("ssn", "at", "who"):
        at = table.schema().find_field(name).field_id
        assert all(at not in {*(file.lower_bounds or {}), *(file.upper_bounds or {})} for file in told)
        assert table.properties[f"write.metadata.metrics.column.{name}"] == "counts"


def test_a_delta_table_in_the_output_is_not_left_beside_a_summary_of_another(
    tmp_path: Path, rules: Path
) -> None:
    validate(source(tmp_path), contract(tmp_path), output=tmp_path / "out")
    with pytest.raises(OutputError, match="target: is a Delta table"):
        validate(source(tmp_path), rules, output=tmp_path / "out")


def test_duckdb_reads_the_files_that_a_scan_plans(tmp_path: Path, rules: Path) -> None:
    """DuckDB's own Iceberg extension is fetched from its makers; here it reads what pyiceberg plans."""
    validate(source(tmp_path), rules, output=tmp_path / "out")
    files = [
        task.file.file_path for task in catalog_named("lake").load_table("calls.daily").scan().plan_files()
    ]
    found = duckdb.read_parquet(files).order("id").fetchall()
    assert [row[0] for row in found] == ["1", "2", "4"]


def test_what_is_not_said_of_the_table_is_asked_for(
    tmp_path: Path, rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = rules.read_text()
    for change, sentence in (
        ((", identifier: calls.daily", ""), "needs run.table.identifier"),
        (("catalog: lake", "catalog: lake, uri: there"), "run.table.uri is of Delta tables"),
        (("catalog: lake", "catalog: sea"), "catalog 'sea' is not configured for pyiceberg"),
    ):
        rules.write_text(text.replace(*change), encoding="utf-8")
        with pytest.raises(UsageError, match=sentence):
            validate(source(tmp_path), rules, output=tmp_path / "out")


def test_without_the_extra_the_remedy_is_said(tmp_path: Path, rules: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nsys.modules['pyiceberg'] = None\n", encoding="utf-8"
    )
    command = [
        sys.executable,
        "-m",
        "callcenter_etl",
        "validate",
        str(source(tmp_path)),
        "--contract",
        str(rules),
    ]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [*command, "--output", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 2
    assert (
        "needs pyiceberg, which is not installed (run: pip install 'callcenter-etl[iceberg]')" in done.stderr
    )


@pytest.mark.parametrize("gap", GAPS)
def test_what_a_kill_leaves_the_same_command_mends(tmp_path: Path, rules: Path, gap: str) -> None:
    out = tmp_path / "out"
    validate(source(tmp_path, body="1,2025-01-01,,,,\n5,2025-01-03,,,,\n"), rules, output=out)
    file = source(tmp_path)  # the corrected one
    kill_at(gap, file, rules, out)
    assert [row["id"] for row in rows()] == (["1", "2", "4"] if is_committed(gap) else ["1", "5"])
    assert (out / "summary.json").exists() == (gap == "files put, nothing published")
    result = validate(file, rules, output=out)
    assert [row["id"] for row in rows()] == ["1", "2", "4"]
    snapshots = catalog_named("lake").load_table("calls.daily").snapshots()
    assert not result.already_done
    assert result.record.outputs["target"].version == snapshots[-1].snapshot_id
    assert validate(file, rules, output=out).already_done
    assert len(catalog_named("lake").load_table("calls.daily").snapshots()) == len(snapshots)
