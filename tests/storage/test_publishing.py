"""Outputs on S3: whole, together, by one run at a time, and with proof."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import OutputError, UsageError, load_contract, validate
from callcenter_etl.contract.storage_options import StorageOptions
from callcenter_etl.store import s3_lease
from callcenter_etl.store.s3_uploads import Bucket, Content
from callcenter_etl.writers import destination
from tests.storage.buckets import CONTRACT, Drops, cli, records
from tests.storage.proxy import Plan, Request, proxied

FILES = ["out/exceptions.csv", "out/rejected.csv", "out/summary.json", "out/target.csv"]


@pytest.fixture(autouse=True)
def _files(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CONTRACT, encoding="utf-8")
    (tmp_path / "good.csv").write_bytes(records(20))
    (tmp_path / "other.csv").write_bytes(records(30, first=100))
    (tmp_path / "bad.csv").write_bytes(records(20) + b"x,bad\n")


def is_one_run(drops: Drops) -> dict[str, Any]:
    """Give the summary, after holding every file against it."""
    summary: dict[str, Any] = json.loads(drops.get("out/summary.json"))
    for name, file in summary["outputs"].items():
        key = f"out/{name}.csv"
        body, metadata = drops.get(key), drops.head(key)["Metadata"]
        assert file == {"uri": drops.uri(key), "bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
        assert (metadata["run-id"], metadata["sha256"]) == (summary["run_id"], file["sha256"])
    return summary


def test_the_files_of_a_run_are_there_with_what_they_are_of(drops: Drops) -> None:
    result = validate("bad.csv", "c.yaml", output=drops.uri("out"))
    assert drops.keys() == FILES
    assert drops.uploads() == []
    assert is_one_run(drops) == result.summary
    metadata = drops.head("out/target.csv")["Metadata"]
    assert metadata.pop("sha256") == hashlib.sha256(records(20)).hexdigest()
    assert metadata == {
        "run-id": result.record.run_id,
        "status": "rejects",
        "contract-id": "calls",
        "contract-version": "1.2.0",
        "contract-sha256": result.record.contract.sha256,
        "records-read": "21",
        "records-accepted": "20",
        "records-rejected": "1",
    }
    assert drops.head("out/summary.json")["Metadata"] == metadata
    assert result.exceptions["reject_line"].tolist() == [22]


def test_the_earlier_runs_files_are_replaced_together(drops: Drops) -> None:
    validate("bad.csv", "c.yaml", output=drops.uri("out"))
    second = validate("other.csv", "c.yaml", output=drops.uri("out") + "/", force=True)
    assert is_one_run(drops) == second.summary
    failed = validate("bad.csv", "c.yaml", output=drops.uri("out"), max_rejected=0, force=True)
    assert drops.keys() == [name for name in FILES if "target" not in name]
    assert is_one_run(drops) == failed.summary
    Path("empty.csv").touch()
    validate("empty.csv", "c.yaml", output=drops.uri("out"), force=True)
    assert drops.keys() == ["out/summary.json"]


def test_large_files_go_up_in_parts(drops: Drops) -> None:
    Path("big.csv").write_bytes(records(900_000, width=8) + b"x,bad\n")
    validate("big.csv", "c.yaml", output=drops.uri("out"), force=True)
    is_one_run(drops)
    assert drops.head("out/target.csv")["ContentLength"] > 8 * 2**20
    assert drops.head("out/target.csv")["ETag"].strip('"').endswith("-2")


def gone_from_write(first: int) -> Plan:
    writes = 0

    def plan(request: Request) -> str | None:
        nonlocal writes
        writes += request.verb in ("PUT", "POST", "DELETE")
        return "500" if writes >= first else None

    return plan


def test_until_the_summary_is_there_nothing_is_taken_for_a_run(
    drops: Drops, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store goes away at each write in turn: then there is no summary, or the earlier one with its files."""
    contract = load_contract("c.yaml")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with proxied(drops.server.endpoint) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        earlier: dict[str, Any] | None = None
        for last in range(1, 40):
            if earlier is None:
                proxy.plan = lambda request: None
                earlier = validate("bad.csv", contract, output=drops.uri("out"), force=True).summary
            proxy.plan = gone_from_write(last)
            try:
                summary = validate("other.csv", contract, output=drops.uri("out"), force=True).summary
            except OutputError as error:
                assert "500" in str(error) or "InternalError" in str(error)  # noqa: PT017  the last one goes through
            else:
                assert is_one_run(drops) == summary
                break
            if drops.keys("out/summary"):
                assert is_one_run(drops) == earlier
            else:
                earlier = None
            drops.delete("out/.publishing/claim")  # of this very process, which is alive
    assert 10 < last < 39


def test_of_runs_at_the_same_time_one_wins_and_the_others_say_which(drops: Drops) -> None:
    script = (
        "import sys, time\nfrom callcenter_etl import OutputError, validate\n"
        "from callcenter_etl.writers.s3_output import RemoteOutput\n"
        "commit = RemoteOutput.commit\n"
        "def together(self):\n"
        "    print('ready', flush=True); sys.stdin.readline(); commit(self)\n"
        "RemoteOutput.commit = together\n"
        "try:\n    print('won', validate(sys.argv[1], 'c.yaml', output=sys.argv[2], force=True).record.run_id)\n"
        "except OutputError as error:\n    print('lost', error)\n"
    )
    for _ in range(2):
        runs = [
            subprocess.Popen(
                [sys.executable, "-c", script, source, drops.uri("out")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for source in ("good.csv", "other.csv", "bad.csv")
        ]
        for run in runs:
            assert run.stdout is not None
            assert run.stdout.readline() == "ready\n"
        for run in runs:
            assert run.stdin is not None
            run.stdin.write("\n")
            run.stdin.flush()
        said = [run.communicate(timeout=60)[0].split(maxsplit=1) for run in runs]
        assert Counter(word for word, _ in said) == {"won": 1, "lost": 2}, said
        winner = next(rest.strip() for word, rest in said if word == "won")
        assert is_one_run(drops)["run_id"] == winner
        for word, rest in said:
            assert word == "won" or winner in rest
        assert drops.keys() == FILES
        assert drops.uploads() == []


def test_a_run_that_ends_after_another_has_published_has_lost(drops: Drops) -> None:
    won: list[str] = []

    def other_first(progress: object) -> None:
        if not won:
            won.append(validate("other.csv", "c.yaml", output=drops.uri("out")).record.run_id)

    with pytest.raises(OutputError, match="lost the race and published nothing") as lost:
        validate("good.csv", "c.yaml", output=drops.uri("out"), on_progress=other_first)
    assert f"run {won[0]} published there" in str(lost.value)
    assert is_one_run(drops)["run_id"] == won[0]
    assert drops.uploads() == []


@pytest.mark.parametrize("key", ["claim", "summary.json"])
def test_the_lost_answer_of_a_conditional_put_is_no_lost_race(
    drops: Drops, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    lost: list[str] = []

    def lose(request: Request) -> str | None:
        if request.verb == "PUT" and request.path.endswith(key) and not lost:
            lost.append(request.path)
            return "lost_answer"
        return None

    with proxied(drops.server.endpoint, lose) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        result = validate("good.csv", "c.yaml", output=drops.uri("out"))
    assert lost
    assert is_one_run(drops) == result.summary
    assert drops.keys() == FILES


def test_the_lost_answer_of_a_completed_upload_is_no_failure(
    drops: Drops, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[str] = []

    def lose(request: Request) -> str | None:
        if request.verb == "POST" and "uploadId=" in request.path and len(lost) < 2:
            lost.append(request.path)
            return "lost_answer"
        return None

    with proxied(drops.server.endpoint, lose) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        result = validate("good.csv", "c.yaml", output=drops.uri("out"))
    assert len(lost) == 2
    assert is_one_run(drops) == result.summary


def test_a_part_damaged_on_the_way_is_sent_again(drops: Drops, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged: list[str] = []

    def damage(request: Request) -> str | None:
        if request.verb == "PUT" and "partNumber=1" in request.path and len(damaged) < 2:
            damaged.append(request.path)
            return "flip_request"
        return None

    with proxied(drops.server.endpoint, damage) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        validate("good.csv", "c.yaml", output=drops.uri("out"))
    assert len(damaged) == 2
    assert is_one_run(drops)["status"] == "passed"


def test_a_claim_of_the_living_is_kept_and_one_of_the_dead_is_not(
    drops: Drops, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = Bucket(drops.bucket, StorageOptions())

    def claim_of(run_id: str, **changes: object) -> None:
        me = {**s3_lease._me(), **changes}
        drops.put("out/.publishing/claim", json.dumps({"run_id": run_id, "claimed_at": "now", **me}).encode())

    claim_of("living")
    with pytest.raises(OutputError, match="run living is publishing there"):
        validate("good.csv", "c.yaml", output=drops.uri("out"))
    claim_of("elsewhere", place="another host", pid=1)
    with pytest.raises(OutputError, match="run elsewhere is publishing there"):
        validate("good.csv", "c.yaml", output=drops.uri("out"))
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    claim_of("dead", pid=gone.pid)
    validate("good.csv", "c.yaml", output=drops.uri("out"))
    assert drops.keys() == FILES
    claim_of("elsewhere", place="another host", pid=1)
    monkeypatch.setattr(s3_lease, "LEASE_SECONDS", 0)
    time.sleep(1.1)
    with s3_lease.claimed(bucket, "out/", "new"):
        monkeypatch.undo()
        assert drops.keys("out/.publishing") == [
            "out/.publishing/claim",
            "out/.publishing/claim-after-elsewhere",
        ]
    assert drops.keys("out/.publishing") == []


def test_a_killed_run_is_followed_by_one_that_publishes(drops: Drops) -> None:
    """SIGKILL between the requests of publishing: the next run takes over at once."""
    script = (
        "import os, signal, sys\nfrom callcenter_etl import validate\n"
        "from callcenter_etl.store.s3_uploads import Bucket\n"
        "complete = Bucket.complete\n"
        "def killed(self, upload, labels):\n"
        "    complete(self, upload, labels); os.kill(os.getpid(), signal.SIGKILL)\n"
        "Bucket.complete = killed\nvalidate('good.csv', 'c.yaml', output=sys.argv[1], force=True)\n"
    )
    validate("bad.csv", "c.yaml", output=drops.uri("out"))
    done = subprocess.run([sys.executable, "-c", script, drops.uri("out")], check=False, capture_output=True)
    assert done.returncode == -9, done.stderr
    assert not drops.keys("out/summary.json")
    result = validate("other.csv", "c.yaml", output=drops.uri("out"), force=True)
    assert is_one_run(drops) == result.summary
    assert drops.keys() == FILES


def test_copies_are_published_beside_the_local_files(drops: Drops) -> None:
    done = cli("validate", "bad.csv", "-c", "c.yaml", "-o", "here", "--publish-to", drops.uri("out"), "-q")
    assert done.returncode == 1, done.stderr
    copied = is_one_run(drops)
    local = json.loads(Path("here/summary.json").read_text())
    assert {**copied, "outputs": None} == {**local, "outputs": None}
    assert local["outputs"]["target"]["uri"] == "here/target.csv"
    for name in ("target.csv", "rejected.csv", "exceptions.csv"):
        assert drops.get(f"out/{name}") == Path("here", name).read_bytes()


def test_a_copy_that_fails_leaves_the_local_files_and_says_so(
    moto_drops: Drops, monkeypatch: pytest.MonkeyPatch
) -> None:
    (Path("denied.yaml")).write_text(CONTRACT)
    claim = {"run_id": "holder", "claimed_at": "now", **s3_lease._me()}
    moto_drops.put("out/.publishing/claim", json.dumps(claim).encode())
    monkeypatch.setenv("CALLCENTER_ETL_PUBLISH_TO", moto_drops.uri("out"))
    done = cli("validate", "good.csv", "-c", "c.yaml", "-o", "here", "-q")
    assert done.returncode == 3
    assert "published in here, but not copied" in done.stderr
    assert "run holder is publishing there" in done.stderr
    assert Path("here/summary.json").exists()
    assert moto_drops.uploads() == []


def test_encryption_and_acl_are_asked_for(moto_drops: Drops, monkeypatch: pytest.MonkeyPatch) -> None:
    options = "storage_options: {sse: 'aws:kms', kms_key_id: alias/drops, acl: bucket-owner-full-control}"
    Path("kms.yaml").write_text(CONTRACT.replace("run: {", "run: {" + options + ", "))
    with proxied(moto_drops.server.endpoint) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        validate("good.csv", "kms.yaml", output=moto_drops.uri("out"))
    writes = [
        r for r in [*proxy.of("POST", "uploads"), *proxy.of("PUT", "summary")] if "uploadId" not in r.path
    ]
    assert len(writes) == 5  # three files, the summary, and the trial at the start
    for request in writes:
        assert request.headers["x-amz-server-side-encryption"] == "aws:kms"
        assert request.headers["x-amz-server-side-encryption-aws-kms-key-id"] == "alias/drops"
        assert request.headers["x-amz-acl"] == "bucket-owner-full-control"
    assert moto_drops.head("out/target.csv")["ServerSideEncryption"] == "aws:kms"


def test_files_wait_in_the_staging_folder_and_need_room(
    moto_drops: Drops, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def look(progress: object) -> None:
        seen.extend(path.name for path in Path("stage").glob("*/*.csv"))

    validate("good.csv", "c.yaml", output=moto_drops.uri("out"), staging="stage", on_progress=look)
    assert "target.csv" in seen
    assert list(Path("stage").iterdir()) == []
    monkeypatch.setattr(destination, "SPARE_BYTES", 2**60)
    with pytest.raises(OutputError, match="name another folder with --staging"):
        validate("good.csv", "c.yaml", output=moto_drops.uri("out"), staging="stage", force=True)


def test_the_run_never_replaces_its_own_source(moto_drops: Drops) -> None:
    uri = moto_drops.put("out/target.csv", records(1))
    with pytest.raises(UsageError, match="replace its own source"):
        validate(uri, "c.yaml", output=moto_drops.uri("out"))


def test_an_object_is_whole_or_not_there(drops: Drops) -> None:
    bucket = Bucket(drops.bucket, StorageOptions())
    body = os.urandom(9 * 2**20)
    Path("part").write_bytes(body)
    upload = bucket.prepare("x.csv", Content(Path("part"), len(body), ""), {})
    assert drops.keys() == []
    bucket.complete(upload, {})
    assert drops.get("x.csv") == body
    bucket.abandon(bucket.prepare("y.csv", Content(Path("part"), len(body), ""), {}))
    assert (drops.keys(), drops.uploads()) == (["x.csv"], [])
