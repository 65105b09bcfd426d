"""`callcenter-etl runs` as a shell sees it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reliability.support import command, write_contract, written


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Three runs: rejects, error, passed."""
    out = tmp_path / "out"
    first = ("-c", write_contract(tmp_path), "-o", out, "-q")
    command("validate", written(tmp_path), *first)
    command("validate", tmp_path / "none.csv", *first)
    second = ("-c", write_contract(tmp_path, contract="d"), "-o", out, "-q")
    command("validate", written(tmp_path, b"id,note\n1,a\n"), *second)
    return out


def listed(out: Path, *words: str) -> list[str]:
    done = command("runs", "list", "--output", out, "--format", "json", *words)
    assert (done.returncode, done.stderr) == (0, "")
    return [record["status"] for record in json.loads(done.stdout)]


def test_runs_are_listed_latest_first_and_filtered(out: Path) -> None:
    assert listed(out) == ["passed", "error", "rejects"]
    assert listed(out, "--limit", "2") == ["passed", "error"]
    assert listed(out, "--contract", "c") == ["error", "rejects"]
    assert listed(out, "--status", "error") == ["error"]
    assert listed(out, "--status", "rejects", "--contract", "d") == []


def test_the_list_as_text_has_a_line_a_run(out: Path) -> None:
    lines = command("runs", "list", "-o", out).stdout.splitlines()
    assert len(lines) == 4
    assert [line.split()[1] for line in lines] == ["status", "passed", "error", "rejects"]
    assert command("runs", "list", "-o", out, "-c", "none").stdout == "no runs\n"


def test_a_run_is_shown_by_enough_of_its_id(out: Path) -> None:
    records = json.loads(command("runs", "list", "-o", out, "--format", "json").stdout)
    run_id = records[1]["run_id"]
    shown = command("runs", "show", run_id[:-1], "-o", out, "--format", "json")
    assert json.loads(shown.stdout) == {**records[1], "problems": []}
    text = command("runs", "show", run_id, "-o", out).stdout
    assert "cause" in text
    assert "no such file" in text
    assert "sha256" in command("runs", "show", records[0]["run_id"], "-o", out).stdout


def test_the_output_may_come_from_the_environment(out: Path) -> None:
    env = {**os.environ, "CALLCENTER_ETL_OUTPUT": str(out)}
    assert len(json.loads(command("runs", "list", "--format", "json", env=env).stdout)) == 3


def test_a_contracts_file_names_the_runs_their_output_and_how_it_is_reached(
    out: Path, tmp_path: Path
) -> None:
    document = write_contract(tmp_path, run={"output": str(out), "storage_options": {"region": "eu-west-1"}})
    assert listed(out, "--contract", str(document)) == ["error", "rejects"]
    done = command("runs", "list", "-c", document, "--format", "json")
    assert [record["status"] for record in json.loads(done.stdout)] == ["error", "rejects"], done.stderr
    run_id = json.loads(done.stdout)[0]["run_id"]
    shown = command("runs", "show", run_id, "-c", document, "--format", "json")
    assert json.loads(shown.stdout)["run_id"] == run_id
    missing = command("runs", "list", "-o", out, "-c", tmp_path / "none.yaml")
    assert (missing.returncode, "no such file" in missing.stderr) == (3, True)
    document.write_text("contract: c\ncolums: []\n")
    wrong = command("runs", "list", "-o", out, "-c", document)
    assert (wrong.returncode, "did you mean 'columns'?" in wrong.stderr) == (2, True), wrong.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("list",), "--output, or in CALLCENTER_ETL_OUTPUT"),
        (("list", "-o", "OUT/none"), "no ledger here"),
        (("list", "-o", ""), "not ''"),
        (("list", "-o", "OUT", "--limit", "0"), "--limit"),
        (("list", "-o", "OUT", "--status", "fine"), "--status"),
        (("show", "nothing", "-o", "OUT"), "no run 'nothing'"),
        (("show", "2", "-o", "OUT"), "is the beginning of 3 run ids"),
        (("show", "", "-o", "OUT"), "is the beginning of 3 run ids"),
        (("show", "%", "-o", "OUT"), "no run '%'"),
    ],
)
def test_errors_say_what_to_give(out: Path, words: tuple[str, ...], said: str) -> None:
    done = command("runs", *(word.replace("OUT", str(out)) for word in words))
    assert (done.returncode, said in " ".join(done.stderr.split())) == (2, True), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "words", [("runs", "--help"), ("runs", "list", "--help"), ("runs", "show", "--help")]
)
def test_help_is_fast_and_has_an_example(words: tuple[str, ...]) -> None:
    script = (
        f"import sys\nsys.argv = ['callcenter-etl', *{words!r}]\nfrom callcenter_etl.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('pandas', 'pandera', 'pyarrow', 's3fs', 'sqlite3') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    if len(words) == 3:
        assert "Example: callcenter-etl runs" in done.stdout


def test_listing_runs_imports_no_data_frames(out: Path) -> None:
    script = (
        f"import sys\nsys.argv = ['callcenter-etl', 'runs', 'list', '-o', {str(out)!r}]\n"
        "from callcenter_etl.cli import main\ntry:\n    main()\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('pandas', 'pandera', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
