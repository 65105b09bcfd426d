"""Renderers for other programs, by name: of all that a command found, and of the faults of contracts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TextIO

from callcenter_etl.diagnostics.findings import Report
from callcenter_etl.diagnostics.github import render_faults_github, render_github
from callcenter_etl.diagnostics.junit import render_faults_junit, render_junit
from callcenter_etl.diagnostics.sarif import render_faults_sarif, render_sarif
from callcenter_etl.errors import Fault

ReportRenderer = Callable[[Report, TextIO], None]
FaultRenderer = Callable[[Sequence[str], Sequence[Fault], TextIO], None]
REPORT_RENDERERS: dict[str, ReportRenderer] = {
    "github": render_github,
    "junit": render_junit,
    "sarif": render_sarif,
}
FAULT_RENDERERS: dict[str, FaultRenderer] = {
    "github": render_faults_github,
    "junit": render_faults_junit,
    "sarif": render_faults_sarif,
}
