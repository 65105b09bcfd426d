"""Annotations are commands that the runner reads back as they were meant, and say how many there are not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.reports.conftest import Told
from tests.reports.support import HOSTILE, broken_in, call, lines_by_rule, summary_in

COMMAND = re.compile(r"::(?P<kind>\w+)(?: (?P<properties>[^:]*))?::(?P<message>.*)")


def unescaped(text: str) -> str:
    for code, character in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(code, character)
    return text


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Read lines as the runner does: properties up to the second double colon, then the message."""
    found = []
    for line in text.splitlines():
        match = COMMAND.fullmatch(line)
        assert match is not None, line
        pairs = [pair.split("=", 1) for pair in (match["properties"] or "").split(",") if pair]
        found.append(
            (match["kind"], {name: unescaped(value) for name, value in pairs}, unescaped(match["message"]))
        )
    return found


def test_every_rule_is_annotated_before_any_rule_twice_and_the_rest_is_counted(told: Told) -> None:
    found = commands(told.reports["github"])
    errors = [(told_of["title"], int(told_of["line"])) for kind, told_of, _ in found if kind == "error"]
    out = told.folder / "out"
    lines = lines_by_rule(out)
    assert len(errors) == 10
    assert {rule for rule, _ in errors[: len(lines)]} == set(lines)
    for rule, line in errors:
        assert line in lines[rule][: [each for each, _ in errors].count(rule)]
    total = sum(len(each) for each in lines.values())
    notices = [message for kind, _, message in found if kind == "notice"]
    assert notices[0] == f"10 of {total:,} errors are annotated (GitHub shows 10 a step)"
    assert notices[1] == "1 of 2 warnings are annotated (the first of each rule)"
    assert f"{summary_in(out)['records']['rejected']:,} rejected" in notices[2]
    assert {told_of["file"] for kind, told_of, _ in found if kind != "notice"} == {"bad.csv"}


def test_no_value_ends_an_annotation_or_begins_another(told: Told) -> None:
    found = commands(told.reports["github"])
    message = next(text for _, told_of, text in found if told_of.get("title") == "status.allowed")
    shown = HOSTILE.replace("\x07", "\\x07").replace("\x1b", "\\x1b").replace("\ufffe", "\\ufffe")
    assert message == f"status: one of DONE; LOST, not {shown}"


def test_names_with_colons_and_commas_stay_whole(in_folder: Path) -> None:
    Path("a,b:c%2C.csv").write_bytes(Path("bad.csv").read_bytes())
    found = commands(call("validate", "a,b:c%2C.csv", "-c", "c.yaml", "-q", "--format", "github").stdout)
    assert found[0][1]["file"] == "a,b:c%2C.csv"


def test_the_job_summary_has_the_counts_of_the_summary(told: Told) -> None:
    out = told.folder / "out"
    rows = [
        re.split(r" (?<!\\)\| ", line.strip("| "))
        for line in told.summary.splitlines()
        if line.startswith("|")
    ]
    records = summary_in(out)["records"]
    assert [row for row in rows if len(row) == 7][-1] == [
        "`bad.csv`",
        "**rejects**",
        *(f"{records[name]:,}" for name in ("read", "accepted", "rejected", "malformed", "warned")),
    ]
    counts = {row[1].strip("`"): int(row[3]) for row in rows if len(row) == 6 and row[1].startswith("`")}
    assert counts == broken_in(out)


def test_a_value_is_code_in_the_job_summary_whatever_it_holds(told: Told) -> None:
    row = next(line for line in told.summary.splitlines() if "`status.allowed`" in line)
    cell = re.split(r"(?<!\\)\|", row)[6].strip()
    assert cell.startswith("```status: one of")  # longer than any run of backticks within
    assert cell.endswith("é€𐍈```")
    assert "a\\|b`c``d" in cell


def test_the_job_summary_is_appended_and_never_over_the_limit(in_folder: Path) -> None:
    name = "summary.md"
    Path(name).write_text("before\n" + "x" * (2**20 - 1500) + "\n", encoding="utf-8")
    done = call("validate", "*.csv", "-c", "c.yaml", "-q", "--format", "github", GITHUB_STEP_SUMMARY=name)
    assert done.returncode == 1, done.stderr
    text = Path(name).read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert len(text.encode()) <= 2**20
    assert re.search(r"\n\d+ more lines are not shown: a job's summary holds 1 MiB\.\n$", text)


def test_without_a_job_there_is_no_summary_and_with_a_bad_one_the_run_says_so(in_folder: Path) -> None:
    assert call("validate", "good.csv", "-c", "c.yaml", "-q", "--format", "github").returncode == 0
    done = call(
        "validate", "good.csv", "-c", "c.yaml", "-q", "--format", "github", GITHUB_STEP_SUMMARY="no/file"
    )
    assert (done.returncode, "GITHUB_STEP_SUMMARY no/file: no such file" in done.stderr) == (3, True)


def test_a_refused_and_a_missing_source_are_annotated(in_folder: Path) -> None:
    done = call("validate", "refused.csv", "none.csv", "-c", "c.yaml", "-q", "--format", "github")
    found = commands(done.stdout)
    assert done.returncode == 3
    assert found[0][:2] == ("error", {"file": "none.csv", "title": "not finished"})
    assert [told_of["line"] for _, told_of, _ in found[1:3]] == ["1", "1"]


@pytest.mark.parametrize("faults", [2, 14])
def test_faults_of_a_contract_are_annotated_at_their_places(in_folder: Path, faults: int) -> None:
    columns = "".join(f"  - {{name: c{n}, tipe: digits}}\n" for n in range(faults))
    Path("wrong.yaml").write_text(f"contract: c\ncolumns:\n{columns}", encoding="utf-8")
    done = call("contract", "check", "wrong.yaml", "--format", "github", GITHUB_STEP_SUMMARY="s.md")
    assert done.returncode == 2
    found = commands(done.stdout)
    errors = [
        (told_of["file"], int(told_of["line"]), int(told_of["col"]))
        for kind, told_of, _ in found
        if kind == "error"
    ]
    assert errors == [("wrong.yaml", 3 + n, 16) for n in range(min(faults, 10))]
    assert [text for kind, _, text in found if kind == "notice"] == (
        ["10 of 14 errors are annotated (GitHub shows 10 a step)"] if faults > 10 else []
    )
    assert Path("s.md").read_text(encoding="utf-8").count("| `wrong.yaml:") == faults
