"""A layout puts records into folders and buckets; a run rewrites what it has records for, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from callcenter_etl import ContractError, OutputError, UsageError, load_contract, validate
from callcenter_etl.writers import target_forms
from callcenter_etl.writers.tables import external_sort, partition_stream
from callcenter_etl.writers.tables.hash_buckets import bucket_of
from callcenter_etl.writers.tables.row_groups import row_groups
from tests.published import names_in
from tests.tables.outputs import (
    COLUMNS,
    contract_of,
    listing_of,
    listing_sha256,
    records_in,
    rows_of,
    write_source,
)

BY_DAY = {"partition_by": ["day"]}
IN_BUCKETS = {
    "partition_by": ["day"],
    "buckets": {"column": "call_id", "count": 16},
    "sort_by": ["at", "call_id"],
}


def parted(**more: Any) -> Any:
    return load_contract(contract_of(**{"layout": IN_BUCKETS, **more}))


def stats_of(folder: Path) -> dict[str, tuple[int, int]]:
    """Give the inode and the date of each data file."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in folder.rglob("*.parquet")
    }


def test_folders_and_buckets_hold_each_record_once_and_duckdb_finds_the_keys(tmp_path: Path) -> None:
    source = write_source(tmp_path / "s.csv", range(400))
    result = validate(source, parted(), output=tmp_path / "out")
    target = tmp_path / "out" / "target"
    plain = validate(source, load_contract(contract_of()), output=tmp_path / "plain")
    assert plain.passed
    rows, expected = rows_of(target), rows_of(tmp_path / "plain" / "target.parquet")
    assert [{key: row[key] for key in expected[0]} for row in rows] == expected
    for path in target.rglob("*.parquet"):
        folder = path.parent.relative_to(target).as_posix()
        table = pq.read_table(path, partitioning=None)
        assert "day" not in table.column_names
        buckets = set(bucket_of(table["call_id"].combine_chunks(), 16).to_pylist())
        assert folder.rpartition("/bucket=")[2] == f"{buckets.pop():02}"
        assert not buckets
        order = list(zip(table["at"].to_pylist(), table["call_id"].to_pylist(), strict=True))
        assert order == sorted(order)
        footer = pq.read_metadata(path)
        assert [each.column_index for each in footer.row_group(0).sorting_columns] == [
            table.column_names.index("at"),
            table.column_names.index("call_id"),
        ]
    told = result.summary["outputs"]["target"]
    listing = listing_of(target)
    assert told["files"] == len(listing) - 1
    assert told["sha256"] == listing_sha256(target)
    assert told["bytes"] == sum(path.stat().st_size for path in target.rglob("*.parquet"))
    manifest = json.loads((target / "_manifest.json").read_bytes())
    assert {file["path"]: file["sha256"] for file in manifest["files"]} == {
        path: sha256 for path, sha256 in listing.items() if path.endswith(".parquet")
    }
    assert sum(file["records"] for file in manifest["files"]) == 400


def test_pandas_reads_the_folder(tmp_path: Path) -> None:
    source = write_source(tmp_path / "s.csv", range(400))
    validate(source, parted(), output=tmp_path / "out")
    frame = pd.read_parquet(tmp_path / "out" / "target")
    assert sorted(frame["call_id"]) == list(range(400))
    assert sorted(frame["day"].unique()) == [f"2025-01-0{day}" for day in range(1, 6)]


def test_chunks_workers_and_sorting_on_disk_change_no_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_source(tmp_path / "s.csv", range(1000))
    found = []
    for number, (rows, workers, block) in enumerate(((None, 1, 1 << 20), (1, 2, 4096), (7, 3, 97))):
        validate(
            source,
            parted(),
            output=tmp_path / str(number),
            chunk_rows=rows,
            workers=workers,
            block_bytes=block,
        )
        found.append(listing_of(tmp_path / str(number) / "target"))
    monkeypatch.setattr(
        external_sort, "row_groups", lambda batches, schema: row_groups(batches, schema, rows=64)
    )
    monkeypatch.setattr(external_sort, "_MIN_ROWS", 4)
    monkeypatch.setattr(external_sort, "_MERGE_ROWS", 64)
    validate(source, parted(), output=tmp_path / "disk", chunk_rows=9)
    found.append(listing_of(tmp_path / "disk" / "target"))
    assert all(listing == found[0] for listing in found)


@pytest.mark.parametrize(
    "layout",
    [BY_DAY, IN_BUCKETS, {"partition_by": [{"column": "at", "by": "day"}]}],
    ids=["day", "both", "at"],
)
def test_only_the_partitions_of_the_source_are_rewritten(tmp_path: Path, layout: dict[str, Any]) -> None:
    contract = parted(layout=layout, write="replace_partitions")
    target = tmp_path / "out" / "target"
    validate(write_source(tmp_path / "a.csv", range(500)), contract, output=tmp_path / "out")
    before, bytes_before = stats_of(target), listing_of(target)
    shutil.copytree(target, tmp_path / "held", copy_function=os.link)  # so that no inode is given twice
    source = write_source(tmp_path / "b.csv", range(1000, 1100), days=1, word="new")
    result = validate(source, contract, output=tmp_path / "out")
    after = stats_of(target)
    first = "2025-01-01"
    kept = {path for path in before if first not in path}
    assert kept == {path for path in after if first not in path}
    for path in kept:
        assert after[path] == before[path]
        assert listing_of(target)[path] == bytes_before[path]
    assert {path for path in after if first in path}.isdisjoint(before)
    rows = rows_of(target)
    assert len(rows) == records_in(target) == 400 + 100
    assert {row["call_id"] for row in rows if str(row["at"]).startswith(first)} == set(range(1000, 1100))
    assert result.summary["outputs"]["target"]["sha256"] == listing_sha256(target)
    assert result.summary["records"]["accepted"] == 100


def test_without_partitions_only_the_buckets_of_the_source_are_rewritten(tmp_path: Path) -> None:
    contract = parted(layout={"buckets": {"column": "call_id", "count": 10}}, write="replace_partitions")
    target = tmp_path / "out" / "target"
    validate(write_source(tmp_path / "a.csv", range(500)), contract, output=tmp_path / "out")
    before = stats_of(target)
    validate(write_source(tmp_path / "b.csv", range(3, 4)), contract, output=tmp_path / "out")
    changed = set(before) - set(stats_of(target))
    bucket = bucket_of(pa.array([3]), 10)[0].as_py()
    assert [path.split("/")[0] for path in changed] == [f"bucket={bucket}"]


def test_many_small_chunks_make_one_file_a_folder(tmp_path: Path) -> None:
    source = write_source(tmp_path / "s.csv", range(300))
    validate(source, parted(layout=BY_DAY), output=tmp_path / "out", chunk_rows=1)
    assert len(list((tmp_path / "out" / "target").rglob("*.parquet"))) == 5


def test_a_run_that_publishes_no_target_leaves_other_sources_records(tmp_path: Path) -> None:
    contract = parted(write="replace_partitions")
    output = tmp_path / "out"
    validate(write_source(tmp_path / "a.csv", range(50)), contract, output=output)
    before = stats_of(output / "target")
    failed = validate(
        write_source(tmp_path / "b.csv", range(9), bad=3), contract, output=output, max_rejected=1
    )
    assert failed.summary["status"] == "failed"
    (tmp_path / "c.csv").write_text("other,header\n", encoding="utf-8")
    refused = validate(tmp_path / "c.csv", contract, output=output)
    assert refused.summary["status"] == "refused"
    assert stats_of(output / "target") == before
    assert "target" not in refused.summary["outputs"]


def test_files_of_another_layout_or_other_columns_are_not_mixed_in(tmp_path: Path) -> None:
    source = write_source(tmp_path / "a.csv", range(50))
    validate(source, parted(write="replace_partitions"), output=tmp_path / "out")
    before = stats_of(tmp_path / "out" / "target")
    with pytest.raises(
        OutputError, match=r"has another layout than the contract's run.layout \(write: overwrite"
    ):
        validate(source, parted(write="replace_partitions", layout=BY_DAY), output=tmp_path / "out")
    columns = [{**each, "type": "text"} if each["name"] == "ok" else each for each in COLUMNS]
    changed = {**contract_of(layout=IN_BUCKETS, write="replace_partitions"), "columns": columns}
    with pytest.raises(OutputError, match="has other columns: 'ok'"):
        validate(source, load_contract(changed), output=tmp_path / "out")
    assert stats_of(tmp_path / "out" / "target") == before
    validate(source, parted(layout=BY_DAY), output=tmp_path / "out")
    assert records_in(tmp_path / "out" / "target") == 50


def test_what_can_be_known_of_a_layout_is_told_when_the_contract_is_loaded(tmp_path: Path) -> None:
    wrong = {
        "partition_by": ["amount", "dya", "note", {"column": "ok", "by": "day"}],
        "buckets": {"column": "ok", "count": 4},
        "sort_by": ["nothing"],
    }
    with pytest.raises(ContractError) as told:
        load_contract(contract_of(layout=wrong))
    assert str(told.value).splitlines() == [
        "run.layout.partition_by[0]: 'amount' is decimal: values of type text, digits, integer, boolean, date can make folders",
        "run.layout.partition_by[1]: unknown column 'dya' (did you mean 'day'?)",
        "run.layout.partition_by[2]: 'note' is personal: its values may not name folders",
        "run.layout.partition_by[3]: 'ok' is boolean: values of type date, datetime can make folders",
        "run.layout.buckets.column: 'ok' is boolean: values of type text, digits, integer, date, time, datetime can be hashed",
        "run.layout.sort_by[0]: unknown column 'nothing'",
    ]
    source = write_source(tmp_path / "a.csv", range(5))
    with pytest.raises(UsageError, match="replace_partitions needs partitions"):
        validate(
            source, parted(layout={"sort_by": ["at"]}, write="replace_partitions"), output=tmp_path / "out"
        )


def test_columns_of_any_name_can_sort_and_those_of_a_typed_targets_own_are_refused(tmp_path: Path) -> None:
    odd = [".a", "[0]", "_order", "x-y"]
    (tmp_path / "s.csv").write_text(",".join(odd) + "\n2,b,1,p\n1,a,2,q\n", encoding="utf-8")
    layout = {"sort_by": odd, "partition_by": ["x-y"], "buckets": {"column": ".a", "count": 2}}
    document = {**contract_of(layout=layout), "columns": [{"name": name} for name in odd]}
    validate(tmp_path / "s.csv", load_contract(document), output=tmp_path / "out")
    rows = rows_of(tmp_path / "out" / "target", '".a"')
    assert [[row[name] for name in odd] for row in rows] == [["1", "a", "2", "q"], ["2", "b", "1", "p"]]
    document["columns"] = [{"name": "_unconverted"}]
    document["run"] = {"target_format": "parquet"}
    with pytest.raises(UsageError, match="keeps the column names '_unconverted' for itself"):
        validate(tmp_path / "s.csv", load_contract(document), output=tmp_path / "other")


def test_a_layout_gone_wrong_ends_before_it_fills_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partition_stream, "MAX_FILES", 10)
    source = write_source(tmp_path / "a.csv", range(50))
    with pytest.raises(OutputError, match="the layout makes over 10 files"):
        validate(source, parted(), output=tmp_path / "out")
    assert "target" not in names_in(tmp_path / "out")


def test_a_crash_between_two_renames_is_mended_by_the_next_run(tmp_path: Path) -> None:
    contract = parted(write="replace_partitions")
    output = tmp_path / "out"
    validate(write_source(tmp_path / "a.csv", range(50)), contract, output=output)
    before = listing_of(output / "target")
    (output / "target").rename(output / ".target.before")
    (output / "summary.json").unlink()
    target_forms.restore(output)
    assert listing_of(output / "target") == before
    (output / "target").rename(output / ".target.before")
    validate(write_source(tmp_path / "b.csv", range(100, 110), days=1), contract, output=output)
    assert records_in(output / "target") == 40 + 10
    assert not (output / ".target.before").exists()


def test_a_sorted_single_file(tmp_path: Path) -> None:
    source = write_source(tmp_path / "a.csv", range(50))
    validate(source, parted(layout={"sort_by": ["note"]}), output=tmp_path / "out")
    notes = pq.read_table(tmp_path / "out" / "target.parquet")["note"].to_pylist()
    assert notes == sorted(notes)


def test_folders_are_for_those_who_may_read_the_files(tmp_path: Path) -> None:
    source = write_source(tmp_path / "a.csv", range(5))
    for mode, file, folder in ((None, 0o600, 0o700), ("0640", 0o640, 0o750), ("0644", 0o644, 0o755)):
        validate(source, parted(file_mode=mode), output=tmp_path / str(mode))
        paths = list((tmp_path / str(mode) / "target").rglob("*"))
        assert {path.stat().st_mode & 0o777 for path in paths if path.is_file()} == {file}
        assert {path.stat().st_mode & 0o777 for path in paths if path.is_dir()} == {folder}
        assert (tmp_path / str(mode) / "target").stat().st_mode & 0o777 == folder
