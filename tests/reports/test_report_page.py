"""The page says what the summary, the exceptions and the ledger say, and points at the right cells."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import validate
from callcenter_etl.run.ledger import RunFilter, list_runs
from tests.reports.pages import call, exceptions, page_of, read, rules_in
from tests.shared_folder import REPOSITORY

SAMPLE = str(REPOSITORY / "src_files" / "call_center_raw_202502.csv")
SMALL_SAMPLE = str(REPOSITORY / "src_files" / "call_center_raw_202501.csv")
CONTRACT = str(REPOSITORY / "contracts" / "call_center.yaml")
CALLS = """contract: calls
source: {header: by_name, header_case: ignore}
columns:
  - {name: started, type: time, aliases: [begin]}
  - {name: status, allowed: [DONE, LOST]}
  - {name: seconds, type: integer, max: 60, severity: warn}
rules:
  - {name: done_has_start, when: "status == 'DONE'", check: "not empty(started)"}
"""
SOURCE = "x,STATUS,y,Begin,seconds\n1,DONE,,08:00:00,5\n2,OPEN,,8:00,5\n3,DONE,,,5\n4,LOST,,,70\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CALLCENTER_ETL_LOG_LEVEL", "ERROR")
    Path("calls.yaml").write_text(CALLS, encoding="utf-8")
    Path("calls.csv").write_text(SOURCE, encoding="utf-8")


def report(*words: str, code: int = 1) -> str:
    done = call("validate", *words, "-q", "--report", "report.html")
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    return done.stdout


def test_the_numbers_are_those_of_the_summary_and_of_the_exceptions() -> None:
    assert "report: report.html" in report(SAMPLE, "-c", CONTRACT, "-o", "out")
    page, rows = read(Path("report.html")), exceptions(Path("out/exceptions.csv"))
    summary = json.loads(Path("out/summary.json").read_text(encoding="utf-8"))
    assert page.counts == summary["records"]
    assert page.broken == {
        rule: count["broken"] for rule, count in summary["rules"].items() if count["broken"]
    }
    errors = {
        rule: count
        for rule, count in page.broken.items()
        if rule in summary["rules"] and summary["rules"][rule]["severity"] == "error"
    }
    assert errors == rules_in(rows)
    lines = [int(row["reject_line"]) for row in rows]
    strip = page.strip()
    assert len(strip) > 50
    assert strip == {(first, last): sum(first <= line <= last for line in lines) for (first, last) in strip}
    assert sum(strip.values()) == len(rows) == summary["records"]["rejected"]
    assert page.verdicts == ["rejects"]
    for identity in (summary["run_id"], summary["source"]["sha256"], summary["contract"]["sha256"]):
        assert identity in page.text


def test_places_are_cells_of_the_source_as_a_spreadsheet_numbers_them() -> None:
    assert dict(page_of("calls.csv", "calls.yaml").places) == {
        "D3": "8:#0",  # by an alias, in another letter case
        "B3": "O••N",
        "D4, B4": "(empty)",
        "E5": "",  # a warning alone is no exception: its values are not at hand
    }


def test_after_an_open_quote_places_are_lines_and_the_page_says_why() -> None:
    page = page_of(SMALL_SAMPLE, CONTRACT)
    assert {"F10", "D7", "row 15", "line 28, column F"} <= {place for place, _ in page.places}
    assert "a quote is left open on line 15" in page.text
    late = [place for place, _ in page.places if re.fullmatch(r"([A-Z]+|row )(1[6-9]|[2-9]\d)", place)]
    assert late == []


def test_where_values_run_over_lines_places_are_lines() -> None:
    Path("calls.yaml").write_text(CALLS.replace("{header:", "{multiline: true, header:"), encoding="utf-8")
    Path("calls.csv").write_text(SOURCE.replace("1,DONE", '"1\n2",DONE'), encoding="utf-8")
    page = page_of("calls.csv", "calls.yaml")
    assert "line 4, column D" in [place for place, _ in page.places]
    assert "values may run over lines" in page.text


def test_past_runs_come_from_the_ledger_in_their_order() -> None:
    for status in ("OPEN", "DONE", "LOST"):
        Path("calls.csv").write_text(f"status,started,seconds\n{status},,\nLOST,,\n", encoding="utf-8")
        validate("calls.csv", "calls.yaml", output="out")
    Path("calls.csv").write_text("nothing\n1\n", encoding="utf-8")
    page = page_of("calls.csv", "calls.yaml")
    listed = [run.to_dict() for run in list_runs("out", RunFilter())]
    start = next(index for index, row in enumerate(page.rows) if row[:1] == ["Started (UTC)"])
    shown = [(row[0].replace(" ", "T"), row[2], row[5]) for row in page.rows[start + 1 :]]
    assert shown == [(run["started_at"][:19], run["status"], share(run)) for run in listed]
    assert [rate for _, _, rate in shown] == ["-", "0%", "50%", "50%"]
    assert "Share of rejected records over 3 runs, from 50% to 0%" in str(page.elements)


def share(run: dict[str, Any]) -> str:
    records = run["records"]
    return f"{100 * records['rejected'] // records['read']}%" if records["read"] else "-"


def test_one_page_tells_of_several_sources_also_of_those_that_could_not_be_read() -> None:
    Path("other.csv").write_text("Anna Maria,08:00\n", encoding="utf-8")
    report("calls.csv", "other.csv", "none.csv", "-c", "calls.yaml", "-o", "out", code=3)
    page = read(Path("report.html"))
    assert page.verdicts == ["error", "refused", "rejects"]
    cause = "none.csv: no such file or directory (did you mean 'other.csv'?)"
    assert [f"none.csv {cause}", "error", "-", "-", "-", "-"] in page.rows
    assert "header.missing: column 'status', expected at position 2, is missing" in page.text
    assert "Anna" not in page.text  # a header in which no column is found is a record, most likely
    targets = {known["id"] for _, known in page.elements if "id" in known}
    links = {(known["href"] or "")[1:] for _, known in page.elements if "href" in known}
    assert len(links) == 2
    assert links <= targets


def test_without_output_there_is_a_page_all_the_same() -> None:
    report("calls.csv", "-c", "calls.yaml")
    page = read(Path("report.html"))
    assert (page.counts["rejected"], sum(page.strip().values())) == (2, 2)
    assert "nothing was kept" in page.text
    assert "no ledger knows it" in page.text
    assert tempfile.gettempdir() not in page.text


def test_what_passed_and_what_was_done_already_have_pages() -> None:
    Path("calls.csv").write_text("status,started,seconds\nDONE,08:00:00,1\n", encoding="utf-8")
    assert page_of("calls.csv", "calls.yaml").verdicts == ["passed"]
    page = page_of("calls.csv", "calls.yaml")
    assert page.counts["accepted"] == 1
    assert "nothing was run anew" in page.text


def test_an_earlier_run_has_a_page_as_long_as_its_files_stand() -> None:
    first = validate("calls.csv", "calls.yaml", output="out").record
    show = ("runs", "show", first.run_id, "-o", "out", "--report", "report.html")
    assert call(*show, "-c", "calls.yaml").returncode == 0
    page = read(Path("report.html"))
    assert (page.counts, sum(page.strip().values())) == (asdict(first.records), 2)
    without = call(*show)
    assert (without.returncode, "--contract" in without.stderr) == (2, True)
    Path("other.yaml").write_text(CALLS + "\n", encoding="utf-8")
    other = call(*show, "-c", "other.yaml")
    assert (other.returncode, "another text" in other.stderr) == (2, True)
    kept = Path("out/exceptions.csv").read_bytes()
    Path("out/exceptions.csv").write_text("changed\n", encoding="utf-8")
    assert call(*show, "-c", "calls.yaml").returncode == 0
    assert "the exceptions were replaced since this run" in read(Path("report.html")).text
    written = Path("out/exceptions.csv")
    written.write_bytes(kept.replace(b",3,", b",x,", 1))  # as long as before
    assert written.read_bytes() != kept
    assert call(*show, "-c", "calls.yaml").returncode == 0
    assert "the exceptions were replaced since this run" in read(Path("report.html")).text
    explained = call("explain", "out", "-c", "calls.yaml")
    assert (explained.returncode, "reject_line holds no line numbers" in explained.stderr) == (3, True)
    Path("out/exceptions.csv").unlink()
    assert call(*show, "-c", "calls.yaml").returncode == 0
    assert "exceptions.csv: no such file or directory" in read(Path("report.html")).text
    validate("calls.csv", "calls.yaml", output="out", force=True)
    replaced = call(*show, "-c", "calls.yaml")
    assert (replaced.returncode, "it now has those of run" in replaced.stderr) == (2, True)


def test_exceptions_that_are_guarded_for_spreadsheets_are_read_as_they_were() -> None:
    contract = "contract: g\ncolumns: [{name: '-a', type: integer}, {name: b}]\nrun: {exceptions: {excel_safe: true}}\n"
    Path("g.yaml").write_text(contract, encoding="utf-8")
    Path("g.csv").write_text("-a,b\n=1234,x\n5,x\n", encoding="utf-8")
    page = page_of("g.csv", "g.yaml")
    assert exceptions(Path("out/exceptions.csv"))[0]["'-a"] == "'=1234"
    assert (page.broken, page.places) == ({"-a.type": 1}, [("A2", "=###4")])


def test_a_record_beyond_all_limits_is_passed_over_and_said_so() -> None:
    with Path("long.csv").open("w", encoding="utf-8") as file:
        file.write(f"status,started,seconds\nOPEN,,\n{'x' * (17 * 2**20)}\nOPEN,,\n")
    page = page_of("long.csv", "calls.yaml")
    assert page.counts["rejected"] == 3
    assert "1 exceptions are too long to be shown here" in page.text
    assert Path("report.html").stat().st_size < 100_000


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("report.txt", "a file that ends in .html is expected, not 'report.txt'"),
        ("folder.html", "'folder.html' is a folder"),
        ("gs://bucket/report.html", "reports can be local or s3://"),
        ("calls.html", "'calls.html' is the source itself"),
    ],
)
def test_a_report_that_cannot_be_stops_the_run_before_it_starts(name: str, said: str) -> None:
    Path("folder.html").mkdir()
    Path("calls.html").write_text(SOURCE, encoding="utf-8")
    done = call("validate", "calls.html", "-c", "calls.yaml", "-o", "out", "-q", "--report", name)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert not Path("out").exists()
    assert Path("calls.html").read_text(encoding="utf-8") == SOURCE


def test_a_missing_extra_stops_the_run_with_the_remedy() -> None:
    without = "sys.modules['vl_convert'] = None"
    words = ("validate", "calls.csv", "-c", "calls.yaml", "-o", "out", "-q")
    done = call(*words, "--report", "report.html", before=without)
    assert (done.returncode, "pip install 'callcenter-etl[report]'" in done.stderr) == (2, True), done.stderr
    assert not Path("out").exists()
    assert call(*words, before=without).returncode == 1


def test_a_report_that_cannot_be_written_leaves_the_run_standing() -> None:
    done = call(
        "validate", "calls.csv", "-c", "calls.yaml", "-o", "out", "-q", "--report", "calls.csv/r.html"
    )
    assert done.returncode == 3
    assert "the run is complete, only its report is not written: calls.csv/r.html" in done.stderr
    assert json.loads(Path("out/summary.json").read_text(encoding="utf-8"))["status"] == "rejects"
    assert "2 rejected" in done.stdout


def test_the_file_is_its_owners_alone_unless_declared_otherwise_and_replaced_whole() -> None:
    Path("report.html").write_text("an earlier one", encoding="utf-8")
    page_of("calls.csv", "calls.yaml")
    assert Path("report.html").stat().st_mode & 0o777 == 0o600
    Path("calls.yaml").write_text(CALLS + 'run: {file_mode: "0644"}\n', encoding="utf-8")
    report("calls.csv", "-c", "calls.yaml")
    assert Path("report.html").stat().st_mode & 0o777 == 0o644
    assert [path.name for path in Path().iterdir() if "report" in path.name] == ["report.html"]


def test_with_json_the_summary_alone_is_printed() -> None:
    printed = report("calls.csv", "-c", "calls.yaml", "--format", "json")
    assert json.loads(printed)["status"] == "rejects"
