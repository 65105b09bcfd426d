"""The examples of docs/interop.md do what they show."""

from __future__ import annotations

from pathlib import Path

from tests.shared_folder import REPOSITORY
from tests.test_readme import BLOCK, run


def test_the_examples_do_what_they_show(tmp_path: Path) -> None:
    printed = ""
    shown = 0
    for match in BLOCK.finditer((REPOSITORY / "docs" / "interop.md").read_text(encoding="utf-8")):
        verb, _, argument = (match["mark"] or "").partition(": ")
        if verb == "file":
            (tmp_path / argument).write_text(match["text"], encoding="utf-8")
        elif verb == "runs":
            done = run(["bash", "-u", "-c", match["text"]], tmp_path)
            assert f"exit {done.returncode}" == argument, match["text"] + done.stderr
            printed = done.stdout
        elif verb == "prints":
            assert printed.replace("\r\n", "\n") == match["text"]
            shown += 1
    assert shown == 5
