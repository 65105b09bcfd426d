"""Part files below an S3 prefix: uploaded unseen by tasks, published together, replaced and removed whole."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from callcenter_etl import OutputError, validate
from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.store.s3_uploads import Bucket
from callcenter_etl.writers.file_names import EXCEPTIONS, IN_PARTS, REJECTED, TARGET
from callcenter_etl.writers.part_attempt import UploadedAttempt
from callcenter_etl.writers.s3_parts import PartsPrefix, RemoteParts
from tests.engines.spark.conftest import needs_spark
from tests.storage.buckets import CONTRACT, Drops, records
from tests.storage.spark_process import SparkProcess

__all__ = ["needs_spark"]
NAMES = ("target", "exceptions", "rejected")


def remote_of(drops: Drops) -> RemoteParts:
    prefix = PartsPrefix(drops.bucket, "out/", StorageOptions(), {"run-id": "r"})
    return RemoteParts(Bucket(drops.bucket, StorageOptions()), prefix)


def told_of(remote: RemoteParts, part: int, rows: int, *, rejected: int = 0) -> dict[str, object]:
    counts = {TARGET: rows, EXCEPTIONS: rejected, REJECTED: rejected}
    with UploadedAttempt(remote.prefix, part) as attempt:
        for name, count in counts.items():
            attempt.create(name).write(b"h\n" + b"%d\n" % part * count)
        files = attempt.finish_files(counts)
        assert attempt.directory.is_dir()
    assert not attempt.directory.exists()
    return {"part": part, "files": files}


def no_step(_: str) -> None:
    return


def test_what_tasks_uploaded_is_seen_once_it_is_committed(drops: Drops) -> None:
    remote = remote_of(drops)
    told = [told_of(remote, part, rows) for part, rows in ((1, 2), (0, 0), (2, 1))]
    assert drops.keys() == []
    staged = remote.adopt(told)
    assert (staged[TARGET].parts, staged[EXCEPTIONS].parts) == (2, 1)
    remote.commit(TARGET, no_step)
    assert drops.keys() == ["out/target/_SUCCESS", "out/target/part-00001.csv", "out/target/part-00002.csv"]
    assert drops.get("out/target/part-00001.csv") == b"h\n1\n1\n"
    lines = "".join(
        f"{hashlib.sha256(drops.get(f'out/target/{name}')).hexdigest()}  {name}\n"
        for name in ("part-00001.csv", "part-00002.csv")
    )
    assert staged[TARGET].sha256 == hashlib.sha256(lines.encode()).hexdigest()
    assert drops.head("out/target/part-00001.csv")["Metadata"]["run-id"] == "r"
    remote.close()
    assert drops.uploads() == []
    assert len(drops.keys()) == 3


def test_parts_of_a_run_that_died_among_them_are_removed_by_the_next(drops: Drops) -> None:
    remote = remote_of(drops)
    remote.adopt([told_of(remote, part, 1) for part in range(20)])

    def die(uri: str) -> None:
        if uri.endswith("part-00009.csv"):
            raise OutputError("gone")

    with pytest.raises(OutputError, match="gone"):
        remote.commit(TARGET, die)
    left = drops.keys()
    assert "out/target/_unfinished" in left
    assert "out/target/_SUCCESS" not in left
    assert len(left) > 1
    drops.put("out/target/notes.txt", b"somebody's")
    remote.close()
    assert drops.uploads() == []
    remote_of(drops).remove(TARGET, no_step)
    assert drops.keys() == ["out/target/notes.txt"]


def test_part_files_that_no_run_marked_stay(drops: Drops) -> None:
    drops.put("out/target/part-00000.csv", b"somebody's")
    remote_of(drops).remove(TARGET, no_step)
    assert drops.keys() == ["out/target/part-00000.csv"]


def test_an_upload_that_fails_leaves_none_of_its_part(
    moto_drops: Drops, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote, prepare = remote_of(moto_drops), Bucket.prepare

    def fail_at_rejected(self: Bucket, key: str, *rest: object) -> object:
        if "rejected" in key:
            raise OutputError("full")
        return prepare(self, key, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Bucket, "prepare", fail_at_rejected)
    with pytest.raises(OutputError, match="full"):
        told_of(remote, 3, 1, rejected=1)
    assert moto_drops.uploads() == []


def test_what_a_job_that_failed_had_uploaded_is_removed(moto_drops: Drops) -> None:
    remote = remote_of(moto_drops)
    told = [told_of(remote, 0, 1), told_of(remote, 1, 1, rejected=2)]
    assert len(moto_drops.uploads()) == 6
    remote.prefix.abandon([*told, {"part": 2, "error": "{}"}])
    assert moto_drops.uploads() == []


def test_what_a_killed_attempt_left_on_its_disk_is_removed_by_the_next(
    moto_drops: Drops, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    script = (
        "import os, signal, sys, tempfile\n"
        "from callcenter_etl.contract.storage_options import StorageOptions\n"
        "from callcenter_etl.writers.part_attempt import UploadedAttempt\n"
        "from callcenter_etl.writers.s3_parts import PartsPrefix\n"
        "tempfile.tempdir = sys.argv[1]\n"
        "prefix = PartsPrefix('b', 'out/', StorageOptions(), {'run-id': 'r'})\n"
        "with UploadedAttempt(prefix, 0) as attempt:\n"
        "    attempt.create('target').write(b'personal')\n"
        "    attempt.files['target'].checkpoint()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = tmp_path.glob("callcenter_etl-part-*")
    assert (left / "target.csv").read_bytes() == b"personal"
    (tmp_path / "callcenter_etl-part-of-somebody").mkdir()
    remote = remote_of(moto_drops)
    with UploadedAttempt(remote.prefix, 1) as living:
        told_of(remote, 2, 1)
        assert living.directory.is_dir()
        assert not left.exists()
    assert [path.name for path in tmp_path.glob("callcenter_etl-*")] == ["callcenter_etl-part-of-somebody"]


def test_a_folder_of_sparks_own_is_left_alone(moto_drops: Drops) -> None:
    for name in ("_SUCCESS", "part-00000-3b2a6b1e-c000.csv"):
        moto_drops.put(f"out/target/{name}", b"theirs")
    remote_of(moto_drops).remove(TARGET, no_step)
    assert len(moto_drops.keys("out/target")) == 2


@pytest.mark.usefixtures("needs_spark")
def test_what_has_the_place_of_parts_on_s3_is_refused_before_anything_is_read(moto_drops: Drops) -> None:
    drops = moto_drops
    Path("c.yaml").write_text(CONTRACT, encoding="utf-8")
    source = drops.put("in/calls.csv", records(5))
    validate(source, "c.yaml", output=drops.uri("table"), target_format="delta")
    drops.put("foreign/rejected/mine.txt", b"mine")
    with SparkProcess() as spark:
        table = spark.run(source, drops.uri("table"), parts=True, force=True)
        foreign = spark.run(source, drops.uri("foreign"), parts=True)
        spark.run(source, drops.uri("parts"), parts=True)
    assert "target: is a Delta table" in table["error"]
    assert "rejected: is not an output of this program" in foreign["error"]
    assert drops.keys("foreign") == ["foreign/rejected/mine.txt"]
    assert [key for key in drops.keys("table/") if key.endswith(".csv")] == [
        "table/exceptions.csv",
        "table/rejected.csv",
    ]
    with pytest.raises(OutputError, match="target: is a folder of part files"):
        validate(source, "c.yaml", output=drops.uri("parts"), target_format="delta")
    assert drops.get("parts/target/_SUCCESS") == b""


@pytest.mark.usefixtures("needs_spark")
def test_runs_on_spark_publish_parts_to_s3(moto_drops: Drops) -> None:
    drops = moto_drops
    Path("c.yaml").write_text(CONTRACT, encoding="utf-8")
    body = records(1000) + b"x,bad\n7,twice\n"
    Path("calls.csv").write_bytes(body)
    source, output = drops.put("in/calls.csv", body), drops.uri("out")
    local = validate("calls.csv", "c.yaml", output="local")
    with SparkProcess() as spark:
        first = spark.run(source, output, parts=True, range_bytes=2000)
        summary = first["summary"]
        assert summary["records"] == local.summary["records"]
        assert first["rejected"] == local.exceptions[["reject_line", "reject_rules"]].values.tolist()
        for name in NAMES:
            keys = [key for key in drops.keys(f"out/{name}/") if "/part-" in key]
            whole = Path("local", f"{name}.csv").read_bytes()
            head = whole.splitlines(keepends=True)[0]
            parts = [drops.get(key) for key in keys]
            assert all(part.startswith(head) for part in parts)
            assert head + b"".join(part.removeprefix(head) for part in parts) == whole
            told = summary["outputs"][name]
            assert told["uri"] == drops.uri(f"out/{name}")
            assert (told["parts"], told["bytes"]) == (len(keys), sum(map(len, parts)))
        assert summary["outputs"]["target"]["parts"] > 5
        assert drops.uploads() == []

        assert spark.run(source, output, parts=True)["already_done"]
        drops.delete("out/target/part-00003.csv")
        fewer = spark.run(source, output, parts=True, range_bytes=6000)
        assert not fewer["already_done"]
        parts = fewer["summary"]["outputs"]["target"]["parts"]
        assert parts < summary["outputs"]["target"]["parts"]
        assert len(drops.keys("out/target/part-")) == parts

        over = spark.run(source, output, parts=True, range_bytes=2000, max_rejected=1, force=True)
        assert over["summary"]["status"] == "failed"
        assert drops.keys("out/target") == []
        assert drops.get("out/rejected/_SUCCESS") == b""
        assert drops.uploads() == []

        empty = drops.put("in/none.csv", b"id,who\n")
        assert spark.run(empty, output, parts=True, force=True)["summary"]["records"]["read"] == 0
        assert drops.get("out/target/part-00000.csv") == b"id,who\n"
        assert len(drops.keys("out/")) == 7
    validate(source, "c.yaml", output=output, force=True)
    assert drops.keys("out/") == [
        f"out/{name}" for name in ("exceptions.csv", "rejected.csv", "summary.json", "target.csv")
    ]
    assert IN_PARTS == NAMES
