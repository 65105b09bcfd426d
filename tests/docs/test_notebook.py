"""The notebook runs from top to bottom, and gives what is stored in it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.shared_folder import REPOSITORY
from tools.docs.notebook import NOTEBOOK


def texts(path: Path) -> dict[str, list[str]]:
    """Give the plain outputs of each cell by its id, but of those that tell times."""
    cells: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return {
        cell["id"]: ["".join(output["data"]["text/plain"]) for output in cell["outputs"]]
        for cell in cells
        if cell["cell_type"] == "code" and "varies" not in cell["metadata"].get("tags", [])
    }


@pytest.mark.parametrize("folder", ["docs", ".", "elsewhere"])
def test_the_notebook_runs_from_any_folder_with_the_stored_outputs(tmp_path: Path, folder: str) -> None:
    working = tmp_path if folder == "elsewhere" else REPOSITORY / folder
    command = [sys.executable, "-m", "tools.run_notebook", str(tmp_path / "run.ipynb"), str(working)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    stored = texts(NOTEBOOK)
    assert texts(tmp_path / "run.ipynb") == stored
    assert stored["frame"] == ["9870"]
    assert "'read': 10000" in stored["records"][0]


def test_the_stored_notebook_names_no_folder_of_the_machine_it_ran_on() -> None:
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert "/tmp/" not in text  # noqa: S108  it is looked for, not used
    assert str(REPOSITORY) not in text
