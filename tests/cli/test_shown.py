"""What is shown is whole, harmless to a terminal, and loses no run."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.published import names_in

ESCAPE = "\x1b[31m"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.yaml").write_text("contract: c\ncolumns:\n  - {name: id, type: digits}\n", encoding="utf-8")
    Path("good.csv").write_text("id\n1\n", encoding="utf-8")
    Path("bad.csv").write_text("id\n[/]é€\n", encoding="utf-8")


def call(*words: str, **environ: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "callcenter_etl", *words]
    return subprocess.run(command, capture_output=True, check=False, env={**os.environ, **environ})


@pytest.mark.parametrize(
    "words",
    [
        (f"a{ESCAPE}b.csv", "-c", "c.yaml"),
        (f"none{ESCAPE}", "-c", "c.yaml"),
        ("good.csv", "-c", f"none{ESCAPE}"),
        ("good.csv", "-c", "wrong.yaml"),
    ],
)
def test_no_name_or_key_steers_the_terminal(words: tuple[str, ...]) -> None:
    Path(f"a{ESCAPE}b.csv").write_text("id\nx\n", encoding="utf-8")
    Path("wrong.yaml").write_text('contract: c\n"a\\u001bb": 1\n', encoding="utf-8")
    done = call("validate", *words, "--log-level", "DEBUG")
    assert b"\\x1b" in done.stderr
    assert b"\x1b" not in done.stderr + done.stdout


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_narrow_encoding_is_no_bug(encoding: str) -> None:
    text = call("validate", "bad.csv", "-c", "c.yaml", PYTHONIOENCODING=encoding)
    assert (text.returncode, b"\\u20ac" in text.stdout) == (1, True), text.stderr
    Path("é€").mkdir()
    shown = call(
        "validate", "bad.csv", "-c", "c.yaml", "-o", "é€", "--format", "json", PYTHONIOENCODING=encoding
    )
    assert json.loads(shown.stdout.decode(encoding))["outputs"]["target"]["uri"].startswith("é€")


def test_ids_and_counts_are_whole_when_piped() -> None:
    name = "k" * 300
    Path("long.yaml").write_text(
        f"contract: c\ncolumns: [{{name: {name}, type: digits}}]\n", encoding="utf-8"
    )
    Path("long.csv").write_text(f"{name}\nx\n", encoding="utf-8")
    lines = call("validate", "long.csv", "-c", "long.yaml", "-q").stdout.decode().splitlines()
    row = next(line.split() for line in lines if line.split()[:1] == [f"{name}.type"])
    assert row[1:4] == ["error", "1", "2"]


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colours_go_to_a_terminal_unless_no_color(*, no_color: str, coloured: bool) -> None:
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "callcenter_etl", "validate", "bad.csv", "-c", "c.yaml", "-q"]
    env = {**os.environ, "NO_COLOR": no_color, "TERM": "xterm"}
    with subprocess.Popen(command, stdout=slave, stderr=subprocess.DEVNULL, env=env):
        os.close(slave)
        shown = b""
        while chunk := _read(master):
            shown += chunk
    os.close(master)
    assert b"rejects found" in shown
    assert (b"\x1b[1;33m" in shown) is coloured


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:  # Linux says so when the other end is closed
        return b""


def test_folders_are_named_by_stem_and_made_distinct() -> None:
    for path in ("a/calls.2025.01.csv", "a/calls.2025.02.csv", "b/calls.2025.01.csv", "a/..csv"):
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text("id\n1\n", encoding="utf-8")
    done = call("validate", "a/*.csv", "a/..csv", "b/*.csv", "-c", "c.yaml", "-o", "out", "-q")
    assert done.returncode == 0, done.stderr
    assert names_in(Path("out")) == [
        "calls.2025.01",
        "calls.2025.01_2",
        "calls.2025.02",
        "source",
    ]


def test_a_source_that_cannot_be_read_takes_no_other_run_along() -> None:
    done = call("validate", "bad.csv", "none.csv", "good.csv", "-c", "c.yaml", "--format", "json", "-q")
    assert [summary["status"] for summary in json.loads(done.stdout)] == ["rejects", "passed"]
    assert (done.returncode, b"error: none.csv: no such file" in done.stderr) == (3, True)


def test_contract_check_tells_the_faults_of_every_file() -> None:
    Path("wrong.yaml").write_text("contract: c\ncolums: []\n", encoding="utf-8")
    done = call("contract", "check", "none.yaml", "wrong.yaml", "c.yaml")
    said = done.stdout.decode()
    assert done.returncode == 2
    assert "none.yaml: no such file" in said
    assert "wrong.yaml:2:1: colums: unknown key" in said
    assert "c.yaml: no faults" in said
    shown = json.loads(call("contract", "check", "wrong.yaml", "--format", "json").stdout)
    assert ["wrong.yaml", 2, 1] in [
        [fault["file"], fault["line"], fault["column"]] for fault in shown["faults"]
    ]


@pytest.mark.parametrize("words", [("contract", "schema"), ("validate", "good.csv", "-c", "c.yaml", "-q")])
def test_a_closed_pipe_is_quiet(words: tuple[str, ...]) -> None:
    env = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "callcenter_etl", *words]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False, env=env)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")
