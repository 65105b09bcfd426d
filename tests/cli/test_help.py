"""Every command's help has an example, and the example is a command line that there is."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from typing import Any

import pytest

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
