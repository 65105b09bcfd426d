"""The GitHub Action: valid, no input is ever code, and its steps do what they promise in a real shell."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ci.support import EXPRESSION, action, run_step
from tests.reports.support import SECRET, summary_in, write_sources
from tests.shared_folder import REPOSITORY

COMMAND = {"install.command": str(Path(sys.executable).with_name("callcenter-etl"))}


@pytest.fixture
def temp(tmp_path: Path) -> Path:
    folder = tmp_path / "runner"
    folder.mkdir()
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    write_sources(checkout)
    return checkout


def test_the_action_keeps_githubs_schema() -> None:
    checker = str(Path(sys.executable).with_name("check-jsonschema"))
    words = [checker, "--builtin-schema", "vendor.github-actions", str(REPOSITORY / "action.yml")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_input_is_text_of_a_script() -> None:
    scripts = [step["run"] for step in action()["runs"]["steps"] if "run" in step]
    assert len(scripts) == 2
    assert not any(EXPRESSION.search(script) for script in scripts)


def test_every_input_is_used_and_every_expression_names_one() -> None:
    text = (REPOSITORY / "action.yml").read_text(encoding="utf-8")
    for name in action()["inputs"]:
        assert f"inputs.{name}" in text.split("runs:", 1)[1], name
    used = {
        part for match in EXPRESSION.finditer(text) for part in match[1].split() if part.startswith("inputs.")
    }
    assert {name.removeprefix("inputs.") for name in used} <= set(action()["inputs"])


def test_a_run_annotates_writes_every_file_and_fails_the_step(folder: Path, temp: Path) -> None:
    inputs = {
        "contract": "c.yaml",
        "source": "bad.csv\n\ngood.csv\n",
        "output": "out",
        "junit": "reports/junit.xml",
        "upload-sarif": "true",
    }
    done, outputs = run_step("validate", inputs=inputs, folder=folder, temp=temp, outputs=COMMAND)
    assert (done.returncode, outputs["exit-code"], outputs["status"]) == (1, "1", "rejects"), done.stderr
    assert "::error file=bad.csv,line=" in done.stdout
    summaries = json.loads(Path(outputs["summary"]).read_text(encoding="utf-8"))
    assert summaries == [summary_in(folder / "out/bad"), summary_in(folder / "out/good")]
    assert json.loads(Path(outputs["sarif"]).read_text(encoding="utf-8"))["version"] == "2.1.0"
    assert (folder / "reports/junit.xml").exists()
    told = (temp / "summary.md").read_text(encoding="utf-8")
    assert "| `good.csv` | **passed** |" in told
    assert SECRET not in told + done.stdout


@pytest.mark.parametrize(
    ("inputs", "code", "status"),
    [
        ({"source": "good.csv"}, 0, "passed"),
        ({"source": "good.csv\nrefused.csv\nbad.csv"}, 1, "refused"),
        ({"source": "bad.csv", "max-rejected": "1"}, 1, "failed"),
        ({"source": "bad.csv", "fail-on": "never"}, 0, "rejects"),
        ({"source": "none.csv"}, 3, "error"),
        ({"source": "good.csv", "fail-on": "sometimes"}, 2, "error"),
    ],
)
def test_the_outputs_tell_the_worst_verdict(
    folder: Path, temp: Path, inputs: dict[str, str], code: int, status: str
) -> None:
    given = {"contract": "c.yaml", **inputs}
    done, outputs = run_step("validate", inputs=given, folder=folder, temp=temp, outputs=COMMAND)
    assert (done.returncode, outputs["exit-code"], outputs["status"]) == (code, str(code), status), (
        done.stderr
    )
    assert ("summary" in outputs) == (code < 2)


def test_no_input_runs_a_command_or_becomes_an_option(folder: Path, temp: Path) -> None:
    evil = "$(touch hacked)`touch hacked`; touch hacked #' \" && touch hacked"
    inputs = dict.fromkeys(
        ("contract", "source", "output", "fail-on", "max-rejected", "sarif", "junit"), evil
    )
    done, outputs = run_step("validate", inputs=inputs, folder=folder, temp=temp, outputs=COMMAND)
    assert (done.returncode, outputs["status"]) == (2, "error")
    given = {"contract": "c.yaml", "source": "--help"}
    done, _ = run_step("validate", inputs=given, folder=folder, temp=temp, outputs=COMMAND)
    assert "--help: no such file" in done.stderr
    assert not list(folder.rglob("hacked*"))
