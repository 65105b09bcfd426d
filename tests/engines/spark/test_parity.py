"""Spark says what the local engine says of every case: verdicts, reasons, counts and bytes."""

from __future__ import annotations

import gzip
import os
import random
import threading
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import load_contract, validate
from callcenter_etl.engines.spark import spark_jobs, spark_session
from callcenter_etl.errors import SourceError, UsageError
from tests.case_folders import CASES, source_of
from tests.engines.spark.proof import disagreements
from tests.engines.spark.support import both, differing, outcome_of
from tests.oracle.groups import ENABLED

GENERATED = range(5)
KEYED = {
    "contract": "keyed",
    "columns": [{"name": "id", "unique": True}, {"name": "day"}, {"name": "n", "type": "integer"}],
    "rules": [{"name": "one_a_day", "unique": ["day", "n"]}],
}

MOST_RANGES = 24

pytestmark = pytest.mark.usefixtures("needs_spark")


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_every_case_comes_out_the_same(case: Path, tmp_path: Path) -> None:
    source = source_of(case)
    # 16 bytes cut lines anywhere; a larger file has no more ranges than show as much, since each is a task.
    size = max(16, source.stat().st_size // MOST_RANGES)
    assert differing(*both(source, case / "contract.yaml", tmp_path, range_bytes=size)) == []


@pytest.mark.parametrize("seed", GENERATED)
def test_generated_files_come_out_the_same(seed: int) -> None:
    assert disagreements(seed, ENABLED) == []


def keyed_records(count: int) -> bytes:
    random_ = random.Random(7)
    lines = [b"id,day,n\r\n"]
    for _ in range(count):
        fields = (random_.randrange(count), random_.choice("abc "), random_.randrange(count // 4))
        lines.append(",".join(map(str, fields)).encode() + random_.choice((b"\n", b"\r\n", b"\r")))
    return b"".join(lines).rstrip(b"\r\n")


def test_the_first_line_wins_across_ranges_as_within_one(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(keyed_records(3000))
    contract = load_contract(KEYED)
    local, spark = both(tmp_path / "s.csv", contract, tmp_path, range_bytes=9001)
    assert differing(local, spark) == []
    assert local["rules"]["id.unique"]["broken"] > 500
    assert local["rules"]["one_a_day"]["broken"] > 500


def test_a_source_that_cannot_be_cut_is_one_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "s.csv.gz").write_bytes(gzip.compress(keyed_records(2000)))
    monkeypatch.setattr(spark_jobs, "BLOCKS_A_PART", 2)
    found = both(tmp_path / "s.csv.gz", load_contract(KEYED), tmp_path, range_bytes=100, block_bytes=1000)
    assert differing(*found) == []


def test_a_record_over_the_limit_is_rejected_whole_over_many_ranges(tmp_path: Path) -> None:
    body = b"id,day,n\n1,a,1\n2,a," + b"x" * (17 * 2**20) + b"\n3,b,2\n1,b,3\n"
    (tmp_path / "s.csv").write_bytes(body)
    found = both(tmp_path / "s.csv", load_contract(KEYED), tmp_path, range_bytes=5 * 2**20)
    assert [str(key) for key in found[0] if found[0][key] != found[1][key]] == []
    assert found[0]["rules"]["record.too_long"]["broken"] == 1


@pytest.mark.parametrize("body", [b"id,day,n", b"id,day,n\n", b"id,day,n\n\n\n"])
def test_a_source_without_records_is_sound(body: bytes, tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(body)
    assert differing(*both(tmp_path / "s.csv", load_contract(KEYED), tmp_path, range_bytes=1)) == []


def test_a_refused_source_never_starts_spark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark_session, "_local", lambda workers: pytest.fail("Spark was started"))
    (tmp_path / "s.csv").write_bytes(b"id,other\n1,2\n")
    result = validate(tmp_path / "s.csv", load_contract(KEYED), output=tmp_path / "o", engine="spark")
    assert result.summary["status"] == "refused"


def test_what_only_the_driver_can_read_is_refused_with_a_remedy(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    writing = threading.Thread(target=(tmp_path / "pipe.csv").write_bytes, args=(b"id,day,n\n1,a,1\n",))
    writing.start()
    with pytest.raises(UsageError, match="executors cannot read it"):
        validate(tmp_path / "pipe.csv", load_contract(KEYED), output=tmp_path / "o", engine="spark")
    writing.join()


def test_what_a_task_cannot_read_ends_the_run_and_publishes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "s.csv"
    source.write_bytes(keyed_records(100))
    counted = spark_jobs.line_starts

    def and_then_it_grows(*given: Any) -> Any:
        found = counted(*given)
        source.write_bytes(keyed_records(101))
        return found

    monkeypatch.setattr("callcenter_etl.engines.spark.spark_engine.line_starts", and_then_it_grows)
    with pytest.raises(SourceError, match="changed while it was read"):
        validate(source, load_contract(KEYED), output=tmp_path / "o", engine="spark", range_bytes=300)
    assert not (tmp_path / "o" / "summary.json").exists()


def test_counts_of_rules_come_in_contract_order(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(keyed_records(50))
    loaded = load_contract(KEYED)
    validate(tmp_path / "s.csv", loaded, output=tmp_path / "o", engine="spark", range_bytes=100)
    assert list(outcome_of(tmp_path / "o")["rules"]) == ["id.unique", "n.type", "one_a_day"]
