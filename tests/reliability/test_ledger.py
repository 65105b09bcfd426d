"""The ledger tells of every run, whoever writes at the same time and whatever breaks off."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from callcenter_etl import OutputError, SourceError, validate
from callcenter_etl.contract.loader import LoadedContract
from callcenter_etl.run.execution import run_source
from callcenter_etl.run.ledger import RunFilter, RunRecord, find_run, list_runs
from callcenter_etl.run.ledger.redaction import cause_of
from callcenter_etl.run.ledger.run_record import VANISHED, readable_entries
from callcenter_etl.run.ledger.sqlite_ledger import FILE_NAME, SCHEMA_VERSION, SqliteLedger
from callcenter_etl.run.lifecycle import RunOutcome, run_idempotent
from callcenter_etl.run.plan import RunPlan
from callcenter_etl.run.summary import Summary
from callcenter_etl.store.uris import shown
from tests.reliability.support import (
    command,
    contents,
    contract,
    run,
    wait_until,
    waiting_run,
    write_contract,
    written,
)


def records(folder: Path) -> list[RunRecord]:
    return readable_entries(list_runs(str(folder / "out"), RunFilter()))


def run_with(folder: Path, step: Callable[[RunPlan, LoadedContract], Summary]) -> RunOutcome:
    document = contract()
    plan = RunPlan(source=str(written(folder)), output=str(folder / "out"), limits=document.document.limits)
    return run_idempotent(plan, document.loaded, root=plan.output, run=step)


def test_a_run_is_one_row_that_agrees_with_its_summary(tmp_path: Path) -> None:
    summary = run(tmp_path).summary
    (record,) = records(tmp_path)
    told = record.to_dict()
    for key in ("run_id", "status", "contract", "records", "outputs", "started_at", "finished_at", "seconds"):
        assert told[key] == summary[key]
    assert {key: told["source"][key] for key in summary["source"]} == summary["source"]
    assert (told["exit_code"], told["cause"], told["output"]) == (1, None, ".")
    assert told["process"]["pid"] == os.getpid()


def test_the_file_is_a_table_with_a_version_that_any_sqlite_reads(tmp_path: Path) -> None:
    run(tmp_path)
    with closing(sqlite3.connect(tmp_path / "out" / FILE_NAME)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        query = "SELECT status, contract_id, records_read, records_rejected FROM runs"
        assert connection.execute(query).fetchall() == [("rejects", "c", 3, 1)]


def test_a_run_that_could_not_be_finished_is_told_with_its_cause(tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        validate(tmp_path / "none.csv", contract(), output=tmp_path / "out")
    (record,) = records(tmp_path)
    assert (record.status, record.exit_code) == ("error", 3)
    assert record.cause is not None
    assert "no such file" in record.cause
    assert record.finished_at is not None


def test_an_interrupted_run_is_told(tmp_path: Path) -> None:
    with waiting_run(tmp_path, tmp_path / "out") as process:
        wait_until(lambda: bool(records(tmp_path) if (tmp_path / "out" / FILE_NAME).exists() else ()))
        assert records(tmp_path)[0].status == "running"
        process.terminate()
        assert process.wait(120) == 130
    (record,) = records(tmp_path)
    assert (record.status, record.exit_code, record.cause) == ("error", 130, "interrupted")


def test_a_killed_run_shows_as_ended_and_is_told_so_by_the_next_one(tmp_path: Path) -> None:
    with waiting_run(tmp_path, tmp_path / "out") as process:
        wait_until(lambda: (tmp_path / "out" / FILE_NAME).exists() and bool(records(tmp_path)))
        process.kill()
    assert [(record.status, record.cause) for record in records(tmp_path)] == [("error", VANISHED)]
    assert [r.status for r in list_runs(str(tmp_path / "out"), RunFilter(status="error"))] == ["error"]
    assert not list_runs(str(tmp_path / "out"), RunFilter(status="running"))
    run(tmp_path)
    with closing(sqlite3.connect(tmp_path / "out" / FILE_NAME)) as connection:
        rows = connection.execute("SELECT status FROM runs ORDER BY started_at").fetchall()
    assert rows == [("error",), ("rejects",)]


def test_a_crash_between_publishing_and_the_ledger_is_healed_from_the_summary(tmp_path: Path) -> None:
    script = f"""
import os
from callcenter_etl.run import recorded_run
from tests.reliability.support import run
from pathlib import Path
recorded_run._confirmed = lambda *given: os._exit(9)
run(Path({str(tmp_path)!r}))
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 9
    before = contents(tmp_path / "out")
    (record,) = records(tmp_path)  # as a reader sees it
    assert (record.status, record.exit_code) == ("rejects", 1)
    assert run(tmp_path).already_done
    assert contents(tmp_path / "out") == before
    (record,) = records(tmp_path)
    assert record.records is not None
    assert (record.status, record.records.read, sorted(record.outputs)) == (
        "rejects",
        3,
        ["exceptions", "rejected", "target"],
    )


def test_a_ledger_that_cannot_be_written_at_the_end_harms_no_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = tmp_path / "out" / FILE_NAME

    def run_and_break(plan: RunPlan, loaded: LoadedContract) -> Summary:
        summary = run_source(plan, loaded)
        ledger.rename(tmp_path / "aside")
        ledger.mkdir()
        return summary

    outcome = run_with(tmp_path, run_and_break)
    assert outcome.summary.status == "rejects"
    assert "ledger_not_written" in caplog.text
    ledger.rmdir()
    (tmp_path / "aside").rename(ledger)
    assert run(tmp_path).already_done
    assert [record.status for record in records(tmp_path)] == ["rejects"]


def test_a_ledger_that_cannot_be_written_at_the_start_stops_the_run_before_it_reads(tmp_path: Path) -> None:
    (tmp_path / "out" / FILE_NAME).mkdir(parents=True)
    with pytest.raises((OutputError, SourceError), match=FILE_NAME):
        run_with(tmp_path, lambda plan, loaded: pytest.fail("the run began"))
    assert not contents(tmp_path / "out")


@pytest.mark.parametrize("junk", [b"no database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 4000])
def test_a_broken_ledger_is_said_with_the_remedy(tmp_path: Path, junk: bytes) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / FILE_NAME).write_bytes(junk)
    done = command(
        "validate", written(tmp_path), "-c", write_contract(tmp_path), "-o", tmp_path / "out", "-q"
    )
    assert (done.returncode, "move it away" in done.stderr) == (3, True), done.stderr
    listed = command("runs", "list", "-o", tmp_path / "out")
    assert (listed.returncode, "move it away" in listed.stderr) == (3, True), listed.stderr


def test_a_ledger_of_a_later_version_is_not_touched(tmp_path: Path) -> None:
    run(tmp_path)
    with closing(sqlite3.connect(tmp_path / "out" / FILE_NAME)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises((OutputError, SourceError), match="use the later version"):
        run(tmp_path)


def test_a_ledger_where_nothing_can_be_written_can_still_be_read(tmp_path: Path) -> None:
    run(tmp_path)
    ledger = SqliteLedger(tmp_path / "out")
    original, os_access = os.access, lambda path, mode: mode != os.W_OK
    os.access = os_access  # type: ignore[assignment]  # root may write everywhere
    try:
        assert len(ledger.runs(RunFilter())) == 1
    finally:
        os.access = original


def test_many_processes_write_one_ledger_at_once(tmp_path: Path) -> None:
    script = f"""
from pathlib import Path
from tests.reliability.support import contract, written
from callcenter_etl import validate
import sys
root, me = Path({str(tmp_path)!r}) / "out", sys.argv[1]
for number in range(8):
    data = f"id,note\\n{{number}},{{me}}\\n".encode()
    source = written(Path({str(tmp_path)!r}), data, f"{{me}}.csv")
    validate(source, contract(), output=root / f"{{me}}_{{number}}", root=root)
"""
    failed: list[bytes] = []

    def start(me: int) -> None:
        line = [sys.executable, "-c", script, str(me)]
        done = subprocess.run(line, cwd=Path(__file__).parents[2], capture_output=True, check=False)
        if done.returncode:
            failed.append(done.stderr)

    threads = [threading.Thread(target=start, args=(me,)) for me in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    found = records(tmp_path)
    assert sorted(record.output for record in found) == sorted(f"{m}_{n}" for m in range(6) for n in range(8))
    assert {record.status for record in found} == {"passed"}


def test_root_and_outputs_may_be_moved_together(tmp_path: Path) -> None:
    validate(written(tmp_path), contract(), output=tmp_path / "out" / "s", root=tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / "moved")
    source = tmp_path / "s.csv"
    again = validate(source, contract(), output=tmp_path / "moved" / "s", root=tmp_path / "moved")
    assert again.already_done


def test_addresses_and_causes_hold_no_secrets() -> None:
    assert shown("s3://AK:SK@bucket/key") == "s3://***@bucket/key"
    assert shown("https://h/x?X-Amz-Signature=abc: gone") == "https://h/x?... gone"
    assert cause_of(ValueError("the value 555-1234")) == ("bug: ValueError", 70)
    assert cause_of(SourceError("https://u:p@h/x: gone")) == ("https://***@h/x: gone", 3)
    assert cause_of(KeyboardInterrupt()) == ("interrupted", 130)


def test_a_record_outlives_the_way_to_json_and_back(tmp_path: Path) -> None:
    run(tmp_path)
    (record,) = records(tmp_path)
    told = json.loads(json.dumps(record.to_dict()))
    assert RunRecord.from_dict({**told, "of a later version": 1}) == record
    assert find_run(str(tmp_path / "out"), record.run_id) == record
