"""The examples of README.md, run as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.shared_folder import REPOSITORY

BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]*?) -->\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block with the words of the comment above it, `verb: argument`."""

    verb: str
    argument: str
    language: str
    text: str


def blocks() -> list[Block]:
    found = []
    for match in BLOCK.finditer((REPOSITORY / "README.md").read_text(encoding="utf-8")):
        verb, _, argument = (match["mark"] or "").partition(": ")
        found.append(Block(verb=verb, argument=argument, language=match["language"], text=match["text"]))
    return found


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )


def test_the_examples_do_what_they_show(tmp_path: Path) -> None:
    printed = ""
    for block in blocks():
        if block.verb == "file":
            (tmp_path / block.argument).write_text(block.text, encoding="utf-8")
        elif block.verb == "runs":
            done = run(["bash", "-eu", "-c", block.text], tmp_path)
            assert f"exit {done.returncode}" == block.argument, block.text + done.stderr
            assert "Traceback" not in done.stderr
            printed = done.stdout
        elif block.verb == "python":
            done = run([sys.executable, "-c", block.text], tmp_path)
            assert done.returncode == 0, done.stderr
        elif block.verb == "prints":
            assert printed.replace("\r\n", "\n") == block.text


@pytest.mark.parametrize(
    "block", [block for block in blocks() if block.language == "bash"], ids=lambda block: block.text[:30]
)
def test_every_shell_example_is_run_or_says_why_not(block: Block) -> None:
    assert block.verb in {"runs", "not run"}
    assert block.argument


def test_every_make_target_that_the_documents_name_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    documents = "".join((REPOSITORY / name).read_text() for name in ("README.md", "CONTRIBUTING.md"))
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", documents, re.MULTILINE))
    assert named <= targets
    assert {"demo", "test"} <= named
