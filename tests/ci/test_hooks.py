"""The pre-commit hooks: a valid manifest, entries that run, and the files that they are for."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.reports.support import write_sources
from tests.shared_folder import REPOSITORY

MANIFEST = REPOSITORY / ".pre-commit-hooks.yaml"
BIN = Path(sys.executable).parent


def hooks() -> dict[str, dict[str, Any]]:
    return {hook["id"]: hook for hook in YAML(typ="safe").load(MANIFEST.read_text(encoding="utf-8"))}


def run(hook: str, *words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command, *options = shlex.split(hooks()[hook]["entry"])
    return subprocess.run(
        [BIN / command, *options, *words], capture_output=True, text=True, check=False, cwd=folder
    )


def test_pre_commit_takes_the_manifest() -> None:
    done = subprocess.run(
        [BIN / "pre-commit", "validate-manifest", MANIFEST], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert set(hooks()) == {"contract-check", "contract-validate"}


@pytest.mark.parametrize(
    ("hook", "path", "wanted"),
    [
        ("contract-check", "contracts/call_center.yaml", True),
        ("contract-check", "data/contracts/a.yml", True),
        ("contract-check", "contracts/contract.schema.json", False),
        ("contract-check", "docs/a.yaml", False),
        ("contract-validate", "src_files/a.csv", True),
        ("contract-validate", "a.csv.md", False),
    ],
)
def test_hooks_are_for_their_files(hook: str, path: str, wanted: bool) -> None:  # noqa: FBT001  a parameter of the table
    assert bool(re.search(hooks()[hook]["files"], path)) is wanted


def test_the_entries_fail_for_what_is_wrong_and_for_nothing_else(tmp_path: Path) -> None:
    write_sources(tmp_path)
    (tmp_path / "wrong.yaml").write_text("contract: c\ncolums: []\n", encoding="utf-8")
    assert run("contract-check", "c.yaml", folder=tmp_path).returncode == 0
    done = run("contract-check", "c.yaml", "wrong.yaml", folder=tmp_path)
    assert (done.returncode, "wrong.yaml:2:1: colums: unknown key" in done.stdout) == (2, True)
    assert run("contract-validate", "--contract", "c.yaml", "good.csv", folder=tmp_path).returncode == 0
    done = run("contract-validate", "--contract", "c.yaml", "good.csv", "bad.csv", folder=tmp_path)
    assert (done.returncode, "bad.csv: rejects found" in done.stdout) == (1, True)
    assert run("contract-validate", "good.csv", folder=tmp_path).returncode == 2
