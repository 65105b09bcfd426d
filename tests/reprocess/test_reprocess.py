"""Corrected records join the target once: as a clean source would have given them, however the file was rewritten."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callcenter_etl import OutputError, SourceError, UsageError, load_contract, validate
from callcenter_etl.tools.reprocess import Reprocessed
from callcenter_etl.writers.csv_injection import escape
from tests.reliability.support import command, waiting_run, write_contract
from tests.reprocess.support import (
    CONTRACT,
    NAMES,
    OURS,
    WRITERS,
    Row,
    again,
    as_plain,
    clean_rows,
    corrected,
    messed,
    rows_of,
    text_of,
)

COUNT = 150


def target_of(done: Reprocessed) -> list[Row]:
    return rows_of(Path(done.outputs["target"].uri))[1:] if done.outputs else []


def prepared(
    folder: Path, contract: dict[str, Any] | None = None, seed: int = 3
) -> tuple[Path, dict[int, Row]]:
    """Run a messy source into `folder/out`; give its exceptions and the clean twin of each rejected line."""
    rows = clean_rows(COUNT, seed)
    data, broken = messed(rows, seed)
    (folder / "s.csv").write_bytes(data)
    validate(folder / "s.csv", load_contract(contract or CONTRACT), output=folder / "out")
    clean = {line: rows[number] for line, number in broken.items()}
    exceptions = folder / "out" / "exceptions.csv"
    assert {int(row[-4]) for row in rows_of(exceptions)[1:]} == set(clean)
    assert len(clean) > 30
    return exceptions, clean


@pytest.mark.parametrize("write", WRITERS, ids=lambda each: each.__name__)
def test_target_and_recovered_are_what_a_clean_source_gives(
    tmp_path: Path, write: Callable[[list[Row], Path], None]
) -> None:
    exceptions, clean = prepared(tmp_path)
    if write.__name__ == "as_excel_germany":  # what the sheet's encoding lacks cannot come back from it
        clean = {line: [cell.replace("Łódź", "é") for cell in row] for line, row in clean.items()}
    first, second = set(sorted(clean)[::2]), set(sorted(clean)[1::2])
    sheet = tmp_path / "out" / "sheet.csv"
    write(corrected(rows_of(exceptions), clean, first), sheet)
    done = again(sheet)
    assert (done.rows.read, done.rows.recovered, done.rows.rejected) == (len(clean), len(first), len(second))
    assert sorted(target_of(done)) == sorted(clean[line] for line in first)
    # The same again adds nothing; one that overlaps adds the new ones.
    same = again(sheet)
    assert (same.rows.recovered, same.rows.recovered_before, same.outputs) == (0, len(first), {})
    write(corrected(rows_of(exceptions), clean, first | second), sheet)
    rest = again(sheet)
    assert (rest.rows.recovered, rest.rows.recovered_before, rest.rows.rejected) == (
        len(second),
        len(first),
        0,
    )
    assert rest.exit_code == 0
    accepted = rows_of(tmp_path / "out" / "target.csv")[1:]
    everything = sorted(accepted + target_of(done) + target_of(rest))
    clone = tmp_path / "twin.csv"
    clone.write_bytes(text_of([NAMES, *everything]))
    result = validate(clone, load_contract(CONTRACT), output=tmp_path / "twin")
    assert (result.record.records.accepted, result.record.records.rejected) == (COUNT, 0)
    if write.__name__ != "as_excel_germany":
        assert everything == sorted(clean_rows(COUNT, 3))


def test_recovered_records_keep_the_order_of_the_source(tmp_path: Path) -> None:
    exceptions, clean = prepared(tmp_path)
    header, *rows = corrected(rows_of(exceptions), clean, set(clean))
    as_plain([header, *reversed(rows)], tmp_path / "out" / "sheet.csv")
    assert target_of(again(tmp_path / "out" / "sheet.csv")) == [clean[line] for line in sorted(clean)]


@pytest.mark.parametrize("kept", [True, False])
def test_marks_against_formulas_are_taken_off(tmp_path: Path, *, kept: bool) -> None:
    contract = {**CONTRACT, "run": {"exceptions": {"excel_safe": True}}}
    exceptions, clean = prepared(tmp_path, contract)
    marked = {line: [escape(cell) for cell in row] for line, row in clean.items()}
    rows = corrected(rows_of(exceptions), marked, set(clean))
    if not kept:  # typed in anew, a risky value has no mark
        rows = [[cell[1:] if cell.startswith(("'-", "'=")) else cell for cell in row] for row in rows]
    as_plain(rows, tmp_path / "out" / "sheet.csv")
    done = again(tmp_path / "out" / "sheet.csv", contract)
    assert sorted(target_of(done)) == sorted(clean.values())


def test_an_untouched_file_recovers_nothing(tmp_path: Path) -> None:
    exceptions, clean = prepared(tmp_path)
    before = [(row[-4], row[-3]) for row in rows_of(exceptions)]
    done = again(exceptions)
    assert (done.rows.recovered, done.rows.rejected) == (0, len(clean))
    assert [(row[-4], row[-3]) for row in rows_of(Path(done.outputs["exceptions"].uri))] == before
    rejected = Path(done.outputs["rejected"].uri).read_bytes()
    assert sorted(rejected.splitlines()) == sorted(
        (exceptions.parent / "rejected.csv").read_bytes().splitlines()
    )


SMALL = (
    b"id,start,end,status,note\n"
    b"1,08:00:00,09:00:00,COMPLETED,a\n"
    b"2,08:00:00,09:00:00\n"
    b"3,08:00:00,09:00:00,COMPLETED,\xe9\n"
    b"1,08:00:00,09:00:00,LOST,c\n"
    b'5,08:00:00,09:00:00,COMPLETED,"d\n'
    b",,,,\n"
)
HEADER = [*NAMES, *OURS]
BLANK = [""] * 5


def small(
    folder: Path, rows: list[Row], contract: dict[str, Any] | None = None, **options: Any
) -> Reprocessed:
    (folder / "s.csv").write_bytes(SMALL)
    validate(folder / "s.csv", load_contract(contract or CONTRACT), output=folder / "out")
    as_plain([HEADER, *rows], folder / "out" / "sheet.csv")
    return again(folder / "out" / "sheet.csv", contract, **options)


def row(values: str, line: int, rules: str = "", raw: str = "") -> Row:
    return [*(values.split(",") if values else BLANK), str(line), rules, "", raw]


def told(done: Reprocessed) -> list[tuple[str, str, str]]:
    return [(each[-4], each[-3], each[-2]) for each in rows_of(Path(done.outputs["exceptions"].uri))[1:]]


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        (row("", 3, "record.fields", "2,08:00:00,09:00:00,DROPPED,b"), ""),
        (row("2,08:00:00,09:00:00,DROPPED,b", 3, "record.fields", "2,08:00:00,09:00:00"), ""),
        (row("", 3, "record.fields", "2,08:00:00,09:00:00,"), "record.fields"),
        (row("", 3, "record.fields", ""), "record.fields"),
        (
            row("", 3, "record.fields", "2,08:00:00,09:00:00,DROPPED,b\n9,08:00:00,09:00:00,DROPPED,b"),
            "record.fields",
        ),
        (row("", 4, "record.encoding", r"3,08:00:00,09:00:00,COMPLETED,\xe9"), "record.encoding"),
        (row("", 4, "record.encoding", "3,08:00:00,09:00:00,COMPLETED,é"), ""),
        (row("", 6, "record.quote", '5,08:00:00,09:00:00,COMPLETED,"d'), "record.quote"),
        (row("", 6, "record.quote", "5,08:00:00,09:00:00,COMPLETED,d"), ""),
        (row("5,08:00:00,09:00:00,COMPLETED,a\nb", 6), "record.quote"),
        (row("1,08:00:00,09:00:00,COMPLETED,c", 5), "id.unique"),
        (row("4,08:00:00,09:00:00,COMPLETED,c", 5), ""),
        (row("4,08:00:00,07:00:00,LOST,c", 5), "status.allowed; ends_after_start"),
        (row("", 7), "id.required; start.required; status.required"),
    ],
)
def test_what_becomes_of_one_row(tmp_path: Path, given: Row, outcome: str) -> None:
    done = small(tmp_path, [given])
    if outcome:
        assert [(line, rules) for line, rules, _ in told(done)] == [(given[-4], outcome)]
    else:
        assert (done.rows.recovered, done.exit_code) == (1, 0)


def test_keys_stand_once_among_target_file_and_earlier_recoveries(tmp_path: Path) -> None:
    twice = [row("8,08:00:00,09:00:00,DROPPED,b", 3), row("8,08:00:00,09:00:00,DROPPED,b", 5)]
    done = small(tmp_path, [row("1,08:00:00,09:00:00,DROPPED,b", 4), *twice])
    assert target_of(done) == [["8", "08:00:00", "09:00:00", "DROPPED", "b"]]
    assert told(done) == [
        ("4", "id.unique", "id must be unique, '1' stands first on line 2 of the target"),
        ("5", "id.unique", "id must be unique, '8' stands first on line 3"),
    ]
    as_plain([HEADER, row("8,08:00:00,09:00:00,DROPPED,b", 4)], tmp_path / "out" / "sheet.csv")
    assert told(again(tmp_path / "out" / "sheet.csv"))[0][2].endswith("stands first on line 2 of the target")


def test_the_rest_of_a_reprocess_is_reprocessed_in_turn(tmp_path: Path) -> None:
    first = small(tmp_path, [row("2,08:00:00,09:00:00,DROPPED,b", 3), row("1,08:00:00,09:00:00,LOST,c", 5)])
    rest = Path(first.outputs["exceptions"].uri)
    rest.write_bytes(rest.read_bytes().replace(b"LOST", b"DROPPED"))
    second = again(rest)
    assert told(second)[0][1] == "id.unique"
    rest.write_bytes(rest.read_bytes().replace(b"1,08", b"4,08"))
    third = again(rest)
    assert (third.rows.recovered, third.source.sha256) == (1, first.source.sha256)
    assert Path(third.outputs["target"].uri).parent.parent == tmp_path / "out" / "reprocessed"
    # The same line in a file of the run itself counts as recovered.
    as_plain([HEADER, row("7,08:00:00,09:00:00,DROPPED,b", 5)], tmp_path / "out" / "sheet.csv")
    assert again(tmp_path / "out" / "sheet.csv").rows.recovered_before == 1


def test_a_dry_run_tells_and_writes_nothing(tmp_path: Path) -> None:
    small(tmp_path, [], dry_run=True)
    before = sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*"))
    as_plain([HEADER, row("2,08:00:00,09:00:00,DROPPED,b", 3)], tmp_path / "sheet.csv")
    done = again(tmp_path / "sheet.csv", run_output=tmp_path / "out", dry_run=True)
    assert (done.rows.recovered, done.outputs) == (1, {})
    (tmp_path / "sheet.csv").unlink()
    after = sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*"))
    assert [each for each in after if each[0] != tmp_path] == [each for each in before if each[0] != tmp_path]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([row("2,,,,", 3), row("3,,,,", 3)], "row 3: line 3 is also in row 2"),
        ([row("2,,,,", 99)], "line 99 is none that the run rejected"),
        ([[*BLANK, "three", "", "", "x"]], "row 2: reject_line is 'three', the line's number expected"),
        ([[*row("2,,,,", 3), "x"]], "row 2 has more cells than the header (9)"),
    ],
)
def test_rows_that_cannot_be_told_apart_are_refused_whole(tmp_path: Path, rows: list[Row], said: str) -> None:
    done = small(tmp_path, rows)
    assert (done.status, done.exit_code, done.outputs) == ("refused", 1, {})
    assert said in [problem.message for problem in done.problems]
    assert not list((tmp_path / "out" / "reprocessed").glob("2*"))


def test_columns_that_went_missing_are_named(tmp_path: Path) -> None:
    small(tmp_path, [])
    sheet = tmp_path / "out" / "sheet.csv"
    as_plain([["id", "begin", "end", "status", "note", "reject_line", "reject_raw"]], sheet)
    messages = [problem.message for problem in again(sheet).problems]
    assert "column 'reject_rules' is missing" in messages
    assert any("'start'" in message for message in messages)


def test_rejected_records_are_known_by_their_lines_where_these_can_be_told(tmp_path: Path) -> None:
    exceptions, clean = prepared(tmp_path)
    lines = [int(each[-4]) for each in rows_of(exceptions)[1:]]
    mended = tmp_path / "out" / "mended.csv"
    half = set(lines[::2])
    raws = (tmp_path / "out" / "rejected.csv").read_bytes().splitlines(keepends=True)
    content = [
        text_of([clean[line]]) if line in half else raw for line, raw in zip(lines, raws[1:], strict=True)
    ]
    mended.write_bytes(raws[0] + b"".join(content))
    done = again(mended)
    assert (done.rows.recovered, done.rows.rejected, done.notes) == (len(half), len(lines) - len(half), ())
    assert target_of(done) == [clean[line] for line in sorted(half)]
    as_plain(corrected(rows_of(exceptions), clean, set(lines)), tmp_path / "out" / "sheet.csv")
    rest = again(tmp_path / "out" / "sheet.csv")
    assert (rest.rows.recovered, rest.rows.recovered_before) == (len(lines) - len(half), len(half))


def test_rejected_records_in_another_order_are_refused(tmp_path: Path) -> None:
    exceptions, clean = prepared(tmp_path)
    lines = [int(each[-4]) for each in rows_of(exceptions)[1:]]
    raws = (tmp_path / "out" / "rejected.csv").read_bytes().splitlines(keepends=True)
    mended = tmp_path / "out" / "mended.csv"
    first = text_of([clean[lines[0]]])
    mended.write_bytes(b"".join([raws[0], *raws[2:-1], first, raws[-1]]))
    done = again(mended)
    assert (done.status, done.outputs) == ("refused", {})
    assert f"record 1 has little in common with line {lines[0]:,}" in done.problems[0].message
    assert "correct exceptions.csv, where order does not matter" in done.problems[0].message


def test_rejected_records_out_of_step_are_known_by_their_content(tmp_path: Path) -> None:
    small(tmp_path, [])
    mended = tmp_path / "out" / "mended.csv"
    good = b"7,08:00:00,09:00:00,DROPPED,b\n"
    mended.write_bytes(b"id,start,end,status,note\n" + good + b"8,08:00:00,09:00:00,WRONG,b\n")
    done = again(mended)
    assert (done.rows.recovered, done.rows.rejected) == (1, 1)
    assert "identified by their content" in done.notes[0]
    mended.write_bytes(b"id,start,end,status,note\n9,08:00:00,09:00:00,DROPPED,b\n" + good)
    later = again(mended)
    assert (later.rows.recovered, later.rows.recovered_before) == (1, 1)


def test_rejected_records_that_may_join_are_refused(tmp_path: Path) -> None:
    contract = {**CONTRACT, "source": {"multiline": True}}
    small(tmp_path, [], contract)
    mended = tmp_path / "out" / "mended.csv"
    mended.write_bytes(b'id,start,end,status,note\n5,08:00:00,09:00:00,COMPLETED,"d\nx"\n')
    done = again(mended, contract)
    assert (done.status, "correct exceptions.csv instead" in done.problems[0].message) == ("refused", True)


def test_the_source_must_be_known(tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.csv"
    as_plain([HEADER, row("2,08:00:00,09:00:00,DROPPED,b", 3)], sheet)
    with pytest.raises(UsageError, match="--run-output, or the source's hash with --source-sha256"):
        again(sheet)
    with pytest.raises(UsageError, match="no run is published here"):
        again(sheet, run_output=tmp_path)
    with pytest.raises(UsageError, match="--output"):
        again(sheet, source_sha256="ab" * 32)
    done = again(sheet, source_sha256="AB" * 32, output=tmp_path / "o")
    assert (done.rows.recovered, done.source.sha256) == (1, "ab" * 32)
    assert "the run's target is not available" in done.notes[0]
    assert again(sheet, source_sha256="ab" * 32, output=tmp_path / "o").rows.recovered_before == 1
    small(tmp_path, [])
    with pytest.raises(UsageError, match="read a source of hash"):
        again(sheet, run_output=tmp_path / "out", source_sha256="ab" * 32)


def test_a_crash_before_publishing_loses_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [row("2,08:00:00,09:00:00,DROPPED,b", 3)]
    small(tmp_path, [], dry_run=True)
    as_plain([HEADER, *rows], tmp_path / "out" / "sheet.csv")

    def fails(*_: object) -> None:
        raise OSError(28, "no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", fails)
        with pytest.raises(OutputError, match="no space left"):
            again(tmp_path / "out" / "sheet.csv")
    home = tmp_path / "out" / "reprocessed"
    (home / ".staging-dead" / "files").mkdir(parents=True)
    done = again(tmp_path / "out" / "sheet.csv")
    assert done.rows.recovered == 1
    assert sorted(path.name for path in home.iterdir()) == [".callcenter_etl.lock", done.run_id]
    (home / done.run_id / "recovered.csv").unlink()
    with pytest.raises(SourceError, match="cannot be read"):  # rather nothing than twice
        again(tmp_path / "out" / "sheet.csv")


def test_one_reprocess_at_a_time(tmp_path: Path) -> None:
    small(tmp_path, [], dry_run=True)
    as_plain([HEADER, row("2,08:00:00,09:00:00,DROPPED,b", 3)], tmp_path / "out" / "sheet.csv")
    process = waiting_run(tmp_path, tmp_path / "out" / "reprocessed")
    try:
        with pytest.raises(OutputError, match="is writing there"):
            again(tmp_path / "out" / "sheet.csv")
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stderr):
            if stream is not None:
                stream.close()
    assert again(tmp_path / "out" / "sheet.csv").rows.recovered == 1


SOURCES: tuple[dict[str, Any], ...] = (
    {},
    {"delimiter": ";", "multiline": True},
    {"quote": None, "delimiter": "|"},
    {"encoding": "latin-1", "delimiter": "\t"},
    {"encoding": "utf-16"},
    {"delimiter": "→", "quote": "'"},
)
VALUES = st.text(max_size=6) | st.text(alphabet=list(",;|\t'\"→\n\r é\ufeffa"), max_size=6)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=1, max_size=6), source=st.sampled_from(SOURCES)
)
def test_whatever_is_typed_in_reads_back_from_the_target(
    rows: list[tuple[str, str, str]], source: dict[str, Any]
) -> None:
    contract: dict[str, Any] = {
        "contract": "c",
        "source": source,
        "columns": [{"name": name} for name in ("a", "b", "c")],
    }
    rows = [("".join(v for v in a if v.isprintable()) + "x", b, c) for a, b, c in rows]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        sheet = [["a", "b", "c", *OURS]] + [
            [*each, str(at), "", "", ""] for at, each in enumerate(rows, start=2)
        ]
        (folder / "sheet.csv").write_bytes(text_of(sheet, quoting=csv.QUOTE_ALL))
        done = again(folder / "sheet.csv", contract, source_sha256="0" * 64, output=folder / "o")
        refused = {int(line): rule for line, rule, _ in told(done)}
        assert set(refused.values()) <= {"record.fields", "record.quote", "record.encoding"}
        wanted = [list(each) for at, each in enumerate(rows, start=2) if at not in refused]
        read = {
            **contract,
            "source": {
                **source,
                "encoding": "utf-8"
                if source.get("encoding") == "utf-16"
                else source.get("encoding", "utf-8"),
            },
        }
        found = read_back(folder / "o" / done.run_id / "target.csv", read, folder / "back")
        assert found == wanted
        for at, rule in refused.items():
            text = "".join(rows[at - 2])
            assert rule != "record.encoding" or any(ord(character) > 255 for character in text)


def read_back(target: Path, contract: dict[str, Any], output: Path) -> list[Row]:
    """Read a target through a run that rejects every record, as its exceptions show the values."""
    always = {**contract, "rules": [{"name": "never", "check": "empty(a)"}]}
    validate(target, load_contract(always), output=output)
    return [each[:3] for each in rows_of(output / "exceptions.csv")[1:] if each[-3] == "never"]


def test_the_command_line_tells_it_as_text_and_json(tmp_path: Path) -> None:
    small(tmp_path, [], dry_run=True)
    sheet = tmp_path / "out" / "sheet.csv"
    as_plain([HEADER, row("2,08:00:00,09:00:00,DROPPED,b", 3), row("1,08:00:00,09:00:00,LOST,b", 5)], sheet)
    contract = write_contract(tmp_path, **CONTRACT)
    words = ("reprocess", sheet, "--contract", contract)
    dry = command(*words, "--dry-run")
    assert (dry.returncode, dry.stderr) == (1, "")
    assert "2 read, 1 recovered, 1 still rejected, 0 recovered before and skipped (dry run" in dry.stdout
    shown = json.loads(command(*words, "--format", "json").stdout)
    assert shown["rows"] == {"read": 2, "recovered": 1, "rejected": 1, "recovered_before": 0}
    written = Path(shown["outputs"]["target"].pop("uri")).parent / "summary.json"
    assert json.loads(written.read_text(encoding="utf-8"))["run_id"] == shown["run_id"]
    nothing = command(*words)
    assert (nothing.returncode, "already done by reprocess" in nothing.stdout) == (1, True)
    assert command(*words, "--force").stdout.count("exceptions.csv") == 1
    unknown = command("reprocess", contract, "--contract", contract)
    assert (unknown.returncode, "Traceback" in unknown.stderr) == (2, False)
    missing = command(
        "reprocess", tmp_path / "none.csv", "--contract", contract, "--run-output", tmp_path / "out"
    )
    assert (missing.returncode, "no such file" in missing.stderr) == (3, True)
    (tmp_path / "out" / "book.xlsx").write_bytes(b"PK\x03\x04" + b"\x81\x00" * 3000)
    book = command("reprocess", tmp_path / "out" / "book.xlsx", "--contract", contract)
    assert (book.returncode, "file.not_delimited" in book.stdout) == (1, True)
