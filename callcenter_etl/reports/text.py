"""Renders summaries for people: verdict, counts, broken rules, problems, files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from callcenter_etl.summary import VERDICTS, Summary
from callcenter_etl.terminal import printable

PIPE_WIDTH = 100_000  # no line is folded or cut there, so that ids and reasons can be searched
STYLES = {
    "passed": "bold green",
    "rejects": "bold yellow",
    "failed": "bold red",
    "refused": "bold red",
    "error": "bold red",
}


def render_text(summaries: Sequence[Summary], stream: TextIO) -> None:
    """Write the summaries, in colour on a terminal alone."""
    width = None if stream.isatty() else PIPE_WIDTH
    console = Console(file=stream, width=width, highlight=False, soft_wrap=not stream.isatty())
    for summary in summaries:
        _render(console, summary)


def _render(console: Console, summary: Summary) -> None:
    verdict = Text(f"{printable(summary.source.uri)}: ")
    verdict.append(VERDICTS[summary.status], style=STYLES[summary.status])
    console.print(verdict)
    records = summary.records
    console.print(
        Text(
            f"  {records.read:,} read, {records.accepted:,} accepted, {records.rejected:,} rejected"
            f" ({records.malformed:,} malformed), {records.warned:,} warned; {summary.lines:,} lines,"
            f" {summary.blank_lines:,} blank; contract {summary.contract.id} {summary.contract.version}"
        )
    )
    for problem in summary.problems:
        console.print(Text(f"  {problem.rule}: {printable(problem.message)}", style="red"))
    if any(count.broken for count in summary.rules.values()):
        console.print(_rules_table(summary))
    for file in summary.outputs.values():
        parts = "" if file.parts is None else f", parts: {file.parts:,}"
        console.print(Text(f"  {printable(file.uri)}  {file.bytes:,} bytes{parts}"))
    speed = summary.source.bytes / 1e6 / summary.seconds if summary.seconds else 0.0
    console.print(Text(f"  {summary.seconds:.2f} s, {speed:,.0f} MB/s, run {summary.run_id}", style="dim"))


def _rules_table(summary: Summary) -> Table:
    broken = {rule: count for rule, count in summary.rules.items() if count.broken}
    table = Table(box=None, pad_edge=True, padding=(0, 2))
    table.add_column("rule", overflow="fold")
    table.add_column("severity")
    table.add_column("records", justify="right")
    known = any(count.first_line is not None for count in broken.values())  # not of a run that is read back
    if known:
        table.add_column("first line", justify="right")
        table.add_column("for example", overflow="fold")
    for rule, count in broken.items():
        cells = [Text(printable(rule)), Text(count.severity), Text(f"{count.broken:,}")]
        if known:
            first = "" if count.first_line is None else f"{count.first_line:,}"
            cells += [Text(first), Text(printable(count.sample_reason or ""))]
        table.add_row(*cells)
    return table
