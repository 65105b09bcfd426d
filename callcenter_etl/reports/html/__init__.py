"""The report of runs as one self-contained page."""

from __future__ import annotations

from callcenter_etl.reports.html.data import Unfinished
from callcenter_etl.reports.html.destination import ReportFile, report_file
from callcenter_etl.reports.html.gather import Finished, gather
from callcenter_etl.reports.html.page import render_page

__all__ = ["Finished", "ReportFile", "Unfinished", "gather", "render_page", "report_file"]
