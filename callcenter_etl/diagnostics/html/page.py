"""Render a report with Jinja2: every text is escaped, and the page loads no resources."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib import resources
from importlib.util import find_spec
from typing import TYPE_CHECKING

from callcenter_etl.diagnostics.html.page_data import ReportData, Strip
from callcenter_etl.diagnostics.html.source_totals import rank_of
from callcenter_etl.diagnostics.html.value_display import MAX_FULL_CHARACTERS
from callcenter_etl.diagnostics.surroundings_text import run_values, surroundings_text
from callcenter_etl.errors import UsageError
from callcenter_etl.run.summary import VERDICTS
from callcenter_etl.store.uris import base_name
from callcenter_etl.terminal import printable

if TYPE_CHECKING:  # of the extra `report`
    from jinja2 import Environment

_NEEDED = ("jinja2", "vl_convert")
_MARKS = {"passed": "✓", "rejects": "!", "failed": "✕", "refused": "✕", "error": "✕"}

_NEVER = "Values of personal and secret columns are not shown at all"
# How a page shows values, by the choice of the user: in a few words at its head, and in full at its foot.
_VALUES_SHOWN = {
    "masked": (
        "values are masked",
        (
            "Values are masked: of a value with four or more characters the first and the last are shown, digits become #,"
            f" all else becomes •, punctuation stays, ␣ is a space. {_NEVER}, of malformed records only delimiters and quotes."
        ),
    ),
    "public": (
        "values of public columns are shown",
        (
            f"Values of columns that the contract classifies as public are shown, up to {MAX_FULL_CHARACTERS:,} characters;"
            f" ␣ is a space at an end. {_NEVER}. Malformed records are shown where every column is public, else only their"
            " delimiters and quotes."
        ),
    ),
}


def check_installed() -> None:
    """Raise UsageError if the extra `report` is not installed."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"--report needs {' and '.join(missing)}, which is not installed: pip install 'callcenter-etl[report]'"
        )


def render_page(data: ReportData) -> str:
    """Return the page as HTML. Raises UsageError if the extra `report` is not installed."""
    check_installed()
    # After the check, so that a missing extra is an error with a remedy.
    from callcenter_etl.diagnostics.html import charts, narrow_charts

    style = _text("report.css")
    script = _text("sort.js") if len(data.rows) > 1 else None  # only several sources have tables to sort
    return (
        _environment()
        .get_template("report.html")
        .render(
            data=data,
            style=style,
            # The policy of the page allows this style and this script by their hashes, and nothing else.
            style_hash=_hash(style),
            script=script,
            script_hash=None if script is None else _hash(script),
            values_shown=_VALUES_SHOWN,
            verdicts=VERDICTS,
            marks=_MARKS,
            charts=charts,
            narrow_charts=narrow_charts,
            busiest=busiest,
            stretches=stretches,
            rated=[run for run in data.past if run.rate is not None],
            overall=_overall(data),
        )
    )


def _environment() -> Environment:
    """Return the environment of the templates: everything is escaped, and an unknown name is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("callcenter_etl.diagnostics.html", "templates"),
        # Names, reasons and values come from a source, and must not become markup.
        autoescape=True,
        # A misspelt name in a template is an error, not a blank on the page.
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": lambda number: f"{number:,}",
        "share": share,
        "plain": printable,
        "run_values": run_values,
        "surroundings": surroundings_text,
        "base": base_name,
        "moment": moment,
        "size": size,
        "rank": rank_of,
    }
    return environment


def _text(name: str) -> str:
    return resources.files("callcenter_etl.diagnostics.html").joinpath(f"templates/{name}").read_text("utf-8")


def _hash(text: str) -> str:
    """Return the hash of a style or script for the content security policy."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def share(part: float, whole: float = 1) -> str:
    """Return a share in percent, never rounded to 0 % or 100 %."""
    if not whole:
        return "-"
    percent = 100 * part / whole
    if 0 < percent < 0.01:
        return "< 0.01%"
    if 99.99 < percent < 100:
        return "> 99.99%"
    return f"{percent:.2f}".rstrip("0").rstrip(".") + "%"


def moment(text: str) -> str:
    """Return a moment as summaries write it, for people."""
    return f"{text[:19].replace('T', ' ')} UTC"


def size(amount: int) -> str:
    """Return a number of bytes in the unit that reads best."""
    number, units = float(amount), ["bytes", "kB", "MB", "GB", "TB"]
    while number >= 1000 and len(units) > 1:
        number, _ = number / 1000, units.pop(0)
    return f"{amount:,} bytes" if units[0] == "bytes" else f"{number:.1f} {units[0]}"


def stretches(strip: Strip) -> list[tuple[int, int, int]]:
    """Return the first line, the last line and the rejected records of each stretch that has some."""
    return [(*strip.stretch(index), records) for index, records in enumerate(strip.rejected) if records]


def busiest(strip: Strip) -> tuple[int, int, int]:
    """Return the first line, the last line and the rejected records of the stretch that has the most."""
    return max(stretches(strip), key=lambda each: each[2])


def _overall(data: ReportData) -> str:
    """Return the worst status of the page."""
    statuses = [source.summary.status for source in data.sources]
    # An unfinished source has no summary, and counts as the worst status.
    return _worst([*statuses, *("error" for _ in data.unfinished)])


def _worst(statuses: Sequence[str]) -> str:
    # The table of verdicts goes from best to worst.
    order = list(VERDICTS)
    return max(statuses, key=order.index)
