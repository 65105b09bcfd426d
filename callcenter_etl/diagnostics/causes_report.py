"""Renders the causes behind a run's rejects, as text or as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

from rich.console import Console
from rich.text import Text

from callcenter_etl.diagnostics.json_report import write_json
from callcenter_etl.diagnostics.text_report import PIPE_WIDTH
from callcenter_etl.run.summary import Summary
from callcenter_etl.terminal import printable
from callcenter_etl.tools.explain.reject_causes import Cause, Causes


def causes_as_text(found: Causes, stream: TextIO) -> None:
    """Write one line for each cause, followed by the YAML of the proposed change."""
    width = None if stream.isatty() else PIPE_WIDTH
    console = Console(file=stream, width=width, highlight=False, soft_wrap=not stream.isatty())
    console.print(Text(f"{causes_heading(found)}:", style="bold"))
    for cause in found.causes:
        console.print(Text(f"  {printable(cause_sentence(cause, found))}"))
        if cause.advice is not None:
            # the terminal wraps it, so that it can be copied as one line
            console.print(Text(f"      {printable(cause.advice.yaml)}", style="cyan"), soft_wrap=True)
    if found.others:
        console.print(Text(f"  {other_causes(found)}"))


def causes_as_json(found: Causes, stream: TextIO) -> None:
    """Write the causes as an object."""
    write_json(found.to_dict(), stream)


def causes_heading(found: Causes) -> str:
    """Return the heading: the number of rejected records, and the number of them that were read."""
    sampled = "" if found.step == 1 else f" (one in {found.step:,} looked at: numbers are estimates)"
    return f"why {found.rejected:,} {_records(found.rejected)} rejected{sampled}"


def other_causes(found: Causes) -> str:
    """Return the number of further causes as text, empty if there are none."""
    if not found.others:
        return ""
    return f"and {found.others:,} lesser {'cause' if found.others == 1 else 'causes'}"


def cause_sentence(cause: Cause, found: Causes) -> str:
    """Return a cause as one sentence."""
    about = "" if found.step == 1 else "about "
    sentence = f"{about}{_percent(cause.share)} of {found.rejected:,}: {cause.what}, {cause.lines}"
    if cause.advice is not None:
        advice = cause.advice
        verb = {"would": "would recover", "would at most": "would recover at most", "may": "may recover"}
        # Recovered records are counted among those looked at: times the step, they estimate all.
        count = f"{about}{advice.recovers * found.step:,}"
        sentence += f"; {advice.words} {verb[advice.sure]} {count}"
    return sentence if cause.hint is None else f"{sentence}; {cause.hint}"


def problems_as_text(summary: Summary, stream: TextIO) -> None:
    """Write one line for each problem of a refused source or failed run."""
    state = "the source was refused" if summary.status == "refused" else f"the run {summary.status}"
    lines = [f"  {printable(each.problem_line)}" for each in summary.problems]
    stream.write("\n".join([f"{state}:", *lines, ""]))


def problems_as_json(summary: Summary, stream: TextIO) -> None:
    """Write the status and the problems as an object."""
    write_json(
        {"status": summary.status, "problems": [each.to_problem() for each in summary.problems]}, stream
    )


def _percent(share: float) -> str:
    percent = share * 100
    if percent < 0.1:
        return "under 0.1 %"
    # One decimal near both ends, so that 99.6 % is not shown as all of them.
    return f"{percent:.1f} %" if percent < 1 or 99 <= percent < 100 else f"{percent:.0f} %"


def _records(count: int) -> str:
    return "record was" if count == 1 else "records were"


CAUSES_RENDERERS: dict[str, Callable[[Causes, TextIO], None]] = {
    "text": causes_as_text,
    "json": causes_as_json,
}
PROBLEM_RENDERERS: dict[str, Callable[[Summary, TextIO], None]] = {
    "text": problems_as_text,
    "json": problems_as_json,
}
