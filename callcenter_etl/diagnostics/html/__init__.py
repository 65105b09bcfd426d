"""The report of runs as one self-contained page."""

from __future__ import annotations

from callcenter_etl.diagnostics.html.collect_data import Finished, gather
from callcenter_etl.diagnostics.html.page import render_page
from callcenter_etl.diagnostics.html.page_data import FailedSource
from callcenter_etl.diagnostics.html.report_file import ReportFile, report_file
from callcenter_etl.diagnostics.html.value_display import ReportValues

__all__ = ["FailedSource", "Finished", "ReportFile", "ReportValues", "gather", "render_page", "report_file"]
