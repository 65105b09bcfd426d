"""What a result shows of itself in a notebook."""

from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from callcenter_etl import validate

CONTRACT = """contract: c
columns:
  - {name: id, type: digits, unique: true}
  - {name: who, max_length: 3, classification: personal}
"""


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  html.parser's signature
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += f"{data}|"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.yaml").write_text(CONTRACT, encoding="utf-8")
    Path("<u>.csv").write_text("id,who\n<script>,a\n2,Wilhelmina\n2,b\n", encoding="utf-8")


def shown() -> _Tags:
    tags = _Tags()
    tags.feed(validate("<u>.csv", "c.yaml", output="out")._repr_html_())
    return tags


def test_a_result_shows_verdict_counts_and_broken_rules_with_the_first_line_of_each() -> None:
    found = shown()
    assert "rejects found (no limit is declared)|" in found.text
    assert "3 read, 0 accepted, 3 rejected (0 malformed), 0 warned" in found.text
    assert "id.type|error|1|2|id must be digits only, got '<script>'|" in found.text
    assert "id.unique|error|1|4|id must be unique, '2' stands first on line 3|" in found.text
    assert "who.max_length|error|1|3|" in found.text
    assert "Wilhelmina" not in found.text
    assert found.tags == {"div", "strong", "table", "thead", "tbody", "tr", "th", "td"}


def test_an_earlier_result_says_that_nothing_was_run() -> None:
    shown()
    again = shown().text
    assert "already done by run" in again
    assert "id.type|error|1|" in again
    assert "first line" not in again


def test_a_refused_source_shows_its_problems() -> None:
    Path("<u>.csv").write_text("<i>,who\n", encoding="utf-8")
    found = shown()
    assert "header.unexpected: column '<i>' at position 1 is not in the contract|" in found.text
    assert "table" not in found.tags


def test_it_needs_no_data_frames() -> None:
    script = (
        "import sys\nfrom callcenter_etl.run.summary import *\nfrom callcenter_etl.run.notebook_html import notebook_html\n"
        "summary = Summary('r', 'passed', ContractIdentity('c', '1', ''), SourceIdentity('s', 0, ''),"
        " RecordCounts(0, 0, 0, 0, 0), 0, 0, {}, (), {}, '', '', 0.0)\n"
        "assert 'passed' in notebook_html(summary, already_done=False)\n"
        "print([m for m in ('pandas', 'pandera', 'pyarrow', 'jinja2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
