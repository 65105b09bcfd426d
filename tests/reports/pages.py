"""Runs the command line for a report, and takes the page apart with the standard library alone."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from callcenter_etl import load_contract, validate
from callcenter_etl.cli.causes import causes_of_results
from callcenter_etl.cli.html_report import ReportValues, prepare_report, write_report

VOID = {"meta", "br", "img", "link", "input", "hr", "base"}


def call(*words: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own; `before` is Python that runs first."""
    script = f"import sys\n{before}\nfrom callcenter_etl.cli import main\nmain()"
    return subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, check=False, encoding="utf-8"
    )


@dataclass
class Page(HTMLParser):
    """What a page holds: its elements, the counts it claims, its texts."""

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    broken: dict[str, int] = field(default_factory=dict)
    verdicts: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    places: list[tuple[str, str]] = field(default_factory=list)
    causes: list[tuple[str, str]] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.elements.append((tag, known))
        if tag not in VOID:
            self._open.append((tag, known))
        if "data-verdict" in known:
            self.verdicts.append(known["data-verdict"] or "")
        if "data-cause" in known:
            self.causes.append(("", ""))
        if "data-rule" in known:
            self.broken[known["data-rule"] or ""] = int(known["data-broken"] or "")
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            continue

    def handle_data(self, data: str) -> None:
        if any(tag in ("style", "script") for tag, _ in self._open):
            return
        self.text += data
        tag, attributes = self._open[-1] if self._open else ("", {})
        if "data-count" in attributes:
            self.counts[attributes["data-count"] or ""] = int(data.replace(",", ""))
        if attributes.get("class") == "cell":
            self.places.append((data, ""))
        elif tag == "code" and self._open[-2][0] == "li" and self.places and not self.places[-1][1]:
            self.places[-1] = (self.places[-1][0], data)
        if attributes.get("class") == "text":
            self.causes[-1] = (self.causes[-1][0] + data, self.causes[-1][1])
        elif tag == "code" and self._open[-2][0] == "pre":
            self.causes[-1] = (self.causes[-1][0], self.causes[-1][1] + data)
        if any(each in ("td", "th") for each, _ in self._open):
            self.rows[-1][-1] += data

    def strip(self) -> dict[tuple[int, int], int]:
        """Give the table of the strip: the rejected records of each stretch of lines."""
        start = self.rows.index(["Lines", "Rejected"]) + 1
        found = {}
        for row in self.rows[start:]:
            if len(row) != 2:
                break
            first, _, last = row[0].replace(",", "").partition(" to ")
            found[int(first), int(last or first)] = int(row[1].replace(",", ""))
        return found


def read(path: Path) -> Page:
    """Take a page apart."""
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def page_of(source: str, contract: str, values: str = "masked") -> Page:
    """Run a source into `out` in this process, as the command line would, and take its page apart."""
    loaded = load_contract(contract)
    page = prepare_report("report.html", loaded, [source])
    results = [validate(source, loaded, output="out")]
    causes = causes_of_results(results, loaded)
    write_report(page, results, loaded, root="out", causes=causes, values=ReportValues(values))
    return read(Path("report.html"))


def exceptions(path: Path) -> list[dict[str, str]]:
    """Read exceptions with the standard library."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def rules_in(rows: list[dict[str, str]]) -> Counter[str]:
    """Count the records that broke each rule."""
    return Counter(rule for row in rows for rule in row["reject_rules"].split("; "))
