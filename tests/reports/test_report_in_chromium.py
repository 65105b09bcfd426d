"""The page in a real browser: it draws, asks for nothing, complains of nothing, and can be read by all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

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
    charts = page.locator("figure svg:visible")
    expect(charts).to_have_count(5)  # waits for the layout; two a source that was read, one of the past runs
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
        """() => [...document.querySelectorAll('figure svg')].filter(svg => svg.checkVisibility()).flatMap(svg => {
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
        """() => [...document.querySelectorAll('figure svg')].filter(svg => svg.checkVisibility()).map(
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


LONG = "a_name_without_any_place_to_break_it_" * 3
PHONES = (390, 320)


@pytest.fixture(scope="module")
def long_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with names, values and counts that are all too long for a phone; every value is shown."""
    folder = tmp_path_factory.mktemp("long")
    columns = f"[{{name: {LONG}, allowed: [DONE]}}, {{name: b, type: digits, severity: warn}}]"
    (folder / "c.yaml").write_text(f"contract: {LONG}\ncolumns: {columns}\n", encoding="utf-8")
    rows = [f"{'v' * (200 + number)},x" for number in range(30)] + ["y" * 300]
    for name in (f"{LONG}1.csv", f"{LONG}2.csv"):
        (folder / name).write_text("\n".join([f"{LONG},b", *rows, ""]), encoding="utf-8")
    words: tuple[str, ...] = ("validate", str(folder / f"{LONG}1.csv"), str(folder / f"{LONG}2.csv"), "-q")
    words += ("-c", str(folder / "c.yaml"), "-o", str(folder / "out"), "--log-level", "ERROR")
    for _ in range(2):
        report = ("--force", "--report", str(folder / "report.html"), "--report-values", "public")
        done = call(*words, *report)
        assert done.returncode == 1, done.stderr
    return folder / "report.html"


@pytest.fixture(params=["samples", "long"])
def any_page(request: pytest.FixtureRequest, folder: Path, long_page: Path) -> str:
    """The address of either page."""
    return (long_page if request.param == "long" else folder / "report.html").as_uri()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", PHONES)
def test_nothing_is_cut_on_a_phone(browser: Browser, any_page: str, width: int, theme: Theme) -> None:
    context = browser.new_context(color_scheme=theme, viewport={"width": width, "height": 844})
    page = context.new_page()
    page.goto(any_page)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    assert page.evaluate("innerWidth") == width
    cut = page.evaluate(
        """() => [...document.body.querySelectorAll('*')].filter(each => {
            if (!each.checkVisibility() || each.closest('.reflow:not(.sortable) thead')) return false;
            const box = each.getBoundingClientRect();
            const scrolls = each.closest('.scroll');  // what it holds can be scrolled to, so that it is not cut
            const svg = each.closest('svg');
            const frame = svg === null ? {left: 0, right: innerWidth} : svg.getBoundingClientRect();
            const outside = (box.right > frame.right + 1 || box.left < frame.left - 1)
                && (scrolls === null || scrolls === each) && (svg === null || each.matches('text, svg, .mark-rect path'));
            const hidden = ['hidden', 'clip'].includes(getComputedStyle(each).overflowX) && svg === null;
            return outside || (hidden && each.scrollWidth > each.clientWidth);
        }).map(each => `${each.tagName} ${each.className} ${each.textContent.slice(0, 60)}`)"""
    )
    assert cut == []
    scrolled = page.evaluate(
        """() => [...document.querySelectorAll('.scroll')].filter(
            each => each.scrollWidth > each.clientWidth && getComputedStyle(each).overflowX !== 'auto').length"""
    )
    assert scrolled == 0
    # letters of charts are as large as those around them: a wide drawing that is only scaled has 5 pixels
    letters = page.evaluate(
        """() => [...document.querySelectorAll('figure svg')].filter(svg => svg.checkVisibility()).map(
            svg => 12 * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width)"""
    )
    assert len(letters) == 5
    assert min(letters) > 9
    context.close()


def test_a_phone_needs_no_sideways_scrolling_for_the_tables_of_the_samples(
    browser: Browser, folder: Path
) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto((folder / "report.html").as_uri())
    wider = (
        "[...document.querySelectorAll('.scroll')].filter(each => each.scrollWidth > each.clientWidth).length"
    )
    assert page.locator(".scroll").count() > 3
    assert page.evaluate(wider) == 0
    page.close()


def rows_of(page: Page) -> list[str]:
    """Return the names of the sources in the order of their table."""
    names = page.locator("table.sortable").first.locator("tbody th").all_inner_texts()
    return [name.split()[0].rsplit("_", 1)[-1].rsplit("/", 1)[-1] for name in names]


def test_sources_are_sorted_by_keyboard_and_the_order_is_announced(opened: Opened) -> None:
    page, said, asked = opened
    first, second, refused, none = "202501.csv", "202502.csv", "202503.csv", "none.csv"
    assert rows_of(page) == [none, refused, first, second]  # the worst first
    heads = page.locator("table.sortable").first.locator("thead th")
    orders = {
        "Rejected": [("descending", [second, first, refused, none]), ("ascending", [refused, first, second, none])],
        "Read": [("descending", [second, first, refused, none]), ("ascending", [refused, first, second, none])],
        # a source without records has no share, nor has one without a run
        "Share": [("descending", [first, second, none, refused]), ("ascending", [second, first, none, refused])],
        "Verdict": [("descending", [none, refused, first, second]), ("ascending", [first, second, refused, none])],
    }  # fmt: skip
    for name, steps in orders.items():
        button = heads.get_by_role("button", name=name)
        for order, names in steps:
            button.focus()
            page.keyboard.press("Enter" if order == "descending" else "Space")
            assert rows_of(page) == names, (name, order)
            sorted_by = [head.inner_text() for head in heads.all() if head.get_attribute("aria-sort")]
            assert sorted_by == [name]
            assert heads.filter(has_text=name).get_attribute("aria-sort") == order
            assert button.evaluate("each => each === document.activeElement")
    total = page.locator("table.sortable").first.locator("tfoot tr").inner_text().split()
    assert total == ["All", "sources", "10,039", "9,720", "319", "3.18%"]
    assert said == []
    assert len(asked) == 1


def test_without_scripts_the_table_is_there_in_its_first_order(browser: Browser, folder: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "report.html").as_uri())
    assert page.locator("button").count() == 0
    names = page.locator("table.sortable").first.locator("tbody th").all_inner_texts()
    assert names[0].split()[0].endswith("none.csv")
    context.close()


def test_sums_are_those_of_the_summaries(browser: Browser, folder: Path) -> None:
    summaries = [json.loads(path.read_text("utf-8")) for path in folder.glob("out/*/summary.json")]
    assert len(summaries) == 3
    page = browser.new_page()
    page.goto((folder / "report.html").as_uri())
    for name in summaries[0]["records"]:
        total = sum(summary["records"][name] for summary in summaries)
        assert page.locator(f"[data-total={name}]").inner_text() == f"{total:,}"
    rules = {
        row.locator("th code").inner_text(): [cell.inner_text() for cell in row.locator("td").all()]
        for row in page.locator("table.sortable").nth(1).locator("tbody tr").all()
    }
    broken: dict[str, list[int]] = {}
    for summary in summaries:
        for rule, count in summary["rules"].items():
            if count["broken"]:
                broken.setdefault(rule, []).append(count["broken"])
    assert {rule: (cells[0], cells[2]) for rule, cells in rules.items()} == {
        rule: (f"{sum(counts):,}", str(len(counts))) for rule, counts in broken.items()
    }
    page.close()
