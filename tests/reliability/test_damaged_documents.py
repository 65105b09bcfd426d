"""Checkpoints, ledger entries and summaries that somebody damaged or forged are not trusted, and stop nothing else."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import validate
from callcenter_etl.documents import DocumentError, parse_array, parse_object, read_regular_file, to_form
from callcenter_etl.run.checkpoints.checkpoint import Checkpoint
from callcenter_etl.run.ledger import RunFilter, UnreadableRecord, list_runs
from callcenter_etl.run.summary import Summary
from callcenter_etl.writers.tables.manifest import Manifest
from tests.reliability.resume_support import (
    dirty,
    outcome,
    run,
    staged,
    words,
    write_contract,
    write_source,
)
from tests.reliability.support import command
from tests.reliability.support import run as small_run

DEEP = b"[" * 100_000
KILLED_AT = "callcenter_etl.run.checkpoints.checkpointer:write_checkpoint:after:3"
NOT_OBJECTS = {
    "deep": DEEP,
    "deep and closed": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "a list": b"[]",
    "a number": b"1",
    "null": b"null",
    "empty": b"",
    "not utf-8": b'{"a": "\xff"}',
    "half a character": b'{"a": "\\ud800"}',
    "not a number": b'{"a": NaN}',
    "too long a number": b'{"a": ' + b"9" * 5000 + b"}",
    "more behind it": b"{} {}",
}


@pytest.mark.parametrize("text", NOT_OBJECTS.values(), ids=NOT_OBJECTS)
def test_what_is_not_an_object_is_one_kind_of_error(text: bytes) -> None:
    with pytest.raises(DocumentError):
        parse_object(text)


def test_an_object_is_not_an_array() -> None:
    with pytest.raises(DocumentError, match="an array is expected, not an object"):
        parse_array(b"{}")


def test_a_document_over_the_limit_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    with path.open("wb") as file:
        file.truncate(10**12)  # sparse: reading all of it would take the memory of any machine
    with pytest.raises(DocumentError, match="has more than 67,108,864 bytes"):
        read_regular_file(path)


def test_an_error_about_a_document_quotes_no_value_of_it() -> None:
    with pytest.raises(DocumentError) as raised:
        Summary.from_dict({"run_id": 5550123, "status": ["5550123"]})
    assert "5550123" not in str(raised.value)
    assert "run_id: string_type" in str(raised.value)


@pytest.mark.parametrize("number", [-1, 2**63, 1.5, True, "1"])
def test_a_count_is_a_whole_number_that_a_ledger_can_hold(tmp_path: Path, number: object) -> None:
    summary = small_run(tmp_path).summary
    assert to_form(Summary, {**summary, "lines": 7}).lines == 7
    with pytest.raises(DocumentError, match=r"^lines: "):
        to_form(Summary, {**summary, "lines": number})


# --- checkpoints


@dataclass(frozen=True, slots=True)
class Dead:
    """A killed run's output, its source and contract, and what a run gives that nobody kills."""

    source: Path
    contract: Path
    output: Path
    expected: dict[str, Any]


@pytest.fixture(scope="module")
def dead(tmp_path_factory: pytest.TempPathFactory) -> Dead:
    return killed_in(tmp_path_factory.mktemp("dead"))


def killed_in(folder: Path, **more: Any) -> Dead:
    source, contract = write_source(folder, dirty(1500)), write_contract(folder, **more)
    code, said = run(words(source, contract, folder / "out"), folder, kill=KILLED_AT)
    assert code == -signal.SIGKILL, said
    validate(source, contract, output=folder / "clean", checkpoint_seconds=0, workers=1)
    return Dead(source, contract, folder / "out", outcome(folder / "clean"))


def rewritten(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the content of a checkpoint, and its checksum to match."""
    envelope = json.loads(path.read_bytes())
    change(envelope["checkpoint"])
    text = json.dumps(envelope["checkpoint"], sort_keys=True).encode("ascii")
    envelope["sha256"] = hashlib.sha256(text).hexdigest()
    path.write_text(json.dumps(envelope), encoding="ascii")


def more(*path: str, by: int) -> Callable[[dict[str, Any]], None]:
    """Change one number of a checkpoint."""

    def change(checkpoint: dict[str, Any]) -> None:
        *groups, name = path
        for group in groups:
            checkpoint = checkpoint[group]
        checkpoint[name] += by

    return change


def both_sides(checkpoint: dict[str, Any]) -> None:
    """Change counts so that records, lines and bytes still add up among themselves."""
    accounts = checkpoint["accounts"]
    accounts["framed"] += 1
    accounts["accepted"]["records"] += 1


def forged_rule(checkpoint: dict[str, Any]) -> None:
    tally = {"severity": "warn", "broken": 1, "samples": []}
    checkpoint["accounts"]["rules"]["forged.rule"] = tally


def forged_position(checkpoint: dict[str, Any]) -> None:
    """Claim more of the source than there is, so that its hash would never be compared."""
    checkpoint["position"].update(stored_bytes=10**9, sha256="0" * 64)


FORGED: dict[str, Callable[[dict[str, Any]], object]] = {
    "framed": more("accounts", "framed", by=1),
    "accepted records": more("accounts", "accepted", "records", by=7),
    "rejected bytes": more("accounts", "rejected", "bytes", by=1),
    "blank lines": more("accounts", "blank_lines", by=2),
    "malformed": more("accounts", "malformed", by=1),
    "warned": more("accounts", "warned", by=10**6),
    "exceptions": more("exception_records", by=1),
    "lines": more("position", "lines", by=1),
    "offset": more("position", "offset", by=1),
    "negative": more("accounts", "framed", by=-(10**9)),
    "huge": more("accounts", "framed", by=10**30),
    "staged bytes": more("files", "rejected", "bytes", by=10**12),
    "no keys": lambda checkpoint: checkpoint.update(keys=[]),
    "no files": lambda checkpoint: checkpoint.update(files={}),
    "no basis": lambda checkpoint: checkpoint.pop("fingerprint"),
    "a list": lambda checkpoint: checkpoint.update(accounts=[]),
    "a foreign rule": forged_rule,
    "a foreign position": forged_position,
}


def resumed(dead: Dead, folder: Path, damage: Callable[[Path], object]) -> str:
    """Damage the checkpoint of a copy of the dead run, run again, and return what the command says."""
    shutil.copytree(dead.output, folder / "out", symlinks=True)
    (staging,) = staged(folder / "out")
    damage(staging / "checkpoint.json")
    code, said = run(words(dead.source, dead.contract, folder / "out", "--resume"), folder)
    assert (code, "Traceback" in said) == (1, False), said
    assert outcome(folder / "out") == dead.expected
    assert staged(folder / "out") == []
    return said


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_a_forged_checkpoint_is_dropped_and_the_run_starts_from_the_beginning(
    tmp_path: Path, dead: Dead, forged: Callable[[dict[str, Any]], object]
) -> None:
    said = resumed(dead, tmp_path, lambda path: rewritten(path, forged))
    assert "nothing to resume, the run started from the beginning" in said
    assert "stale_staging_removed" in said or "not_resumed" in said


def test_counts_that_agree_with_each_other_and_not_with_the_lines_are_found(tmp_path: Path) -> None:
    (tmp_path / "dead").mkdir()
    dead = killed_in(tmp_path / "dead", source={"multiline": False})
    said = resumed(dead, tmp_path, lambda path: rewritten(path, both_sides))
    assert "not_resumed" in said or "the run started from the beginning" in said


def test_a_run_that_does_not_add_up_after_a_resume_is_made_from_the_beginning(
    tmp_path: Path, dead: Dead, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(dead.output, tmp_path / "out", symlinks=True)
    (staging,) = staged(tmp_path / "out")
    rewritten(staging / "checkpoint.json", more("accounts", "framed", by=1))
    # As if the checks of a checkpoint did not know this forgery: only the last proof finds it.
    monkeypatch.setattr(Checkpoint, "check", lambda _: None)
    result = validate(dead.source, dead.contract, output=tmp_path / "out")
    assert result.record.resumed is None
    assert outcome(tmp_path / "out") == dead.expected


@pytest.mark.parametrize("text", NOT_OBJECTS.values(), ids=NOT_OBJECTS)
def test_a_checkpoint_that_is_another_document_is_dropped(tmp_path: Path, dead: Dead, text: bytes) -> None:
    said = resumed(dead, tmp_path, lambda path: path.write_bytes(text))
    assert "is not a checkpoint" in said


def test_a_staged_file_with_a_second_name_is_not_written_on(tmp_path: Path, dead: Dead) -> None:
    backup = tmp_path / "backup"

    def linked(path: Path) -> None:
        backup.hardlink_to(path.with_name("target.csv"))

    said = resumed(dead, tmp_path, linked)
    assert "is not a file or folder of a run" in said
    (staging,) = staged(dead.output)
    assert backup.read_bytes() == (staging / "target.csv").read_bytes()


# --- the ledger


def damaged_ledger(folder: Path, assignment: str, values: tuple[object, ...] = ()) -> tuple[str, str]:
    """Have a damaged row and a sound one in the ledger of `folder/out`; return their ids."""
    (folder / "first").mkdir()
    first = small_run(folder / "first").summary["run_id"]
    shutil.copytree(folder / "first" / "out", folder / "out")
    second = small_run(folder, b"id,note\n9,z\n", force=True).summary["run_id"]
    with closing(sqlite3.connect(folder / "out" / "ledger.sqlite", isolation_level=None)) as ledger:
        ledger.execute(f"UPDATE runs SET {assignment} WHERE run_id = ?", (*values, first))  # noqa: S608  of this module
    return first, second


ROWS: dict[str, tuple[str, tuple[object, ...]]] = {
    "a list of outputs": ("outputs = '[]'", ()),
    "a list in the outputs": ("""outputs = '{"target": [1]}'""", ()),
    "outputs that are no JSON": ("outputs = '{'", ()),
    "deep outputs": ("outputs = ?", (DEEP.decode(),)),
    "outputs in bytes": ("outputs = x'ff00'", ()),
    "an output of wrong types": ("""outputs = '{"target": {"uri": 1, "bytes": "x", "sha256": null}}'""", ()),
    "options that are no JSON": ("options = 'lookups'", ()),
    "deep options": ("options = ?", (DEEP.decode(),)),
    "a list of options": ("options = '[]'", ()),
    "options in bytes": ("options = x'ff00'", ()),
    "a number in text": ("records_read = 'many'", ()),
    "half of the records": ("records_read = NULL", ()),
    "negative records": ("records_read = -1", ()),
    "half of the process": ("process_pid = NULL", ()),
    "a process that no system has": ("process_pid = 9223372036854775807, status = 'running'", ()),
    "an unknown status": ("status = 'well'", ()),
    "endless seconds": ("seconds = 9e999", ()),
    "text that is not UTF-8": ("source_uri = CAST(x'ff' AS TEXT)", ()),
    "a contract in bytes": ("contract_version = x'00'", ()),
    "huge options": ("options = ?", ("[" * (2**26 + 1),)),
}


@pytest.mark.parametrize(("assignment", "values"), ROWS.values(), ids=ROWS)
def test_a_damaged_row_is_shown_as_unreadable_and_hides_no_other(
    tmp_path: Path, assignment: str, values: tuple[object, ...]
) -> None:
    damaged, sound = damaged_ledger(tmp_path, assignment, values)
    entries = list_runs(str(tmp_path / "out"), RunFilter())
    assert {entry.run_id: isinstance(entry, UnreadableRecord) for entry in entries} == {
        damaged: True,
        sound: False,
    }
    assert small_run(tmp_path, b"id,note\n9,z\n").already_done
    assert not small_run(tmp_path).already_done


def test_a_row_without_records_or_process_is_no_damage(tmp_path: Path) -> None:
    records = ("records_read", "records_accepted", "records_rejected", "records_malformed", "records_warned")
    names = (*records, "process_pid", "process_host", "process_program", "seconds", "options", "exit_code")
    damaged_ledger(tmp_path, ", ".join(f"{name} = NULL" for name in names))
    assert not any(
        isinstance(entry, UnreadableRecord) for entry in list_runs(str(tmp_path / "out"), RunFilter())
    )


def test_the_command_shows_an_unreadable_row_as_text_and_as_json(tmp_path: Path) -> None:
    damaged, sound = damaged_ledger(tmp_path, "outputs = '[]'")
    listed = command("runs", "list", "-o", tmp_path / "out")
    assert (listed.returncode, listed.stderr) == (0, "")
    (line,) = [line for line in listed.stdout.splitlines() if damaged in line]
    assert "unreadable" in line
    assert "an object is expected, not an array" in line
    assert sound in listed.stdout
    shown = json.loads(command("runs", "list", "-o", tmp_path / "out", "--format", "json").stdout)
    (entry,) = [each for each in shown if each["run_id"] == damaged]
    assert entry == {
        "run_id": damaged,
        "status": "unreadable",
        "cause": "an object is expected, not an array",
    }
    one = command("runs", "show", damaged, "-o", tmp_path / "out")
    assert (one.returncode, one.stdout) == (3, "")
    assert f"the ledger's entry of run '{damaged}' cannot be read" in one.stderr
    assert command("runs", "show", sound, "-o", tmp_path / "out").returncode == 0


def test_the_row_of_the_published_run_is_written_again_from_its_summary(tmp_path: Path) -> None:
    run_id = small_run(tmp_path).summary["run_id"]
    with closing(sqlite3.connect(tmp_path / "out" / "ledger.sqlite", isolation_level=None)) as ledger:
        ledger.execute("UPDATE runs SET outputs = '[]'")
    small_run(tmp_path)
    entries = list_runs(str(tmp_path / "out"), RunFilter())
    assert run_id in {entry.run_id for entry in entries}
    assert not any(isinstance(entry, UnreadableRecord) for entry in entries)


# --- summaries


@pytest.mark.parametrize("text", NOT_OBJECTS.values(), ids=NOT_OBJECTS)
def test_a_summary_that_is_another_document_is_not_trusted_and_replaced(tmp_path: Path, text: bytes) -> None:
    small_run(tmp_path)
    (tmp_path / "out" / "summary.json").write_bytes(text)
    result = small_run(tmp_path)
    assert not result.already_done
    assert json.loads((tmp_path / "out" / "summary.json").read_bytes())["run_id"] == result.summary["run_id"]


def test_the_commands_say_that_a_summary_is_not_trusted(tmp_path: Path) -> None:
    source, contract, output = write_source(tmp_path, dirty(50)), write_contract(tmp_path), tmp_path / "out"
    assert command(*words(source, contract, output)).returncode == 1
    (output / "summary.json").write_bytes(DEEP)
    for line in (
        ["explain", output, "-c", contract],
        ["reprocess", output / "exceptions.csv", "-c", contract],
    ):
        done = command(*line)
        assert done.returncode in (2, 3), done.stderr
        assert "Traceback" not in done.stderr
        assert done.stderr.startswith("error: ") or "summary_not_trusted" in done.stderr
    again = command(*words(source, contract, output))
    assert again.returncode == 1
    assert "summary_not_trusted" in again.stderr


def test_a_manifest_names_no_file_outside_of_its_folder() -> None:
    def text(path: str) -> bytes:
        file = {"path": path, "bytes": 1, "sha256": "0" * 64, "records": 1}
        told = {"version": 1, "contract": {}, "layout": {}, "columns": {}, "files": [file]}
        return json.dumps(told).encode()

    name = "part-0123456789abcdef.parquet"
    assert Manifest.from_json(text(f"day=1/{name}")).files[0].path == f"day=1/{name}"
    for path in (f"../{name}", f"/{name}", f"day=1/../../{name}", "summary.json", f"a//{name}", f"./{name}"):
        with pytest.raises(DocumentError, match="is not a path below the folder"):
            Manifest.from_json(text(path))
