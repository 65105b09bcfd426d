"""The page of the gallery shows each contract as it is, and the first lines of its sample."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.case_folders import CASES, source_of
from tests.docs.pages import DOCS, blocks_of

GALLERY = [case for case in CASES if case.name.startswith("gallery_")]
PAGE = DOCS / "gallery.md"


def test_there_is_a_gallery() -> None:
    assert GALLERY


@pytest.mark.parametrize("case", GALLERY, ids=lambda path: path.name)
def test_the_page_has_the_contract(case: Path) -> None:
    shown = [block.text for block in blocks_of(PAGE) if block.language == "yaml"]
    assert (case / "contract.yaml").read_text(encoding="utf-8") in shown


def test_lines_of_samples_are_those_of_the_sources() -> None:
    begins = [
        source_of(case).read_bytes().decode("cp1252" if "german" in case.name else "utf-8").splitlines()
        for case in GALLERY
    ]
    for block in blocks_of(PAGE):
        if block.language == "text":
            lines = block.text.splitlines()
            assert any(lines == begin[: len(lines)] for begin in begins), lines[0]
