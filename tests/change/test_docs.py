"""The examples of docs/change.md, run as they stand."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.shared_folder import REPOSITORY
from tests.test_readme import BLOCK, run


def test_the_examples_do_what_they_show(tmp_path: Path) -> None:
    printed, verbs = "", []
    for match in BLOCK.finditer((REPOSITORY / "docs" / "change.md").read_text(encoding="utf-8")):
        verb, _, argument = (match["mark"] or "").partition(": ")
        verbs.append(verb)
        if verb == "file":
            (tmp_path / argument).write_text(match["text"], encoding="utf-8")
        elif verb == "runs":
            done = run(["bash", "-eu", "-o", "pipefail", "-c", match["text"]], tmp_path)
            assert f"exit {done.returncode}" == argument, match["text"] + done.stderr
            printed = done.stdout
        elif verb == "python":
            done = run([sys.executable, "-c", match["text"]], tmp_path)
            assert done.returncode == 0, done.stderr
        else:
            assert verb == "prints"
            assert printed == match["text"]
    assert verbs.count("runs") == verbs.count("prints") == 3
