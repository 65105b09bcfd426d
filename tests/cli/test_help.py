"""Every command's help has an example, and the example is a command line that there is."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from callcenter_etl import load_contract, validate
from tools.docs.command_line import commands

TREE = {words: command for words, command in commands() if words}
EXAMPLE = re.compile(r"^\s*Example: callcenter-etl (.+)$", re.MULTILINE)


@pytest.mark.parametrize("words", TREE, ids=" ".join)
def test_a_command_has_an_example_with_options_that_it_knows(words: tuple[str, ...]) -> None:
    found = EXAMPLE.search(str(TREE[words].help))
    assert found is not None
    said = shlex.split(found[1])
    assert tuple(said[: len(words)]) == words
    command = command_of(said)
    known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    assert {word for word in said if word.startswith("-")} <= known


def command_of(said: list[str]) -> Any:
    return TREE.get(tuple(said[:2])) or TREE[tuple(said[:1])]


def test_the_helps_that_are_printed_show_them() -> None:
    for words in ((), ("runs",), ("contract", "diff"), ("doctor",)):
        command = [sys.executable, "-m", "callcenter_etl", *words, "--help"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert "Example: callcenter-etl " in done.stdout


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (("validat",), "Did you mean 'validate'?"),
        (("validate", "cals.csv", "-c", "c.yaml"), "(did you mean 'calls.csv'?)"),
        (("validate", "calls.csv", "-c", "d.yml"), "(did you mean 'c.yaml'?)"),
        (("validate", "drops/calls.csv", "-c", "c.yaml"), "(there is no folder 'drops')"),
        (("validate", "calls.csv", "-c", "c.yaml", "--format", "jsn"), "(did you mean 'json'?)"),
        (("validate", "calls.csv", "-c", "c.yaml", "--max-rejected", "lots"), "a count such as 10"),
        (("runs", "list"), "--output"),
        (("runs", "show", "abc", "-o", "out"), "name the folder that was given to validate --output"),
        (("contract", "infer", "calls.csv", "-o", "c.yaml"), "(--force overwrites it)"),
        (("explain", "calls.csv", "-c", "c.yaml"), "--line"),
        (("reprocess", "cals.csv", "-c", "c.yaml"), "no such file or directory (did you mean 'calls.csv'?)"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
)
def test_an_error_names_its_remedy(
    words: tuple[str, ...], remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.yaml").write_text("contract: c\ncolumns: [{name: id}]\n", encoding="utf-8")
    Path("calls.csv").write_text("id\n1\n", encoding="utf-8")
    validate("calls.csv", load_contract("c.yaml"), output="out/calls")
    command = [sys.executable, "-m", "callcenter_etl", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in {2, 3}
    assert remedy in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [(), *TREE], ids=" ".join)
def test_at_80_columns_no_line_is_too_long_and_no_example_is_broken(words: tuple[str, ...]) -> None:
    told = help_of(*words)
    assert max(map(len, told.splitlines())) <= 80
    found = re.search(r"Example: (callcenter-etl .+)", told)
    assert found is not None
    if words:
        wanted = EXAMPLE.search(str(TREE[words].help))
        assert wanted is not None
        assert found[1] == f"callcenter-etl {wanted[1]}"
    assert "..." not in told.replace("]...", "").replace("}...", "").replace("[ARGS]...", "")


def test_the_options_of_validate_are_grouped_by_purpose() -> None:
    titles = [line for line in help_of("validate").splitlines() if line.endswith(":") and line[0] != " "]
    assert titles == [
        "Arguments:",
        "Source and target:",
        "Limits:",
        "Results and logs:",
        "Performance:",
        "Repeated and interrupted runs:",
        "Options:",
    ]


def help_of(*words: str) -> str:
    command = [sys.executable, "-m", "callcenter_etl", *words, "--help"]
    environ = {**os.environ, "COLUMNS": "80"}
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environ).stdout
