"""Several processes that write into one Delta table at the same time: nothing is lost, nothing is there twice."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from deltalake import DeltaTable

from callcenter_etl.errors import OutputError
from callcenter_etl.writers.tables.table_commit import Commit
from tests.tables.deliveries import BY_DAY, Delivery, commit_of, deliver, rows_in

SECONDS_TO_START = 3.0  # all have imported what they need by then


def _all_at_once(uri: str, *writers: tuple[str, str, int, int]) -> list[dict[str, object]]:
    """Run writers of (mode, source, day, commits each); give what they told."""
    start = str(time.time() + SECONDS_TO_START)
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.tables.writer", uri, mode, source, str(day), str(count), start],
            stdout=subprocess.PIPE,
            text=True,
        )
        for mode, source, day, count in writers
    ]
    told = []
    for process in processes:
        out, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        told += [json.loads(line) for line in out.splitlines()]
    return told


def test_eight_processes_that_append_to_a_new_table_lose_nothing(tmp_path: Path) -> None:
    uri = str(tmp_path / "t")
    told = _all_at_once(uri, *(("append", f"p{number}", 1, 2) for number in range(8)))
    assert sorted(row[0] for row in rows_in(uri)) == sorted(str(each["source"]) for each in told)
    assert sorted(int(str(each["version"])) for each in told) == list(range(16))


def test_four_processes_that_replace_one_partition_leave_the_last_ones_rows_alone(tmp_path: Path) -> None:
    uri = str(tmp_path / "t")
    deliver(uri, Delivery("other.csv", ((2, 7),)), tmp_path, layout=BY_DAY)
    told = _all_at_once(uri, *(("replace_partitions", f"p{number}", 1, 1) for number in range(4)))
    last = max(told, key=lambda each: int(str(each["version"])))
    assert rows_in(uri) == sorted([("other.csv", 2, 7), (str(last["source"]), 1, 0)])
    assert sorted(int(str(each["version"])) for each in told) == [1, 2, 3, 4]


def test_processes_that_replace_different_partitions_all_arrive(tmp_path: Path) -> None:
    uri = str(tmp_path / "t")
    _all_at_once(uri, *(("replace_partitions", f"p{day}", day, 1) for day in range(1, 5)))
    assert rows_in(uri) == [(f"p{day}-0", day, 0) for day in range(1, 5)]


def test_a_run_that_never_comes_first_says_who_did_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = str(tmp_path / "t")
    deliver(uri, Delivery("first.csv", ((1, 1),)), tmp_path, layout=BY_DAY)
    late = Delivery("late.csv", ((1, 2),))
    commit = commit_of(uri, late, late.origin, tmp_path, layout=BY_DAY, seconds=1)
    commit.prepare()
    change = Commit._change
    rivals = iter(range(1_000))

    def after_a_rival(self: Commit, version: object) -> object:
        """Let another writer commit between the look at the table and the commit, each time."""
        made = change(self, version)  # type: ignore[arg-type]
        monkeypatch.setattr(Commit, "_change", change)
        deliver(uri, Delivery(f"rival-{next(rivals)}.csv", ((1, 3),)), tmp_path, layout=BY_DAY)
        monkeypatch.setattr(Commit, "_change", after_a_rival)
        return made

    monkeypatch.setattr(Commit, "_change", after_a_rival)
    with pytest.raises(
        OutputError,
        match=r"other writers were first for 1 s, at last run 2025\S+ \(version \d+, source rival",
    ):
        commit.commit()
    commit.close()
    assert "late.csv" not in {row[0] for row in rows_in(uri)}
    assert not [path for path in (tmp_path / "t").rglob("*.parquet") if late.origin.source_key in path.name]


@pytest.mark.parametrize("force", [False, True])
def test_a_commit_whose_answer_was_lost_is_found_and_not_done_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, force: bool
) -> None:
    from callcenter_etl.writers.tables.delta.delta_table import DeltaLakeTable
    from callcenter_etl.writers.tables.table_protocol import ConflictError

    uri = str(tmp_path / "t")
    deliver(uri, Delivery("first.csv", ((1, 1),)), tmp_path, layout=BY_DAY)
    real = DeltaLakeTable.commit

    def losing_the_answer(self: DeltaLakeTable, version: object, change: object) -> int:
        monkeypatch.setattr(DeltaLakeTable, "commit", real)
        real(self, version, change)  # type: ignore[arg-type]
        raise ConflictError  # what a store says of a put that is tried again and was done

    monkeypatch.setattr(DeltaLakeTable, "commit", losing_the_answer)
    done = deliver(uri, Delivery("late.csv", ((1, 2),)), tmp_path, layout=BY_DAY, force=force)
    assert (done.already, done.version, done.records) == (True, 1, 1)
    assert rows_in(uri) == [("first.csv", 1, 1), ("late.csv", 1, 2)]
    assert (
        DeltaTable(uri).to_pyarrow_table().num_rows == 2
    )  # its files are there: they were not taken for loose
