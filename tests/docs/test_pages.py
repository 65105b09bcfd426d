"""The examples of every page of the docs, run as they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import DOCS, blocks_of, play

ELSEWHERE = {"ci.md"}  # tests/ci/test_ci_page.py runs its blocks, beside servers and schemas
PAGES = sorted(path for path in DOCS.glob("*.md") if path.name not in ELSEWHERE)
WITH_EXAMPLES = [page for page in PAGES if any(block.verb in {"runs", "python"} for block in blocks_of(page))]


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda page: page.stem)
def test_the_examples_do_what_they_show(page: Path, tmp_path: Path) -> None:
    assert {"runs", "python"} & set(play(page, tmp_path))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_shell_example_is_run_or_says_why_not(page: Path) -> None:
    for block in blocks_of(page):
        if block.language == "bash":
            assert block.verb in {"runs", "not run"}, block.text
            assert block.argument


def test_the_pages_with_examples_are_the_ones_that_had_them() -> None:
    names = {"change", "explain", "infer", "interop", "recipes", "report", "reprocess", "tutorial", "why"}
    assert {page.stem for page in WITH_EXAMPLES} >= names
