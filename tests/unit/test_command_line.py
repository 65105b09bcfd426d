"""The command line as a shell sees it: exit codes, streams, settings, speed."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.published import names_in

CONTRACT = """contract: c
columns:
  - {name: id, type: digits, unique: true}
  - {name: who, max_length: 3, classification: personal}
run: {log: {directory: LOGS, format: json}}
"""
GOOD = "id,who\n1,a\n2,b\n"
BAD = "id,who\nx,a\n2,secretname\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.yaml").write_text(CONTRACT.replace("LOGS", "logs"), encoding="utf-8")
    Path("good.csv").write_text(GOOD, encoding="utf-8")
    Path("bad.csv").write_text(BAD, encoding="utf-8")
    Path("wrong.yaml").write_text("contract: c\ncolums: []\n", encoding="utf-8")


def call(*words: str, stdin: str | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "callcenter_etl", *words]
    env = {**os.environ, **environ}
    return subprocess.run(command, capture_output=True, text=True, check=False, input=stdin, env=env)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("validate", "good.csv", "-c", "c.yaml"), 0, ""),
        (("validate", "bad.csv", "-c", "c.yaml"), 1, ""),
        (("validate", "bad.csv", "-c", "c.yaml", "--max-rejected", "100%"), 0, ""),
        (("validate", "bad.csv", "-c", "c.yaml", "--max-rejected", "lots"), 2, "a count such as 10"),
        (("validate", "good.csv", "-c", "wrong.yaml"), 2, "wrong.yaml:2:1: colums: unknown key"),
        (("validate", "-c", "c.yaml"), 2, "no source"),
        (("validate", "good.csv"), 2, "--contract"),
        (("validate", "good.csv", "-c", "c.yaml", "--chunk-rows", "0"), 2, "--chunk-rows"),
        (("validat",), 2, "validat"),
        (("validate", "none.csv", "-c", "c.yaml"), 3, "none.csv: no such file"),
        (("validate", "none*.csv", "-c", "c.yaml"), 3, "no file matches"),
        (("validate", "good.csv", "-c", "none.yaml"), 3, "none.yaml: no such file"),
        (("validate", "good.csv", "-c", "c.yaml", "-o", "good.csv/x"), 3, "good.csv/x"),
        (("contract", "check", "c.yaml"), 0, ""),
        (("contract", "check", "c.yaml", "wrong.yaml"), 2, ""),
        (("contract", "schema"), 0, ""),
        (("--version",), 0, ""),
    ],
)
def test_exit_codes_come_with_a_sentence_and_no_traceback(
    words: tuple[str, ...], code: int, said: str
) -> None:
    done = call(*words)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_json_is_the_summary_and_nothing_else() -> None:
    one = call("validate", "bad.csv", "-c", "c.yaml", "-o", "out", "--format", "json")
    assert json.loads(one.stdout) == json.loads(Path("out/summary.json").read_text(encoding="utf-8"))
    both = json.loads(call("validate", "*.csv", "-c", "c.yaml", "-o", "many", "--format", "json").stdout)
    assert [summary["status"] for summary in both] == ["rejects", "passed"]
    assert names_in(Path("many")) == ["bad", "good"]


def test_standard_input_is_a_source() -> None:
    done = call("validate", "-", "-c", "c.yaml", "-o", "out", "--format", "json", stdin=GOOD)
    assert json.loads(done.stdout)["source"]["uri"] == "-"
    assert Path("out/target.csv").read_text(encoding="utf-8") == GOOD


def test_an_option_wins_over_the_environment_and_that_over_the_contract() -> None:
    call("validate", "good.csv", "-c", "c.yaml", "-q", CALLCENTER_ETL_OUTPUT="from_env")
    call("validate", "good.csv", "-c", "c.yaml", "-q", "-o", "from_option", CALLCENTER_ETL_OUTPUT="unused")
    assert Path("from_env/summary.json").exists()
    assert Path("from_option/summary.json").exists()
    assert not Path("unused").exists()
    wrong = call("validate", "good.csv", "-c", "c.yaml", CALLCENTER_ETL_CHUNK_ROWS="many")
    assert (wrong.returncode, "CALLCENTER_ETL_CHUNK_ROWS" in wrong.stderr) == (2, True)


@pytest.mark.parametrize(
    "setting",
    [
        {"PANDERA_VALIDATION_ENABLED": "False"},
        {"PANDERA_VALIDATION_DEPTH": "SCHEMA_ONLY"},
        {"PANDERA_VALIDATION_DEPTH": "DATA_ONLY"},
    ],
)
def test_pandera_settings_of_the_environment_switch_no_rule_off(setting: dict[str, str]) -> None:
    done = call("validate", "bad.csv", "-c", "c.yaml", "-o", "out", "--format", "json", **setting)
    assert (done.returncode, json.loads(done.stdout)["records"]["rejected"]) == (1, 2)


def test_values_of_classified_columns_stay_out_of_everything_but_the_files() -> None:
    done = call("validate", "bad.csv", "-c", "c.yaml", "-o", "out", "--log-level", "DEBUG")
    logged = Path("logs/callcenter_etl.log").read_text(encoding="utf-8")
    summary = Path("out/summary.json").read_text(encoding="utf-8")
    assert "secretname" not in done.stdout + done.stderr + logged + summary
    assert "secretname" in Path("out/rejected.csv").read_text(encoding="utf-8")
    assert [json.loads(line)["event"] for line in logged.splitlines()] == ["run_started", "run_finished"]


def test_without_output_nothing_is_kept() -> None:
    before = sorted(path.name for path in Path().iterdir())
    done = call("validate", "bad.csv", "-c", "c.yaml", "-q", CALLCENTER_ETL_LOG_DIRECTORY="logs")
    assert "nothing was kept" in done.stdout
    assert sorted(path.name for path in Path().iterdir()) == sorted([*before, "logs"])
    shown = json.loads(call("validate", "bad.csv", "-c", "c.yaml", "-q", "--format", "json").stdout)
    assert shown["outputs"] == {}


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_publishes_nothing(sent: signal.Signals) -> None:
    command = [sys.executable, "-m", "callcenter_etl", "validate", "-", "-c", "c.yaml", "-o", "out"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdin is not None
        assert run.stderr is not None
        run.stdin.write(GOOD)
        run.stdin.flush()
        for _ in range(200):
            if Path("logs/callcenter_etl.log").exists():
                break
            time.sleep(0.05)
        time.sleep(0.2)
        run.send_signal(sent)
        assert "interrupted" in run.stderr.read()
    assert run.returncode == 130
    assert names_in(Path("out")) == []


def test_help_is_fast_and_imports_nothing_heavy() -> None:
    script = (
        "import sys\nsys.argv = ['callcenter-etl', '--help']\nfrom callcenter_etl.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('pandas', 'pandera', 'pyarrow', 'pydantic', 's3fs') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    seconds = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        call("--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(seconds) < 0.4  # processor time: other tests share the machine's cores


def test_a_terminal_is_never_sent_what_a_value_holds() -> None:
    Path("bad.csv").write_text("id,who\n\x1b[31mx,a\n", encoding="utf-8")
    assert "\x1b" not in call("validate", "bad.csv", "-c", "c.yaml").stdout
