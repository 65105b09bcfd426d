"""`--fail-on` decides about exit code 1 and nothing else; formats go where they are wanted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from callcenter_etl.cli import app
from callcenter_etl.errors import CallcenterEtlError
from tests.reports.support import call

RUNNER = CliRunner()
WARNED = "id,status,phone,seconds\n1,DONE,1,-1\n"


def code_of(*words: str) -> int:
    """Give the exit code of a command that is run in this process, which is quicker."""
    done = RUNNER.invoke(app, words)
    return done.exception.exit_code if isinstance(done.exception, CallcenterEtlError) else done.exit_code


@pytest.mark.parametrize(
    ("source", "codes"),
    [
        ("good.csv", {"warn": 0, "reject": 0, "never": 0}),
        ("warned.csv", {"warn": 1, "reject": 0, "never": 0}),
        ("bad.csv", {"warn": 1, "reject": 1, "never": 0}),
        ("refused.csv", {"warn": 1, "reject": 1, "never": 0}),
        ("none.csv", {"warn": 3, "reject": 3, "never": 3}),
    ],
)
def test_what_fails_is_what_was_asked_for(in_folder: Path, source: str, codes: dict[str, int]) -> None:
    Path("warned.csv").write_text(WARNED, encoding="utf-8")
    words = ("validate", source, "-c", "c.yaml", "-q", "-o", "out")
    assert {each: code_of(*words, "--fail-on", each) for each in codes} == codes
    assert code_of(*words) == codes["reject"]


def test_rejects_within_a_limit_pass_and_their_warnings_fail_where_warnings_do(in_folder: Path) -> None:
    words = ("validate", "bad.csv", "-c", "c.yaml", "-q", "-o", "out", "--max-rejected", "90%")
    assert [code_of(*words, "--fail-on", each) for each in ("reject", "warn")] == [0, 1]
    over = ("validate", "bad.csv", "-c", "c.yaml", "-q", "-o", "out", "--max-rejected", "1")
    assert [code_of(*over, "--fail-on", each) for each in ("reject", "never")] == [1, 0]
    assert json.loads(Path("out/summary.json").read_text(encoding="utf-8"))["status"] == "failed"


def test_a_wrong_contract_or_option_is_no_verdict(in_folder: Path) -> None:
    Path("wrong.yaml").write_text("contract: c\n", encoding="utf-8")
    assert call("validate", "bad.csv", "-c", "wrong.yaml", "--fail-on", "never").returncode == 2
    done = call("validate", "bad.csv", "-c", "c.yaml", "--fail-on", "always")
    assert (done.returncode, "'always'" in done.stderr) == (2, True)


def test_the_option_wins_then_the_variable_then_the_contract(in_folder: Path) -> None:
    text = Path("c.yaml").read_text(encoding="utf-8")
    Path("c.yaml").write_text(f"{text}run: {{fail_on: never}}\n", encoding="utf-8")
    words = ("validate", "bad.csv", "-c", "c.yaml", "-q")
    assert call(*words).returncode == 0
    assert call(*words, CALLCENTER_ETL_FAIL_ON="reject").returncode == 1
    assert call(*words, "--fail-on", "never", CALLCENTER_ETL_FAIL_ON="reject").returncode == 0
    done = call(*words, CALLCENTER_ETL_FAIL_ON="no")
    assert done.returncode == 2
    assert "CALLCENTER_ETL_FAIL_ON: 'no' is none of warn, reject, never" in done.stderr


def test_text_goes_to_standard_output_where_every_other_format_has_a_file(in_folder: Path) -> None:
    done = call("validate", "good.csv", "-c", "c.yaml", "-q", "--format", "json=deep/er/s.json")
    assert "good.csv: passed" in done.stdout
    assert json.loads(Path("deep/er/s.json").read_text(encoding="utf-8"))["status"] == "passed"
    done = call("validate", "good.csv", "-c", "c.yaml", "-q", "--format", "json", "--format", "text=t.txt")
    assert json.loads(done.stdout)["status"] == "passed"
    assert "good.csv: passed" in Path("t.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("formats", "code", "said"),
    [
        (["junitt"], 2, "'junitt' is none of text, json, github, junit, sarif (did you mean 'junit'?)"),
        (["junit", "sarif"], 2, "two formats go to standard output"),
        (["junit=x", "sarif=x"], 2, "two formats go to 'x'"),
        (["junit="], 2, "a file is expected after 'junit='"),
        (["junit=c.yaml/x"], 3, "--format junit: c.yaml/x: "),
    ],
)
def test_formats_that_cannot_be_given_are_told(
    in_folder: Path, formats: list[str], code: int, said: str
) -> None:
    options = [word for each in formats for word in ("--format", each)]
    done = call("validate", "good.csv", "-c", "c.yaml", "-q", *options)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_source_that_cannot_be_read_is_in_the_files_that_are_wanted(in_folder: Path) -> None:
    done = call(
        "validate", "none.csv", "-c", "c.yaml", "-q", "--format", "junit=j.xml", "--format", "json=s.json"
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "no such file" in Path("j.xml").read_text(encoding="utf-8")
    assert not Path("s.json").exists()
