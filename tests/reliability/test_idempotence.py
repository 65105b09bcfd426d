"""What an output already holds is not run again."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import validate
from callcenter_etl.run.ledger import RunFilter, equivalent_run, list_runs
from callcenter_etl.run.ledger.run_record import readable_entries
from tests.reliability.support import (
    DATA,
    command,
    contents,
    contract,
    run,
    write_contract,
    written,
)


def runs_of(folder: Path) -> int:
    return len(list_runs(str(folder / "out"), RunFilter()))


def test_the_same_content_under_the_same_contract_is_done_already(tmp_path: Path) -> None:
    first = run(tmp_path)
    before = contents(tmp_path / "out")
    second = run(tmp_path)
    assert (first.already_done, second.already_done) == (False, True)
    assert (second.summary, second.exit_code, second.passed) == (first.summary, 1, False)
    assert contents(tmp_path / "out") == before
    assert runs_of(tmp_path) == 1
    assert second.exceptions.equals(first.exceptions)


def test_the_command_says_so_and_prints_the_earlier_summary_unchanged(tmp_path: Path) -> None:
    words = ("validate", written(tmp_path), "-c", write_contract(tmp_path), "-o", tmp_path / "out")
    first = command(*words, "--format", "json")
    second = command(*words, "--format", "json")
    assert (second.returncode, second.stdout) == (first.returncode, first.stdout)
    assert "already_done" in second.stderr
    told = command(*words, "-q")
    run_id = json.loads(first.stdout)["run_id"]
    assert f"already done by run {run_id} (2" in told.stdout
    assert (
        "rejects found (no limit is declared), 3 read, 2 accepted, 1 rejected; nothing was written"
        in told.stdout
    )
    assert told.returncode == 1
    again = command(*words, "--force", "--format", "json")
    assert json.loads(again.stdout)["run_id"] != run_id
    assert json.loads((tmp_path / "out" / "summary.json").read_bytes())["run_id"] != run_id


def test_a_copy_under_another_name_is_the_same_content(tmp_path: Path) -> None:
    run(tmp_path)
    copy = written(tmp_path, name="copy.csv")
    assert validate(copy, contract(), output=tmp_path / "out").already_done


def test_a_name_counts_where_the_contract_has_rules_for_it(tmp_path: Path) -> None:
    named = contract(source={"filename": {"pattern": "s.csv"}})
    for name, already in (("s.csv", False), ("other.csv", False), ("other.csv", True)):
        source = written(tmp_path, name=name)
        result = validate(source, named, output=tmp_path / "out", force=name == "other.csv" and not already)
        assert result.already_done is already
    assert result.summary["status"] == "refused"


def test_a_compressed_source_under_a_name_that_hides_it_is_another_one(tmp_path: Path) -> None:
    packed = gzip.compress(DATA)
    for name in ("s.csv.gz", "s.csv"):
        result = validate(written(tmp_path, packed, name), contract(), output=tmp_path / "out")
        assert not result.already_done


def test_other_content_of_the_same_size_and_date_is_run(tmp_path: Path) -> None:
    source = written(tmp_path)
    old = source.stat().st_mtime_ns - 10**11
    os.utime(source, ns=(old, old))
    validate(source, contract(), output=tmp_path / "out")
    source.write_bytes(DATA.replace(b"x", b"y"))
    os.utime(source, ns=(old, old))
    assert not validate(source, contract(), output=tmp_path / "out").already_done


def test_a_touched_file_is_hashed_and_found_to_be_the_same(tmp_path: Path) -> None:
    run(tmp_path)
    os.utime(tmp_path / "s.csv", (1, 1))
    assert validate(tmp_path / "s.csv", contract(), output=tmp_path / "out").already_done


def test_an_untouched_file_is_not_even_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equivalent_run, "_OPEN_SECONDS", -3600)  # as if the file had lain there for long
    source = written(tmp_path)
    validate(source, contract(), output=tmp_path / "out")
    monkeypatch.setattr(equivalent_run, "_hash_of", lambda uri: pytest.fail("the source was read"))
    assert validate(source, contract(), output=tmp_path / "out").already_done


def test_a_file_that_may_still_change_within_the_clock_tick_is_not_trusted_by_its_date(
    tmp_path: Path,
) -> None:
    stored_file = equivalent_run.stored_file_of(str(written(tmp_path)))
    assert stored_file is not None
    assert stored_file.version is None


def _lookup(folder: Path, text: str) -> dict[str, Any]:
    (folder / "l.csv").write_text(f"key\n{text}\n")
    column = {"name": "note", "lookup": {"file": str(folder / "l.csv"), "column": "key"}}
    return {"columns": [{"name": "id"}, column]}


def test_another_lookup_is_another_run(tmp_path: Path) -> None:
    for text, already, rejected in (("a", False, 2), ("a", True, 2), ("b", False, 2), ("a\nb\nc", False, 0)):
        result = validate(written(tmp_path), contract(**_lookup(tmp_path, text)), output=tmp_path / "out")
        assert (result.already_done, result.summary["records"]["rejected"]) == (already, rejected)


@pytest.mark.parametrize("spoil", ["target.csv", "exceptions.csv", "summary.json", "ledger.sqlite"])
def test_where_something_is_gone_the_run_is_run(tmp_path: Path, spoil: str) -> None:
    run(tmp_path)
    (tmp_path / "out" / spoil).unlink()
    assert not run(tmp_path).already_done
    assert set(contents(tmp_path / "out")) == {"target.csv", "exceptions.csv", "rejected.csv", "summary.json"}


def test_a_shortened_output_is_written_anew(tmp_path: Path) -> None:
    run(tmp_path)
    (tmp_path / "out" / "target.csv").write_bytes(b"id")
    assert not run(tmp_path).already_done
    assert (tmp_path / "out" / "target.csv").read_bytes() == b"id,note\n1,a\n3,c\n"


def test_what_another_run_has_replaced_is_run_again(tmp_path: Path) -> None:
    for data, already in ((DATA, False), (b"id,note\n1,z\n", False), (DATA, False), (DATA, True)):
        assert run(tmp_path, data).already_done is already


def test_limit_contract_and_again_make_it_another_run(tmp_path: Path) -> None:
    run(tmp_path)
    limited = run(tmp_path, max_rejected="50%")
    assert (limited.already_done, limited.exit_code) == (False, 0)
    assert run(tmp_path, max_rejected="50%").already_done
    assert not run(tmp_path, max_rejected="50%", force=True).already_done
    safe = contract(run={"exceptions": {"excel_safe": True}})
    assert not validate(tmp_path / "s.csv", safe, output=tmp_path / "out").already_done
    assert runs_of(tmp_path) == 4


def test_refused_and_failed_runs_are_done_too(tmp_path: Path) -> None:
    for data, options in ((b"other\n1\n", {}), (DATA, {"max_rejected": 0})):
        first = run(tmp_path, data, **options)
        second = run(tmp_path, data, **options)
        assert (second.already_done, second.summary, second.exit_code) == (True, first.summary, 1)


def test_standard_input_is_always_run(tmp_path: Path) -> None:
    words = (
        "validate",
        "-",
        "-c",
        write_contract(tmp_path),
        "-o",
        tmp_path / "out",
        "--format",
        "json",
        "-q",
        "--force",
    )
    ids = {json.loads(command(*words, input=DATA.decode()).stdout)["run_id"] for _ in range(2)}
    assert len(ids) == 2


def test_each_of_several_sources_is_looked_at_on_its_own(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        written(tmp_path, DATA + name.encode() + b",\n", name)
    sources = (tmp_path / "a.csv", tmp_path / "b.csv")
    words = ("validate", *sources, "-c", write_contract(tmp_path), "-q", "-o", tmp_path / "out")
    command(*words)
    written(tmp_path, DATA, "b.csv")
    told = command(*words).stdout
    assert told.count("already done by run") == 1
    assert f"{tmp_path / 'a.csv'}: already done" in told
    assert sorted(
        record.output for record in readable_entries(list_runs(str(tmp_path / "out"), RunFilter()))
    ) == ["a", "b", "b"]


def test_without_output_nothing_is_ever_done_already(tmp_path: Path) -> None:
    words = ("validate", written(tmp_path), "-c", write_contract(tmp_path), "-q")
    for _ in range(2):
        told = command(*words).stdout
        assert "nothing was kept" in told
        assert "already done" not in told
