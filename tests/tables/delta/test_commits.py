"""What commits of deliveries leave in a Delta table: each source's last version, once, whatever the order."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter_etl.contract.table_layout import TableLayout
from callcenter_etl.errors import UsageError
from callcenter_etl.writers.tables.data_file import path_in_table
from callcenter_etl.writers.tables.table_commit import CommitRequest, commit_files
from callcenter_etl.writers.tables.table_protocol import Added
from callcenter_etl.writers.tables.write_mode import TableMode, WriteMode
from tests.tables.deliveries import (
    BY_DAY,
    PLAIN,
    Delivery,
    commit_of,
    deliver,
    delta_goal,
    delta_table,
    files_of,
    rows_in,
)

FIRST = Delivery("a.csv", ((1, 1), (1, 2), (2, 3)))
CORRECTED = Delivery("a.csv", ((1, 1), (3, 4)))
OTHER = Delivery("b.csv", ((1, 10), (2, 11)))


def test_a_first_commit_makes_the_table_with_its_rows_in_one_version(tmp_path: Path) -> None:
    uri = str(tmp_path / "t")
    done = deliver(uri, FIRST, tmp_path, layout=BY_DAY)
    assert (done.version, done.records, done.added, done.removed, done.already) == (0, 3, 2, 0, False)
    assert rows_in(uri) == FIRST.in_table


def test_a_rerun_of_the_same_content_makes_no_version(tmp_path: Path) -> None:
    uri = str(tmp_path / "t")
    deliver(uri, FIRST, tmp_path)
    deliver(uri, OTHER, tmp_path)
    done = deliver(uri, FIRST, tmp_path)
    assert (done.version, done.records, done.already) == (0, 3, True)
    assert DeltaTable(uri).version() == 1


def test_a_corrected_file_replaces_its_own_rows_in_one_version_and_no_others(tmp_path: Path) -> None:
    uri = str(tmp_path / "t")
    deliver(uri, FIRST, tmp_path, layout=BY_DAY)
    deliver(uri, OTHER, tmp_path, layout=BY_DAY)
    others = [path for path in DeltaTable(uri).file_uris() if OTHER.origin.source_key in path]
    done = deliver(uri, CORRECTED, tmp_path, layout=BY_DAY)
    assert (done.version, done.added, done.removed) == (2, 2, 2)
    assert rows_in(uri) == sorted(CORRECTED.in_table + OTHER.in_table)
    assert set(others) <= set(DeltaTable(uri).file_uris())


def test_a_file_that_goes_back_to_an_earlier_content_is_committed_again(tmp_path: Path) -> None:
    uri = str(tmp_path / "t")
    for delivery in (FIRST, CORRECTED, FIRST):
        assert not deliver(uri, delivery, tmp_path).already
    assert rows_in(uri) == FIRST.in_table


def test_a_source_without_accepted_records_takes_its_rows_away_and_is_done(tmp_path: Path) -> None:
    uri = str(tmp_path / "t")
    deliver(uri, FIRST, tmp_path)
    nothing = Delivery("a.csv", ())
    assert not deliver(uri, nothing, tmp_path).already
    assert rows_in(uri) == []
    assert deliver(uri, nothing, tmp_path).already


def test_the_commit_says_which_run_and_source_made_it(tmp_path: Path) -> None:
    uri = str(tmp_path / "t")
    deliver(uri, FIRST, tmp_path)
    told = json.loads(DeltaTable(uri).history(1)[0]["userMetadata"])
    assert told["source"] == "a.csv"
    assert told["run_id"].startswith("20250101T")
    assert told["source_sha256"] == FIRST.origin.source_sha256
    assert (told["contract"], told["contract_version"]) == ("calls", "1.0.0")


def test_replace_partitions_replaces_days_that_it_touches_and_what_it_wrote_elsewhere(tmp_path: Path) -> None:
    uri = str(tmp_path / "t")
    deliver(uri, OTHER, tmp_path, layout=BY_DAY)  # days 1 and 2
    deliver(uri, FIRST, tmp_path, "replace_partitions", BY_DAY)
    assert rows_in(uri) == FIRST.in_table
    deliver(uri, OTHER, tmp_path, "append", BY_DAY)
    deliver(uri, CORRECTED, tmp_path, "replace_partitions", BY_DAY)  # days 1 and 3
    assert rows_in(uri) == sorted([*CORRECTED.in_table, ("b.csv", 2, 11)])


def test_overwrite_leaves_this_source_alone_in_the_table(tmp_path: Path) -> None:
    uri = str(tmp_path / "t")
    deliver(uri, OTHER, tmp_path)
    deliver(uri, FIRST, tmp_path, "overwrite")
    assert rows_in(uri) == FIRST.in_table
    assert deliver(uri, FIRST, tmp_path, "overwrite").already


@pytest.mark.parametrize("mode", ["overwrite", "replace_partitions"])
def test_a_source_whose_rows_another_one_replaced_is_not_taken_for_done(
    tmp_path: Path, mode: TableMode
) -> None:
    uri = str(tmp_path / "t")
    deliver(uri, FIRST, tmp_path, mode, BY_DAY)
    deliver(uri, OTHER, tmp_path, mode, BY_DAY)
    assert not deliver(uri, FIRST, tmp_path, mode, BY_DAY).already
    assert rows_in(uri) == FIRST.in_table


def test_after_compaction_reruns_are_still_done_and_corrections_still_exact(tmp_path: Path) -> None:
    uri = str(tmp_path / "t")
    deliver(uri, FIRST, tmp_path)
    deliver(uri, OTHER, tmp_path)
    DeltaTable(uri).optimize.compact()
    assert len(DeltaTable(uri).file_uris()) == 1
    done = deliver(uri, FIRST, tmp_path)
    assert (done.already, done.records) == (True, 3)
    done = deliver(uri, CORRECTED, tmp_path)
    assert (done.added, done.removed) == (2, 1)  # its rows, and the rest of the file that held both
    assert rows_in(uri) == sorted(CORRECTED.in_table + OTHER.in_table)
    assert deliver(uri, OTHER, tmp_path).already


def test_after_vacuum_and_a_checkpoint_reruns_are_still_done(tmp_path: Path) -> None:
    uri = str(tmp_path / "t")
    deliver(uri, FIRST, tmp_path)
    deliver(uri, OTHER, tmp_path)
    table = DeltaTable(uri)
    table.create_checkpoint()
    for number in (0, 1):  # as the log's retention does after thirty days
        (tmp_path / "t" / "_delta_log" / f"{number:020d}.json").unlink()
    done = deliver(uri, FIRST, tmp_path)
    assert (done.already, done.version) == (True, 1)


def test_what_is_in_no_version_is_removed(tmp_path: Path) -> None:
    uri = str(tmp_path / "t")
    deliver(uri, FIRST, tmp_path)
    before = sorted((tmp_path / "t").rglob("*.parquet"))
    commit = commit_of(uri, OTHER, OTHER.origin, tmp_path)
    commit.prepare()
    assert len(list((tmp_path / "t").rglob("*.parquet"))) == 2
    commit.close()
    assert sorted((tmp_path / "t").rglob("*.parquet")) == before


def test_files_that_executors_wrote_into_the_tables_place_are_committed_together(tmp_path: Path) -> None:
    uri, origin = str(tmp_path / "t"), FIRST.origin
    goal = delta_goal(uri, BY_DAY)
    files = files_of(goal, FIRST, origin, tmp_path, BY_DAY)
    goal.place.begin()
    added = tuple(Added(path_in_table(file, origin, number), file) for number, file in enumerate(files))
    for each in added:
        goal.place.put(each.file.file, each.path, each.file.sha256)
    job = CommitRequest(origin, WriteMode("append"), (), tmp_path, seconds=10)
    assert commit_files(goal.table, goal.place, job, added).records == 3
    assert rows_in(uri) == FIRST.in_table
    assert deliver(uri, FIRST, tmp_path, layout=BY_DAY).already


def test_the_log_says_bounds_by_which_readers_pass_by_files(tmp_path: Path) -> None:
    uri = str(tmp_path / "t")
    deliver(uri, FIRST, tmp_path)
    (action,) = DeltaTable(uri).get_add_actions(flatten=True).to_struct_array().to_pylist()
    assert (action["num_records"], action["min.id"], action["max.id"], action["null_count.note"]) == (
        3,
        1,
        3,
        0,
    )
    assert (action["min._source"], action["max._source"]) == ("a.csv", "a.csv")


def test_duckdb_reads_the_table_as_delta_rs_does(tmp_path: Path) -> None:
    """DuckDB's own Delta extension is fetched from its makers; here it reads delta-rs's dataset."""
    uri = str(tmp_path / "t")
    deliver(uri, FIRST, tmp_path, layout=BY_DAY)
    deliver(uri, OTHER, tmp_path, layout=BY_DAY)
    calls = DeltaTable(uri).to_pyarrow_dataset()
    connection = duckdb.connect()
    connection.register("calls", calls)
    found = connection.execute("SELECT _source, dayofyear(day), id FROM calls ORDER BY ALL").fetchall()
    assert calls.count_rows() == len(found) == 5
    assert [tuple(row) for row in found] == sorted(FIRST.in_table + OTHER.in_table)


def test_files_have_no_column_of_their_partition_and_say_who_may_read_them(tmp_path: Path) -> None:
    uri = str(tmp_path / "t")
    deliver(uri, FIRST, tmp_path, layout=BY_DAY)
    (path, _) = sorted((tmp_path / "t").rglob("*.parquet"))
    assert pq.read_schema(path).names == ["id", "note", "_source"]
    assert path.parent.name == "day=2025-01-01"
    modes = {oct(each.stat().st_mode & 0o777) for each in (tmp_path / "t").rglob("*") if each.is_file()}
    assert modes == {"0o600"}


def test_a_table_of_another_contract_or_layout_is_refused(tmp_path: Path) -> None:
    uri = str(tmp_path / "t")
    deliver(uri, FIRST, tmp_path)
    with pytest.raises(UsageError, match=r"is the table of contract 'calls', not of 'mails'"):
        delta_table(uri, contract="mails").newest()
    with pytest.raises(UsageError, match=r"is partitioned by nothing, run.layout says \['day'\]"):
        delta_table(uri, BY_DAY).newest()


DAYS_AND_BUCKETS = TableLayout.model_validate(
    {"partition_by": ["day"], "buckets": {"column": "id", "count": 3}}
)
SOURCES = st.sampled_from(["a.csv", "b.csv", "c.csv"])
ROWS = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 9)), max_size=4).map(tuple)
DELIVERIES = st.lists(st.builds(Delivery, SOURCES, ROWS), min_size=1, max_size=6)


@settings(max_examples=8, deadline=None)
@given(deliveries=DELIVERIES, compact_after=st.integers(0, 6), layout=st.sampled_from([PLAIN, BY_DAY]))
def test_appends_give_the_last_version_of_each_source_in_any_order(
    deliveries: list[Delivery], compact_after: int, layout: Any
) -> None:
    with _folder() as folder:
        uri = str(folder / "t")
        for number, delivery in enumerate(deliveries):
            deliver(uri, delivery, folder, layout=layout)
            if number == compact_after:
                DeltaTable(uri).optimize.compact()
        last = {delivery.source: delivery for delivery in deliveries}
        assert rows_in(uri) == sorted(row for delivery in last.values() for row in delivery.in_table)
        version = DeltaTable(uri).version()
        for delivery in last.values():
            assert deliver(uri, delivery, folder, layout=layout).already
        assert DeltaTable(uri).version() == version


@settings(max_examples=8, deadline=None)
@given(
    deliveries=DELIVERIES, compact_after=st.integers(0, 6), layout=st.sampled_from([BY_DAY, DAYS_AND_BUCKETS])
)
def test_replace_partitions_gives_what_a_table_kept_by_hand_holds(
    deliveries: list[Delivery], compact_after: int, layout: TableLayout
) -> None:
    with _folder() as folder:
        uri, kept = str(folder / "t"), set[tuple[str, int, int]]()
        for number, delivery in enumerate(deliveries):
            deliver(uri, delivery, folder, "replace_partitions", layout)
            days = {day for day, _ in delivery.rows}
            kept = {row for row in kept if row[1] not in days and row[0] != delivery.source}
            kept |= set(delivery.in_table)
            if number == compact_after:
                DeltaTable(uri).optimize.compact()
            assert sorted(set(rows_in(uri))) == sorted(kept)


class _folder:  # noqa: N801  used as a function is
    """A folder of one example's own; Hypothesis shares a test's fixtures among examples."""

    def __enter__(self) -> Path:
        self._path = Path(tempfile.mkdtemp())
        return self._path

    def __exit__(self, *exc: object) -> None:
        shutil.rmtree(self._path)
