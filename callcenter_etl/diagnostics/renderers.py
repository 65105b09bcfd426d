"""The table of result formats by name: how each writes runs, and faults of contracts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TextIO

from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.diagnostics.findings import Report
from callcenter_etl.diagnostics.github import render_contracts_github, render_github
from callcenter_etl.diagnostics.json_report import render_contracts_json, render_json
from callcenter_etl.diagnostics.junit import render_contracts_junit, render_junit
from callcenter_etl.diagnostics.sarif import render_contracts_sarif, render_sarif
from callcenter_etl.diagnostics.text_report import render_contracts_text, render_text


@dataclass(frozen=True, slots=True)
class Renderer:
    """A format of results.

    `runs` writes the runs of a command. `contracts` writes the faults and warnings of contract files.
    `shows_records`: `runs` shows single records; otherwise none need to be read for it.
    """

    runs: Callable[[Report, TextIO], None]
    contracts: Callable[[Sequence[str], Sequence[Diagnostic], TextIO], None]
    shows_records: bool


# The names are those of `--format` (`cli/output_formats.py`), which must not import renderers: `--help` would wait.
RENDERERS: dict[str, Renderer] = {
    "text": Renderer(render_text, render_contracts_text, shows_records=False),
    "json": Renderer(render_json, render_contracts_json, shows_records=False),
    "github": Renderer(render_github, render_contracts_github, shows_records=True),
    "junit": Renderer(render_junit, render_contracts_junit, shows_records=True),
    "sarif": Renderer(render_sarif, render_contracts_sarif, shows_records=True),
}
