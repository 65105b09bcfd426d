"""A refused or failed run says why wherever it is looked at."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.reliability.support import command

CONTRACT = """\
contract: c
version: 1.0.0
columns: [{name: id, type: digits}, {name: status}]
"""
MESSAGE = "header.missing: column 'status', expected at position 2, is missing"


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a source that is refused into `out`, and return the run's id."""
    monkeypatch.chdir(tmp_path)
    Path("c.yaml").write_text(CONTRACT)
    Path("s.csv").write_text("id,state\n1,x\n")
    assert command("validate", "s.csv", "-c", "c.yaml", "-o", "out", "-q").returncode == 1
    run_id: str = json.loads(Path("out/summary.json").read_text())["run_id"]
    return run_id


def test_runs_show_says_why(refused: str) -> None:
    done = command("runs", "show", refused, "-o", "out")
    assert done.returncode == 0
    assert MESSAGE in done.stdout
    shown = json.loads(command("runs", "show", refused, "-o", "out", "--format", "json").stdout)
    assert [each["rule"] for each in shown["problems"]][:1] == ["header.missing"]


def test_explain_says_why(refused: str) -> None:
    done = command("explain", "out", "-c", "c.yaml")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "the source was refused:")
    assert MESSAGE in done.stdout
    shown = json.loads(command("explain", "out", "-c", "c.yaml", "--format", "json").stdout)
    assert (shown["status"], shown["problems"][0]["rule"]) == ("refused", "header.missing")


def test_a_run_whose_output_holds_another_has_no_problems_of_that_one(refused: str) -> None:
    Path("s.csv").write_text("id,status\n1,x\n")
    assert command("validate", "s.csv", "-c", "c.yaml", "-o", "out", "-q").returncode == 0
    done = command("runs", "show", refused, "-o", "out")
    assert (done.returncode, "header.missing" in done.stdout) == (0, False)


def test_explain_of_a_line_of_an_output_names_the_source(refused: str) -> None:
    done = command("explain", "out", "-c", "c.yaml", "--line", "2")
    assert done.returncode == 2
    assert done.stderr.startswith("error: out: is a folder")
    assert done.stderr.endswith("(explain its source: s.csv --line 2)\n")
    Path("empty").mkdir()
    done = command("explain", "empty", "-c", "c.yaml", "--line", "2")
    assert (done.returncode, "(name a source file)" in done.stderr) == (2, True)
