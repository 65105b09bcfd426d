"""What commits of deliveries leave in an Iceberg table, and what its catalog and other readers see of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyiceberg.catalog import Catalog
from pyiceberg.table import Table

from callcenter_etl.contract.table_layout import TableLayout
from callcenter_etl.errors import UsageError
from callcenter_etl.writers.tables.iceberg.iceberg_table import IcebergTable
from callcenter_etl.writers.tables.write_mode import TableMode
from tests.tables.deliveries import BY_DAY, PLAIN, SCHEMA, Delivery, deliver, rows_of
from tests.tables.iceberg.catalogs import goal_in, new_catalog, table_of

FIRST = Delivery("a.csv", ((1, 1), (1, 2), (2, 3)))
CORRECTED = Delivery("a.csv", ((1, 1), (3, 4)))
OTHER = Delivery("b.csv", ((1, 10), (2, 11)))
BUCKETS = TableLayout.model_validate({"partition_by": ["day"], "buckets": {"column": "id", "count": 4}})


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return new_catalog(tmp_path)


def rows_in(catalog: Catalog) -> list[tuple[str, int, int]]:
    return rows_of(table_of(catalog).scan().to_arrow())


def test_each_commit_is_one_snapshot_that_says_which_run_made_it(catalog: Catalog, tmp_path: Path) -> None:
    done = deliver(goal_in(catalog, BY_DAY), FIRST, tmp_path, layout=BY_DAY)
    (snapshot,) = table_of(catalog).snapshots()
    assert (done.version, done.records, done.added) == (snapshot.snapshot_id, 3, 2)
    assert snapshot.summary is not None
    told = snapshot.summary.additional_properties
    assert told["callcenter_etl.source"] == "a.csv"
    assert told["callcenter_etl.run_id"].startswith("20250101T")
    assert told["callcenter_etl.source_sha256"] == FIRST.origin.source_sha256
    assert rows_in(catalog) == FIRST.in_table


def test_a_rerun_makes_no_snapshot_and_a_correction_replaces_its_rows_in_one(
    catalog: Catalog, tmp_path: Path
) -> None:
    goal = goal_in(catalog, BY_DAY)
    for delivery in (FIRST, OTHER, FIRST):
        done = deliver(goal, delivery, tmp_path, layout=BY_DAY)
    assert done.already
    assert len(table_of(catalog).snapshots()) == 2
    done = deliver(goal, CORRECTED, tmp_path, layout=BY_DAY)
    assert (done.added, done.removed) == (2, 2)
    assert len(table_of(catalog).snapshots()) == 3
    assert rows_in(catalog) == sorted(CORRECTED.in_table + OTHER.in_table)


def test_a_source_without_accepted_records_takes_its_rows_away(catalog: Catalog, tmp_path: Path) -> None:
    nothing = Delivery("a.csv", ())
    assert deliver(goal_in(catalog), nothing, tmp_path).version == 0
    deliver(goal_in(catalog), FIRST, tmp_path)
    assert not deliver(goal_in(catalog), nothing, tmp_path).already
    assert rows_in(catalog) == []
    assert deliver(goal_in(catalog), nothing, tmp_path).already


def test_buckets_are_icebergs_own_and_prune_files(catalog: Catalog, tmp_path: Path) -> None:
    deliver(goal_in(catalog, BUCKETS), FIRST, tmp_path, layout=BUCKETS)
    table = table_of(catalog)
    for day, number in FIRST.rows:
        found = table.scan(row_filter=f"id = {number}").to_arrow()
        assert rows_of(found) == [("a.csv", day, number)]
    planned = list(table.scan(row_filter="id = 1").plan_files())
    assert len(planned) == 1 < len(list(table.scan().plan_files()))


@pytest.mark.parametrize("mode", ["overwrite", "replace_partitions"])
def test_a_source_whose_rows_another_one_replaced_is_not_taken_for_done(
    catalog: Catalog, tmp_path: Path, mode: TableMode
) -> None:
    goal = goal_in(catalog, BY_DAY)
    deliver(goal, FIRST, tmp_path, mode, BY_DAY)
    deliver(goal, OTHER, tmp_path, mode, BY_DAY)
    assert rows_in(catalog) == OTHER.in_table
    assert not deliver(goal, FIRST, tmp_path, mode, BY_DAY).already
    assert rows_in(catalog) == FIRST.in_table


def test_rows_that_another_program_merged_into_one_file_are_still_replaced_exactly(
    catalog: Catalog, tmp_path: Path
) -> None:
    for delivery in (FIRST, OTHER):
        deliver(goal_in(catalog), delivery, tmp_path)
    table = table_of(catalog)
    table.overwrite(table.scan().to_arrow())  # as a compaction would
    assert deliver(goal_in(catalog), FIRST, tmp_path).already
    deliver(goal_in(catalog), CORRECTED, tmp_path)
    assert rows_in(catalog) == sorted(CORRECTED.in_table + OTHER.in_table)


def test_a_contract_that_adds_a_column_adds_it_and_any_other_change_is_refused(
    catalog: Catalog, tmp_path: Path
) -> None:
    deliver(goal_in(catalog), FIRST, tmp_path)
    goal_in(catalog, schema=SCHEMA.append(pa.field("more", pa.decimal128(38, 18))))
    assert table_of(catalog).schema().column_names == ["day", "id", "note", "_source", "more"]
    assert rows_in(catalog) == FIRST.in_table
    with pytest.raises(UsageError, match=r"has a column 'more' that the contract does not declare"):
        goal_in(catalog)
    with pytest.raises(UsageError, match=r"column 'id' is int64 in the table and string under this contract"):
        goal_in(catalog, schema=SCHEMA.set(1, pa.field("id", pa.string())))
    with pytest.raises(UsageError, match=r"is partitioned by nothing, run.layout says"):
        goal_in(catalog, BY_DAY, schema=SCHEMA.append(pa.field("more", pa.decimal128(38, 18))))


def test_a_column_that_two_runs_add_at_once_is_there_once(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    goal_in(catalog)
    wide, missing = SCHEMA.append(pa.field("more", pa.string())), IcebergTable._missing
    tries = []

    def late(self: IcebergTable, table: Table) -> list[pa.Field]:
        found = missing(self, table)
        tries.append(len(found))
        if len(tries) == 1:
            goal_in(catalog, schema=wide)
        return found

    monkeypatch.setattr(IcebergTable, "_missing", late)
    goal_in(catalog, schema=wide)
    assert tries == [1, 1, 0]  # ours, the other run's, ours again
    assert table_of(catalog).schema().column_names.count("more") == 1


def test_processes_that_append_at_once_lose_nothing(catalog: Catalog, tmp_path: Path) -> None:
    goal_in(catalog)
    start = str(time.time() + 4)
    command = [sys.executable, "-m", "tests.tables.iceberg.writer", str(tmp_path)]
    processes = [subprocess.Popen([*command, f"p{number}", "2", start]) for number in range(4)]
    assert [process.wait(timeout=120) for process in processes] == [0] * 4
    assert rows_in(catalog) == sorted(
        (f"p{process}-{number}", 1, number) for process in range(4) for number in (0, 1)
    )
    assert len(table_of(catalog).snapshots()) == 8


SOURCES = st.sampled_from(["a.csv", "b.csv"])
ROWS = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 9)), max_size=3).map(tuple)


@settings(max_examples=5, deadline=None)
@given(
    deliveries=st.lists(st.builds(Delivery, SOURCES, ROWS), min_size=1, max_size=5),
    layout=st.sampled_from([PLAIN, BUCKETS]),
)
def test_appends_give_the_last_version_of_each_source_in_any_order(
    deliveries: list[Delivery], layout: Any
) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        catalog = new_catalog(folder)
        for delivery in deliveries:
            deliver(goal_in(catalog, layout), delivery, folder, layout=layout)
        last = {delivery.source: delivery for delivery in deliveries}
        assert rows_in(catalog) == sorted(row for delivery in last.values() for row in delivery.in_table)
    finally:
        shutil.rmtree(folder)
