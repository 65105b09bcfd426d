"""One run of the bad source in every format, for all the tests that only read what it gave."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.reports.support import call, write_sources

FORMATS = ("text", "json", "github", "junit", "sarif")


@dataclass(frozen=True, slots=True)
class Told:
    """The folder of the run, its exit code, and the text of each report by format; `summary` is the job's."""

    folder: Path
    code: int
    reports: dict[str, str]
    summary: str


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("told")
    write_sources(folder)
    before = Path.cwd()
    os.chdir(folder)
    try:
        options = [f"--format={form}=reports/{form}" for form in FORMATS]
        words = ("validate", "bad.csv", "-c", "c.yaml", "-o", "out", "-q", *options)
        done = call(*words, GITHUB_STEP_SUMMARY="summary.md")
    finally:
        os.chdir(before)
    assert done.stderr == ""
    reports = {form: (folder / "reports" / form).read_text(encoding="utf-8") for form in FORMATS}
    return Told(folder, done.returncode, reports, (folder / "summary.md").read_text(encoding="utf-8"))


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of one's own that has the sources."""
    monkeypatch.chdir(tmp_path)
    write_sources(tmp_path)
    return tmp_path
