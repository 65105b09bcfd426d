"""The site builds without a warning, its pages fetch nothing, and its search works from disk."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.docs.pages import DOCS
from tests.shared_folder import REPOSITORY

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
FETCHED = re.compile(r"""<(?:script|img|iframe|link)[^>]*?(?:src|href)=["']?(?:https?:)?//[^>]*>""")
pytestmark = pytest.mark.xdist_group("chromium")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    environ = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=REPOSITORY, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_page_is_built_and_none_names_what_it_would_fetch(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    sources = {path.relative_to(DOCS).with_suffix(".html") for path in DOCS.rglob("*.md")}
    assert sources <= {page.relative_to(site) for page in pages}
    fetched = [found for page in pages for found in FETCHED.findall(page.read_text(encoding="utf-8"))]
    assert fetched == []


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here (Debian: apt-get install chromium)")
def test_the_search_of_a_page_opened_from_disk_finds_a_rule(site: Path) -> None:
    asked: list[str] = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto((site / "index.html").as_uri())
        page.fill("input[name=query]", "record.too_long")
        page.wait_for_selector(".md-search-result__item a[href*='reference/rules.html']", state="attached")
        browser.close()
    assert {url.partition(":")[0] for url in asked} <= {"file", "data", "blob"}
