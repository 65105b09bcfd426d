"""The examples of docs/explain.md and docs/reprocess.md, run as they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shared_folder import REPOSITORY
from tests.test_readme import BLOCK, Block, run


def blocks_of(document: Path) -> list[Block]:
    found = []
    for match in BLOCK.finditer(document.read_text(encoding="utf-8")):
        verb, _, argument = (match["mark"] or "").partition(": ")
        found.append(Block(verb=verb, argument=argument, language=match["language"], text=match["text"]))
    return found


def trimmed(text: str) -> list[str]:
    """Give the lines without the blanks that tables end in."""
    return [line.rstrip() for line in text.splitlines()]


@pytest.mark.parametrize("name", ["explain", "reprocess"])
def test_the_examples_do_what_they_show(name: str, tmp_path: Path) -> None:
    printed, seen = "", set()
    for block in blocks_of(REPOSITORY / "docs" / f"{name}.md"):
        seen.add(block.verb)
        if block.verb == "file":
            (tmp_path / block.argument).write_text(block.text, encoding="utf-8")
        elif block.verb == "runs":
            done = run(["bash", "-eu", "-c", block.text], tmp_path)
            assert f"exit {done.returncode}" == block.argument, block.text + done.stderr
            printed = done.stdout
        else:
            assert (block.verb, trimmed(printed)) == ("prints", trimmed(block.text))
    assert seen == {"file", "runs", "prints"}
