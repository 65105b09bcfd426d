"""Delta tables on S3, on each server: runs, corrections, several writers at once, and no secret in what is said."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from deltalake import DeltaTable

from callcenter_etl import validate
from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.errors import OutputError, UsageError
from callcenter_etl.store.s3_table_options import delta_options
from tests.storage.buckets import CONTRACT, HEADER, Drops, cli, records
from tests.storage.servers import SECRET
from tests.tables.killed import GAPS, is_committed, kill_at

SECONDS_TO_START = 4.0


def _contract(folder: Path, run: str = "") -> Path:
    path = folder / "calls.yaml"
    path.write_text(CONTRACT.replace("run: {", f"run: {{target_format: delta, {run}"), encoding="utf-8")
    return path


def _rows(uri: str) -> list[tuple[str, str]]:
    table = DeltaTable(uri, storage_options=delta_options(uri, StorageOptions())).to_pyarrow_table()
    found = zip(table.column("_source").to_pylist(), table.column("id").to_pylist(), strict=True)
    return sorted(found)


def test_a_run_writes_a_table_on_s3_and_a_correction_replaces_its_rows(drops: Drops, tmp_path: Path) -> None:
    rules = _contract(tmp_path)
    source = drops.put("in/calls.csv", records(3))
    first = validate(source, rules, output=drops.uri("out"))
    target = first.record.outputs["target"]
    assert (target.uri, target.format, target.version) == (drops.uri("out/target"), "delta", 0)
    assert json.loads(drops.get("out/summary.json"))["outputs"]["target"]["version"] == 0
    assert _rows(drops.uri("out/target")) == [(source, "0"), (source, "1"), (source, "2")]
    assert validate(source, rules, output=drops.uri("out")).already_done
    drops.put("in/calls.csv", records(1, first=7))
    assert validate(source, rules, output=drops.uri("out")).record.outputs["target"].version == 1
    assert _rows(drops.uri("out/target")) == [(source, "7")]
    assert drops.uploads() == []


def test_a_commit_in_a_bucket_that_is_nested_too_deeply_ends_a_run_with_its_place(
    drops: Drops, tmp_path: Path
) -> None:
    rules = _contract(tmp_path)
    source = drops.put("in/calls.csv", records(3))
    validate(source, rules, output=drops.uri("out"))
    commit = f"out/target/_delta_log/{0:020d}.json"
    drops.put(commit, b"[" * 100_000)
    with pytest.raises(OutputError, match=r"0\.json: is nested more than 4,000 deep") as raised:
        validate(source, rules, output=drops.uri("out"), force=True)
    assert drops.uri(commit) in str(raised.value)


def test_a_run_whose_summary_was_lost_finds_its_commit(drops: Drops, tmp_path: Path) -> None:
    rules = _contract(tmp_path, run=f"table: {{uri: '{drops.uri('table')}'}}, ")
    source = drops.put("in/calls.csv", records(3))
    validate(source, rules, output=tmp_path / "out")
    (tmp_path / "out/summary.json").unlink()
    again = validate(source, rules, output=tmp_path / "out")
    assert (again.already_done, again.record.outputs["target"].version) == (False, 0)
    assert [key for key in drops.keys("table/_delta_log") if key.endswith(".json")] == [
        f"table/_delta_log/{0:020d}.json"
    ]


@pytest.mark.parametrize("gap", [gap for gap in GAPS if gap != "files renamed, no summary"])
def test_what_a_kill_leaves_on_s3_the_same_command_mends(drops: Drops, tmp_path: Path, gap: str) -> None:
    rules, out = _contract(tmp_path), drops.uri("out")
    source = drops.put("in/calls.csv", records(2))
    validate(source, rules, output=out)
    drops.put("in/calls.csv", records(3, first=7))  # the corrected one
    corrected = [(source, "7"), (source, "8"), (source, "9")]
    kill_at(gap, source, rules, out)
    # readers see one or the other
    seen = corrected if is_committed(gap) else [(source, "0"), (source, "1")]
    assert _rows(f"{out}/target") == seen
    assert bool(drops.keys("out/summary.json")) == (gap == "files put, nothing published")
    result = validate(source, rules, output=out)
    assert _rows(f"{out}/target") == corrected
    assert (result.already_done, result.record.outputs["target"].version) == (False, 1)
    assert validate(source, rules, output=out).already_done


def test_processes_that_write_one_table_on_s3_at_once_lose_nothing(drops: Drops, tmp_path: Path) -> None:
    """Each commit is a conditional put: of those who look at the same version one is first."""
    uri = drops.uri("table")
    start = str(time.time() + SECONDS_TO_START)
    command = [sys.executable, "-m", "tests.tables.writer", uri, "append"]
    root = str(Path(__file__).parents[2])
    processes = [
        subprocess.Popen([*command, f"p{number}", "1", "2", start], cwd=root, stdout=subprocess.PIPE)
        for number in range(4)
    ]
    for process in processes:
        process.communicate(timeout=120)
        assert process.returncode == 0
    assert len(_rows(uri)) == len(set(_rows(uri))) == 8
    assert DeltaTable(uri, storage_options=delta_options(uri, StorageOptions())).version() == 7


def test_what_cannot_be_kept_for_a_table_is_refused(moto_drops: Drops, tmp_path: Path) -> None:
    source = moto_drops.put("in/calls.csv", records(1))
    with pytest.raises(UsageError, match="acl cannot be kept for a table"):
        validate(
            source, _contract(tmp_path, "storage_options: {acl: private}, "), output=moto_drops.uri("out")
        )


def test_parquet_does_not_take_the_place_of_a_table(moto_drops: Drops, tmp_path: Path) -> None:
    rules = _contract(tmp_path)
    source = moto_drops.put("in/calls.csv", records(1))
    validate(source, rules, output=moto_drops.uri("out"))
    with pytest.raises(OutputError, match="is a Delta table"):
        validate(source, rules, output=moto_drops.uri("out"), target_format="parquet")


def test_no_secret_is_said_where_a_table_cannot_be_written(moto_drops: Drops, tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_bytes(HEADER + b"1,x\n")
    rules = _contract(tmp_path, "table: {uri: 's3://no-such-bucket-of-ours/table'}, ")
    done = cli("validate", "calls.csv", "--contract", str(rules), "--output", "out")
    assert done.returncode == 3
    assert "s3://no-such-bucket-of-ours/table" in done.stderr
    logged = "".join(path.read_text() for path in (tmp_path / "logs").rglob("*") if path.is_file())
    for text in (done.stdout, done.stderr, logged):
        assert SECRET not in text
    assert SECRET not in repr(StorageOptions())
