"""The page in a real browser: it draws, asks for nothing, complains of nothing, and can be read by all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from callcenter_etl import validate
from tests.reports.pages import call
from tests.shared_folder import REPOSITORY

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
Opened = tuple[Page, list[str], list[str]]
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here (Debian: apt-get install chromium)"),
    pytest.mark.xdist_group("chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both samples, a refused source, one that is not there, and the page about all."""
    folder = tmp_path_factory.mktemp("report")
    samples = [str(REPOSITORY / "src_files" / f"call_center_raw_20250{month}.csv") for month in (1, 2)]
    (folder / "call_center_raw_202503.csv").write_text("call_id,caller\n1,2\n", encoding="utf-8")
    words = ("validate", *samples, str(folder / "call_center_raw_202503.csv"), str(folder / "none.csv"))
    words += ("-c", str(REPOSITORY / "contracts" / "call_center.yaml"), "-o", str(folder / "out"))
    words += ("-q", "--force", "--log-level", "ERROR", "--report", str(folder / "report.html"))
    validate(samples[0], REPOSITORY / "contracts" / "call_center.yaml", output=folder / "out")  # a past run
    done = call(*words)
    assert done.returncode == 3, done.stderr
    return folder


@pytest.fixture(params=THEMES)
def opened(request: pytest.FixtureRequest, browser: Browser, folder: Path) -> Iterator[Opened]:
    """The page in one theme, opened from disk, with all that was said and asked for on the way."""
    context = browser.new_context(color_scheme=request.param, viewport={"width": 1060, "height": 900})
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda asked_for: asked.append(asked_for.url))
    page.goto((folder / "report.html").as_uri(), wait_until="networkidle")
    yield page, said, asked
    context.close()


def test_it_draws_without_a_word_and_asks_for_nothing_but_itself(opened: Opened, folder: Path) -> None:
    page, said, asked = opened
    assert said == []
    assert asked == [(folder / "report.html").as_uri()]
    charts = page.locator("figure svg")
    assert charts.count() == 5  # two a source that was read, one of the past runs
    for index in range(charts.count()):
        box = charts.nth(index).bounding_box()
        assert box is not None
        assert box["width"] > 600
        assert box["height"] > 100
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_its_numbers_are_those_of_the_summaries(opened: Opened, folder: Path) -> None:
    page, _, _ = opened
    for month in (1, 2, 3):
        summary = json.loads((folder / f"out/call_center_raw_20250{month}/summary.json").read_text("utf-8"))
        section = page.locator(f"section[data-run='{summary['run_id']}']")
        for name, records in summary["records"].items():
            assert section.locator(f"[data-count={name}]").inner_text() == f"{records:,}"
        for rule, count in summary["rules"].items():
            head = section.locator(f"article[data-rule='{rule}'] .reason-head span")
            assert head.count() == (count["broken"] > 0)
            if count["broken"]:
                assert head.inner_text().startswith(f"{count['broken']:,} record")
                bar = section.locator("figure").first.locator(f"text={rule}").first
                assert bar.is_visible()


def test_every_text_and_bar_of_a_chart_stays_within_it(opened: Opened) -> None:
    page, _, _ = opened
    outside = page.evaluate(
        """() => [...document.querySelectorAll('figure svg')].flatMap(svg => {
            const frame = svg.getBoundingClientRect();
            return [...svg.querySelectorAll('text, .mark-rect path')].filter(text => {
                const box = text.getBoundingClientRect();
                return box.left < frame.left - 1 || box.right > frame.right + 1;
            }).map(text => text.textContent);
        })"""
    )
    assert outside == []


def test_all_charts_have_letters_of_one_size(opened: Opened) -> None:
    page, _, _ = opened
    scales = page.evaluate(
        """() => [...document.querySelectorAll('figure svg')].map(
            svg => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width)"""
    )
    assert max(scales) - min(scales) < 0.1 * max(scales)


def test_the_themes_differ_and_charts_follow_them(browser: Browser, folder: Path) -> None:
    colours = {}
    for theme in THEMES:
        page = browser.new_page(color_scheme=theme)
        page.goto((folder / "report.html").as_uri())
        style = "getComputedStyle(document.querySelector('{}')).{}"
        colours[theme] = [
            page.evaluate(style.format("body", "backgroundColor")),
            page.evaluate(style.format("figure svg text", "fill")),
        ]
        page.close()
    assert colours["light"] == ["rgb(255, 255, 255)", "rgb(24, 32, 43)"]
    assert colours["dark"] == ["rgb(16, 20, 26)", "rgb(231, 234, 239)"]


@pytest.mark.parametrize("width", [1060, 400])
@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_amiss(browser: Browser, folder: Path, theme: Theme, width: int) -> None:
    context = browser.new_context(
        color_scheme=theme, bypass_csp=True, viewport={"width": width, "height": 900}
    )
    page = context.new_page()
    page.goto((folder / "report.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    found = Axe().run(page)
    context.close()
    assert found.response["testEngine"]["name"] == "axe-core"
    assert found.violations_count == 0, found.generate_report()


def test_it_prints_in_light_colours_with_every_bar(browser: Browser, folder: Path) -> None:
    page = browser.new_page(color_scheme="dark")
    page.goto((folder / "report.html").as_uri())
    printed = page.pdf(prefer_css_page_size=True)
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('.verdict')).printColorAdjust") == "exact"
    page.close()
    assert printed.startswith(b"%PDF-")
    assert printed.count(b"/Type /Page\n") > 3
