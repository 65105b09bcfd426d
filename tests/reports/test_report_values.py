"""`--report-values public` shows values of public columns in full, and no value of another column in either mode."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

from callcenter_etl.diagnostics.html.value_display import MAX_FULL_CHARACTERS, full_text
from tests.reports.pages import Page, call, exceptions, page_of, read

CONTRACT = """contract: c
columns:
  - {name: id, type: digits}
  - {name: status, allowed: [DONE, LOST]}
  - {name: started, type: time}
  - {name: who, pattern: '[A-Z][a-z]+', CLASSIFIED}
  - {name: key, allowed: [alpha], CLASSIFIED_TOO}
rules:
  - {name: who_key, check: "who != key"}
"""
CLASSIFIED = CONTRACT.replace("CLASSIFIED_TOO", "classification: secret").replace(
    "CLASSIFIED", "classification: personal"
)
PUBLIC = CONTRACT.replace(", CLASSIFIED_TOO", "").replace(", CLASSIFIED", "")
PUBLIC_VALUES = ("A17X", "ANSWERED", "25:61:00", "  DONE")
HIDDEN_VALUES = ("wilhelmina", "!!$$!!", "ok4242", "é€²", "Sesame99", "Malformed77")
ROWS = (
    f"{PUBLIC_VALUES[0]},DONE,08:00:00,Anna,alpha",
    f"1,{PUBLIC_VALUES[1]},08:00:00,{HIDDEN_VALUES[0]},alpha",
    f"2,{PUBLIC_VALUES[1]},{PUBLIC_VALUES[2]},{HIDDEN_VALUES[1]},alpha",
    f"3,{PUBLIC_VALUES[3]},,{HIDDEN_VALUES[2]},{HIDDEN_VALUES[4]}",
    f"4,LOST,,{HIDDEN_VALUES[3]},{HIDDEN_VALUES[4]}",
    f"5,{HIDDEN_VALUES[5]}",
    f"6,{PUBLIC_VALUES[1]},,Anna,alpha",
)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CALLCENTER_ETL_LOG_LEVEL", "ERROR")
    Path("c.yaml").write_text(CLASSIFIED, encoding="utf-8")
    Path("open.yaml").write_text(PUBLIC, encoding="utf-8")
    Path("s.csv").write_text("id,status,started,who,key\n" + "\n".join(ROWS) + "\n", encoding="utf-8")


def text_of(page: Page) -> str:
    """Return the page's text and attributes, the runs of white space as they are."""
    attributes = " ".join(value or "" for _, known in page.elements for value in known.values())
    return f"{page.text} {attributes}"


def shown_as(page: Page) -> str | None:
    return next(known["data-values"] for _, known in page.elements if "data-values" in known)


def test_values_are_masked_unless_public_is_asked_for() -> None:
    page = page_of("s.csv", "c.yaml")
    for value in (*PUBLIC_VALUES[:3], *HIDDEN_VALUES):
        assert value not in text_of(page)
    assert shown_as(page) == "masked"
    assert "values are masked" in page.text
    assert "status is A••••••D" in " ".join(sentence for sentence, _ in page.causes)


def test_public_values_are_shown_in_full_and_the_page_says_so() -> None:
    page = page_of("s.csv", "c.yaml", "public")
    assert shown_as(page) == "public"
    assert "values of public columns are shown" in page.text
    values = {value for _, value in page.places}
    assert values >= {"A17X", "ANSWERED", "25:61:00", "␣␣DONE", "(personal)", "(secret)"}
    assert "status must be one of DONE, LOST, got 'ANSWERED'" in page.text


@pytest.mark.parametrize("values", ["masked", "public"])
def test_no_value_of_a_classified_column_is_in_the_page(values: str) -> None:
    page = page_of("s.csv", "c.yaml", values)
    raw = Path("report.html").read_text(encoding="utf-8")
    kept = Path("out/exceptions.csv").read_text(encoding="utf-8")
    for value in HIDDEN_VALUES:
        assert value in kept  # else this test could not fail
        assert value not in html.unescape(raw)
    for shape in ("aaaaaaaaaa", "aa9999"):  # the terminal prints shapes of personal values, a page does not
        assert shape not in page.text


def test_sentences_of_public_values_are_those_of_the_exceptions() -> None:
    page = page_of("s.csv", "open.yaml", "public")
    reasons = {reason for row in exceptions(Path("out/exceptions.csv")) for reason in [row["reject_reasons"]]}
    for sentence in (
        "id must be digits only, got 'A17X'",
        "status must be one of DONE, LOST, got 'ANSWERED'",
    ):
        assert sentence in page.text
        assert any(sentence in reason for reason in reasons)


def test_malformed_records_are_shown_where_every_column_is_public_alone() -> None:
    assert "5,Malformed77" in page_of("s.csv", "open.yaml", "public").text
    assert "Malformed77" not in page_of("s.csv", "open.yaml").text
    Path("open.yaml").write_text(PUBLIC + "source: {header: by_name}\n", encoding="utf-8")
    text = Path("s.csv").read_text(encoding="utf-8")
    Path("s.csv").write_text(text.replace("key\n", "key,undeclared\n", 1), encoding="utf-8")
    page = page_of("s.csv", "open.yaml", "public")
    assert "Malformed77" not in page.text  # a column that no contract classifies may be in it
    assert page.counts["malformed"] == len(ROWS)


def test_a_change_that_holds_a_hidden_value_is_left_out_and_said_so() -> None:
    masked = page_of("s.csv", "c.yaml")
    yaml = [each for _, each in masked.causes if each]
    assert "The YAML of this change holds a value" in masked.text
    assert not [each for each in yaml if "ANSWERED" in each]
    public = page_of("s.csv", "c.yaml", "public")
    assert "The YAML of this change holds a value" not in public.text
    assert [each for _, each in public.causes if "allowed: [DONE, LOST, ANSWERED]" in each]


def test_the_causes_are_those_that_the_terminal_prints() -> None:
    words = ("validate", "s.csv", "-c", "open.yaml", "-o", "out", "--report", "report.html")
    done = call(*words, "--report-values", "public")
    assert done.returncode == 1, done.stderr
    page = read(Path("report.html"))
    printed = done.stdout[done.stdout.index("why 7 records were rejected:") :].splitlines()
    causes = [(line.strip(), "") for line in printed[1:] if line.startswith("  ") and line[2] != " "]
    assert "why 7 records were rejected" in page.text
    assert [sentence for sentence, _ in page.causes] == [text for text, _ in causes if "% of 7:" in text]
    assert [yaml for _, yaml in page.causes if yaml] == [
        line.strip() for line in printed if line.startswith("      ")
    ]
    assert len(page.causes) == 5
    others = next(line.strip() for line in printed if line.startswith("  and "))
    assert others in page.text


def test_several_sources_have_each_its_own_causes_and_json_has_no_more_keys() -> None:
    Path("t.csv").write_text("id,status,started,who,key\n1,GONE,,Anna,alpha\n", encoding="utf-8")
    words = ("validate", "s.csv", "t.csv", "-c", "open.yaml", "-o", "out", "--report", "report.html")
    done = call(*words, "--report-values", "public")
    assert done.returncode == 1, done.stderr
    page = read(Path("report.html"))
    printed = {line.strip() for line in done.stdout.splitlines() if re.match(r"  \S.*% of \d", line)}
    assert {sentence for sentence, _ in page.causes} == printed
    assert any("status is 'GONE'" in sentence for sentence in printed)
    told = call("explain", "out/t", "--contract", "open.yaml", "--format", "json")
    assert set(json.loads(told.stdout)["causes"][0]) == {
        "rule", "records", "share", "what", "lines", "first_line", "last_line", "advice", "hint",
    }  # fmt: skip


def test_an_earlier_run_has_causes_and_values_too() -> None:
    done = call("validate", "s.csv", "-c", "open.yaml", "-o", "out", "-q", "--report", "first.html")
    assert done.returncode == 1, done.stderr
    run_id = json.loads(Path("out/summary.json").read_text(encoding="utf-8"))["run_id"]
    show = ("runs", "show", run_id, "-o", "out", "-c", "open.yaml", "--report", "report.html")
    assert call(*show).returncode == 0
    assert read(Path("report.html")).causes == read(Path("first.html")).causes
    assert call(*show, "--report-values", "public").returncode == 0
    assert "status must be one of DONE, LOST, got 'ANSWERED'" in read(Path("report.html")).text
    again = call("validate", "s.csv", "-c", "open.yaml", "-o", "out", "-q", "--report", "again.html")
    assert again.returncode == 1, again.stderr
    assert read(Path("again.html")).causes == read(Path("first.html")).causes  # nothing was run, all is shown


def test_causes_that_cannot_be_found_are_a_gap_of_the_page_alone() -> None:
    contract = PUBLIC.replace("{name: id, type: digits}", "{name: id, lookup: {file: ids.csv, column: id}}")
    Path("l.yaml").write_text(contract, encoding="utf-8")
    Path("ids.csv").write_text("id\n1\n", encoding="utf-8")
    assert call("validate", "s.csv", "-c", "l.yaml", "-o", "out", "-q").returncode == 1
    run_id = json.loads(Path("out/summary.json").read_text(encoding="utf-8"))["run_id"]
    Path("ids.csv").write_text("other\n1\n", encoding="utf-8")
    show = call("runs", "show", run_id, "-o", "out", "-c", "l.yaml", "--report", "report.html")
    page = read(Path("report.html"))
    assert (show.returncode, "Traceback" in show.stderr) == (0, False), show.stderr
    assert page.causes == []
    assert "The causes are missing, as they could not be found: " in page.text
    assert "ids.csv" in page.text


@pytest.mark.parametrize("command", ["validate", "runs"])
def test_the_choice_needs_a_report(command: str) -> None:
    words = {"validate": ("validate", "s.csv", "-c", "c.yaml"), "runs": ("runs", "show", "1", "-o", "out")}
    done = call(*words[command], "--report-values", "public")
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        "--report-values: there is no report to show values in (name its file with --report)" in done.stderr
    )
    unknown = call(*words[command], "--report", "r.html", "--report-values", "secret")
    assert (unknown.returncode, "'masked', 'public'" in unknown.stderr) == (2, True), unknown.stderr


def test_full_values_are_bounded_and_nothing_in_them_is_invisible() -> None:
    assert full_text("") == "(empty)"
    assert full_text("   ") == "␣␣␣"
    assert full_text(" a b ") == "␣a b␣"
    assert full_text("a\tb\x1b") == "a\\tb\\x1b"
    long = full_text("x" * 20_000)
    assert long == "x" * MAX_FULL_CHARACTERS + "… (20,000 characters)"
