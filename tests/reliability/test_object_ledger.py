"""The ledger as an object a run does what the one in SQLite does."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import fsspec
import pytest

from callcenter_etl.run.ledger.ledger import Ledger, RunFilter
from callcenter_etl.run.ledger.object_ledger import ObjectLedger, ObjectStore
from callcenter_etl.run.ledger.recovery import recover_ledger, with_recovered_status
from callcenter_etl.run.ledger.run_record import (
    VANISHED,
    LedgerEntry,
    Process,
    RecordedSource,
    RunRecord,
    UnreadableRecord,
    readable,
    readable_entries,
)
from callcenter_etl.run.ledger.sqlite_ledger import SqliteLedger
from callcenter_etl.run.summary import ContractIdentity, OutputFile, RecordCounts
from tests.reliability.support import run

GONE = Process(pid=2**22 + 1, host=socket.gethostname(), program="0.1.0")  # no system has such a process


class Dictionary:
    """An object store in a dictionary."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def put(self, key: str, data: bytes) -> None:
        self.objects[key] = data

    def get(self, key: str) -> bytes | None:
        return self.objects.get(key)

    def list(self, prefix: str) -> Iterable[str]:
        return [key for key in self.objects if key.startswith(prefix)]


class Memory:
    """An object store in fsspec's memory."""

    def __init__(self, prefix: str) -> None:
        self._files, self._prefix = fsspec.filesystem("memory"), prefix

    def put(self, key: str, data: bytes) -> None:
        self._files.pipe_file(f"{self._prefix}/{key}", data)

    def get(self, key: str) -> bytes | None:
        path = f"{self._prefix}/{key}"
        found: bytes | None = self._files.cat_file(path) if self._files.exists(path) else None
        return found

    def list(self, prefix: str) -> Iterable[str]:
        start = f"{self._prefix}/"
        return [name.removeprefix(start) for name in self._files.glob(f"{start}{prefix}*")]


@pytest.fixture(params=["sqlite", "dictionary", "memory"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    if request.param == "sqlite":
        yield SqliteLedger(tmp_path)
        return
    store: ObjectStore = Dictionary() if request.param == "dictionary" else Memory(f"/ledger/{tmp_path.name}")
    yield ObjectLedger(store)


def record(number: int, *, contract: str = "c", status: str = "running") -> RunRecord:
    return RunRecord(
        run_id=f"20250131T08300{number}Z-{number:08x}",
        status=status,
        contract=ContractIdentity(id=contract, version="1.0.0", sha256="ab"),
        source=RecordedSource(uri="s3://drops/calls.csv", bytes=9, version="etag"),
        output=".",
        options='{"max_rejected": null}',
        process=Process(pid=1, host="nowhere", program="0.1.0"),
        started_at=f"2025-01-31T08:30:0{number}.000Z",
    )


def ended(number: int) -> RunRecord:
    return replace(
        record(number, status="rejects"),
        exit_code=1,
        records=RecordCounts(read=3, accepted=2, rejected=1, malformed=0, warned=0),
        outputs={"target": OutputFile(uri="s3://out/target.csv", bytes=5, sha256="cd")},
        finished_at="2025-01-31T08:30:09.000Z",
        seconds=1.25,
    )


def test_what_is_put_is_given_back_and_replaced(ledger: Ledger) -> None:
    assert ledger.get(record(1).run_id) is None
    ledger.put(record(1))
    assert ledger.get(record(1).run_id) == record(1)
    ledger.put(ended(1))
    assert ledger.get(record(1).run_id) == ended(1)
    assert list(ledger.runs(RunFilter())) == [ended(1)]


def seconds_of(entries: Iterable[LedgerEntry]) -> list[str]:
    """Return the last digit of the second in which each run started."""
    return [entry.started_at[18] for entry in entries if isinstance(entry, RunRecord)]


def test_runs_come_latest_first_and_as_asked_for(ledger: Ledger) -> None:
    for each in (record(2, contract="d"), ended(1), record(3)):
        ledger.put(each)
    assert [each.started_at[18] for each in readable_entries(ledger.runs(RunFilter()))] == ["3", "2", "1"]
    assert [
        each.started_at[18] for each in readable_entries(ledger.runs(RunFilter(contract="c", limit=1)))
    ] == ["3"]
    assert [each.started_at[18] for each in readable_entries(ledger.runs(RunFilter(status="rejects")))] == [
        "1"
    ]
    assert list(ledger.runs(RunFilter(contract="none"))) == []


def test_ids_are_found_by_their_beginning(ledger: Ledger) -> None:
    for number in (2, 1):
        ledger.put(record(number))
    assert list(ledger.ids("20250131T083001")) == [record(1).run_id]
    assert list(ledger.ids("2025")) == [record(1).run_id, record(2).run_id]
    assert list(ledger.ids("%")) == list(ledger.ids("2025_")) == []


def test_what_never_ended_is_healed(ledger: Ledger) -> None:
    ledger.put(record(1))
    ledger.put(ended(2))
    assert [each.run_id for each in ledger.unfinished(".")] == [record(1).run_id]
    assert not ledger.unfinished("elsewhere")
    recover_ledger(ledger, output=".", published=None)
    healed = ledger.get(record(1).run_id)
    assert healed is not None
    assert (healed.status, healed.cause) == ("error", VANISHED)
    assert not ledger.unfinished(".")


class Late(ObjectLedger):
    """A ledger in which a run ends, and its process with it, right after it was listed as running."""

    def unfinished(self, output: str) -> Sequence[RunRecord]:
        listed = [replace(each, process=GONE) for each in super().unfinished(output)]
        for each in listed:
            self.put(replace(ended(1), run_id=each.run_id))
        return listed


def test_a_run_that_ends_while_another_one_heals_keeps_its_last_word() -> None:
    ledger = Late(Dictionary())
    ledger.put(record(1))
    recover_ledger(ledger, output=".", published=None, recheck=lambda: None)
    assert ledger.get(record(1).run_id) == ended(1)


def test_a_run_killed_after_publishing_is_healed_by_what_stands_by_then(tmp_path: Path) -> None:
    summary = run(tmp_path).record
    ledger = ObjectLedger(Dictionary())
    ledger.put(replace(record(1), run_id=summary.run_id, process=GONE))
    recover_ledger(ledger, output=".", published=None, recheck=lambda: summary)
    healed = readable(ledger.get(summary.run_id))
    assert healed is not None
    assert (healed.status, healed.records) == (summary.status, summary.records)


def test_what_a_second_signal_left_as_interrupted_though_it_was_published_is_healed(
    ledger: Ledger, tmp_path: Path
) -> None:
    summary = run(tmp_path).record
    ledger.put(replace(record(1), run_id=summary.run_id).ended("interrupted", code=130))
    recover_ledger(ledger, output=".", published=summary)
    healed = readable(ledger.get(summary.run_id))
    assert healed is not None
    assert (healed.status, healed.exit_code, healed.cause) == (summary.status, 1, None)


def test_a_run_healed_from_its_summary_relies_on_nothing_that_may_have_changed(tmp_path: Path) -> None:
    summary = run(tmp_path).record
    begun = replace(record(1), run_id=summary.run_id)
    for options, kept in (('{"lookups": {}}', True), ('{"lookups": {"l.csv": "ab"}}', False), (None, False)):
        healed = with_recovered_status(replace(begun, options=options), summary)
        assert (healed.status, healed.source.version) == (summary.status, None)
        assert (healed.options is not None) is kept


@pytest.mark.parametrize(
    "text", [b"[]", b"", b"{}", b"\xff", b"[" * 100_000, b'{"run_id": "20250101T000000Z-00000000"}', b"null"]
)
def test_an_object_that_is_no_record_is_shown_as_unreadable_and_hides_no_other(text: bytes) -> None:
    store, run_id = Dictionary(), "20990101T000000Z-00000000"
    ledger = ObjectLedger(store)
    ledger.put(record(1))
    store.put(f"runs/{run_id}.json", text)
    unreadable, sound = ledger.runs(RunFilter())
    assert isinstance(unreadable, UnreadableRecord)
    assert (unreadable.run_id, sound) == (run_id, record(1))
    assert ledger.get(run_id) == unreadable
    assert ledger.unfinished(record(1).output) == [record(1)]


def test_an_object_with_the_record_of_another_run_is_unreadable() -> None:
    store, run_id = Dictionary(), "20990101T000000Z-00000000"
    ObjectLedger(store).put(record(1))
    store.put(f"runs/{run_id}.json", store.get(f"runs/{record(1).run_id}.json") or b"")
    assert isinstance(ObjectLedger(store).get(run_id), UnreadableRecord)


def test_the_summary_of_a_source_called_runs_is_no_run() -> None:
    store = Dictionary()
    store.put("runs/summary.json", b"{}")
    assert not ObjectLedger(store).ids("")
