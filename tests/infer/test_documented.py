"""The example of docs/infer.md, run as it stands."""

from __future__ import annotations

from pathlib import Path

from tests.shared_folder import REPOSITORY
from tests.test_readme import BLOCK, run


def test_the_example_prints_what_the_page_shows(tmp_path: Path) -> None:
    page = (REPOSITORY / "docs" / "infer.md").read_text(encoding="utf-8")
    shown = {match["mark"]: match["text"] for match in BLOCK.finditer(page) if match["mark"]}
    (tmp_path / "calls_202501.csv").write_text(shown["file: calls_202501.csv"], encoding="utf-8")
    done = run(["bash", "-eu", "-c", shown["runs: exit 0"]], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == shown["prints"]
