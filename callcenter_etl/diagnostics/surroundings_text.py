"""Text of reports about the lines of a source that are not records, and the values of the run."""

from __future__ import annotations

from callcenter_etl.run.summary import Summary
from callcenter_etl.terminal import counted, printable

_KINDS = ("preamble", "header", "after_header", "comments", "footer")
_NOUNS = {"comments": "comment"}


def surrounding_lines(summary: Summary) -> dict[str, int]:
    """Return the number of lines of each kind that is there, empty where there is only a header of one line."""
    around = summary.surroundings
    if around.lines <= 1:
        return {}
    lines = {kind: int(getattr(around, kind).lines) for kind in _KINDS}
    return {kind: number for kind, number in lines.items() if number}


def surroundings_text(summary: Summary) -> str | None:
    """Return the numbers of lines around the records, None where there is only a header of one line."""
    counts = (
        (counted(lines, _NOUNS.get(kind, f"{kind} line")))
        for kind, lines in surrounding_lines(summary).items()
    )
    return ", ".join(counts) or None


def run_values(summary: Summary) -> dict[str, str]:
    """Return the values of the run by their full names, such as `footer.records`, for display."""
    return {
        f"{origin}.{name}": printable(value)
        for origin, values in summary.surroundings.values.items()
        for name, value in values.items()
    }
