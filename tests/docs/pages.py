"""Runs the examples of a page as they stand, in a folder that has what a clone has."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.shared_folder import REPOSITORY
from tests.test_readme import BLOCK, Block, run

DOCS = REPOSITORY / "docs"


def blocks_of(page: Path) -> Iterator[Block]:
    for match in BLOCK.finditer(page.read_text(encoding="utf-8")):
        verb, _, argument = (match["mark"] or "").partition(": ")
        yield Block(verb=verb, argument=argument, language=match["language"], text=match["text"])


def play(page: Path, folder: Path) -> list[str]:
    """Run the examples one after the other; give the verbs of those that were asked for something."""
    for name in ("src_files", "contracts"):
        shutil.copytree(REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    printed, played = "", []
    for block in blocks_of(page):
        if block.verb == "file":
            (folder / block.argument).write_text(block.text, encoding="utf-8")
        elif block.verb == "runs":
            done = run(["bash", "-eu", "-c", block.text], folder)
            assert f"exit {done.returncode}" == block.argument, block.text + done.stdout + done.stderr
            assert "Traceback" not in done.stderr
            printed = done.stdout
        elif block.verb == "python":
            done = run([sys.executable, "-c", block.text], folder)
            assert done.returncode == 0, done.stderr
        elif block.verb == "prints":
            assert trimmed(printed) == trimmed(block.text)
        else:
            continue
        played.append(block.verb)
    return played


def trimmed(text: str) -> list[str]:
    """Give the lines without the blanks that tables end in."""
    return [line.rstrip() for line in re.split(r"\r?\n", text.rstrip("\n"))]
