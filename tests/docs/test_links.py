"""Every relative link and anchor of README, CONTRIBUTING and the docs leads somewhere in the repository."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.shared_folder import REPOSITORY

PAGES = sorted(
    [REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    + list((REPOSITORY / "docs").rglob("*.md"))
)
FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def prose(page: Path) -> str:
    """Return the text of a page without its code."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and the site make them."""
    found: set[str] = set()
    for heading in HEADING.findall(prose(page)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        name = re.sub(r"[^\w\- ]", "", plain).strip().replace(" ", "-")
        found |= {name, re.sub(r"-+", "-", name)}
    return found


def faults(page: Path) -> list[str]:
    """Return the links of a page that lead nowhere."""
    wrong = []
    for link in LINK.findall(CODE.sub("", prose(page))):
        if ELSEWHERE.match(link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.is_relative_to(REPOSITORY):
            wrong.append(f"{link}: outside of the repository")
        elif not target.exists():
            wrong.append(f"{link}: no such file")
        elif anchor and target.suffix == ".md" and anchor not in anchors(target):
            wrong.append(f"{link}: no such heading")
    return wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    assert faults(page) == []


def test_dead_links_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "REPOSITORY", tmp_path)
    page = tmp_path / "page.md"
    page.write_text(
        "# A `b` title\n[a](page.md#a-b-title) [b](gone.md) [c](#nowhere) [d](../tmp/x.md) [e](https://x.y)\n"
    )
    assert faults(page) == [
        "gone.md: no such file",
        "#nowhere: no such heading",
        "../tmp/x.md: outside of the repository",
    ]


def test_the_readme_lists_every_page_of_the_docs_once_and_stays_short() -> None:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    pages = [page for page in (REPOSITORY / "docs").glob("*.md") if page.name != "index.md"]
    listed = text.partition("## Documentation")[2].partition("\n## ")[0]
    assert {page.name: listed.count(f"(docs/{page.name})") for page in pages} == {
        page.name: 1 for page in pages
    }
    assert text.count("\n") <= 120


PATH = re.compile(r"`((?:[\w.-]+/)+[\w.-]*)`")
ROOTS = ("", "callcenter_etl", "docs", "docs/design")
# Written by a run or by make, or an example of a reader's own.
MADE = re.compile(
    r"(?:site|output|out|logs|runs|benchmarks/\.cache|reprocessed|target|exceptions|rejected|s3:|checked|nightly|src|expected)/"
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_file_and_folder_that_a_page_names_exists(page: Path) -> None:
    named = set(PATH.findall(FENCE.sub("", page.read_text(encoding="utf-8"))))
    wanted = [name for name in named if name.endswith((".py", "/")) and not MADE.match(name)]
    missing = [name for name in wanted if not any((REPOSITORY / root / name).exists() for root in ROOTS)]
    assert page.name == "CHANGELOG.md" or missing == []
