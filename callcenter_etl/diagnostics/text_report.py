"""Renders summaries and the faults of contracts for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.diagnostics.surroundings_text import run_values, surroundings_text
from callcenter_etl.run.summary import VERDICTS, RuleCount, Summary
from callcenter_etl.terminal import amount, counted, printable

if TYPE_CHECKING:  # it imports pyarrow, for which a list of runs need not wait
    from callcenter_etl.diagnostics.findings import Report

PIPE_WIDTH = 100_000  # no line is folded or cut there, so that ids and reasons can be searched
MIN_EXAMPLE = 40  # columns of a terminal that an example needs, or it would be all line breaks
STYLES = {
    "passed": "bold green",
    "rejects": "bold yellow",
    "failed": "bold red",
    "refused": "bold red",
    "error": "bold red",
}


def render_text(report: Report, stream: TextIO) -> None:
    """Write verdict, counts, violated rules, problems and files of each source, in colour on a terminal alone."""
    width = None if stream.isatty() else PIPE_WIDTH
    # highlight: rich would colour all numbers and paths. soft_wrap: lines of a pipe stay whole.
    console = Console(file=stream, width=width, highlight=False, soft_wrap=not stream.isatty())
    for source in report.sources:
        _render(console, source.summary)


def render_contracts_text(files: Sequence[str], faults: Sequence[Diagnostic], stream: TextIO) -> None:
    """Write one line for each fault and warning, and one for each contract without faults."""
    wrong = {fault.location.file for fault in faults if fault.severity == "error"}
    sound = [f"{file}: no faults" for file in files if file not in wrong]
    stream.writelines(f"{printable(line)}\n" for line in [str(fault) for fault in faults] + sound)


def _render(console: Console, summary: Summary) -> None:
    # Text and not str, in which rich reads square brackets as markup: names and values may hold them.
    verdict = Text(f"{printable(summary.source.uri)}: ")
    verdict.append(VERDICTS[summary.status], style=STYLES[summary.status])
    console.print(verdict, soft_wrap=True)
    records = summary.records
    console.print(
        Text(
            f"  {records.read:,} read, {records.accepted:,} accepted, {records.rejected:,} rejected"
            f" ({records.malformed:,} malformed), {records.warned:,} warned; {counted(summary.lines, 'line')},"
            f" {summary.blank_lines:,} blank; contract {summary.contract.id} {summary.contract.version}"
        )
    )
    around, values = surroundings_text(summary), run_values(summary)
    if around is not None:
        console.print(Text(f"  {around}"))
    if values:
        console.print(Text("  " + ", ".join(f"{name}: {value!r}" for name, value in values.items())))
    for problem in summary.problems:
        style = "yellow" if problem.severity == "warn" else "red"
        console.print(Text(f"  {printable(problem.problem_line)}", style=style))
    if any(count.broken for count in summary.rules.values()):
        _render_rules(console, summary)
    for file in summary.outputs.values():
        parts = "" if file.parts is None else f", parts: {file.parts:,}"
        # the terminal wraps a long path, so that it can be copied whole
        console.print(Text(f"  {printable(file.uri)}  {counted(file.bytes, 'byte')}{parts}"), soft_wrap=True)
    console.print(Text(f"  {summary.seconds:.2f} s{_speed(summary)}, run {summary.run_id}", style="dim"))


def _speed(summary: Summary) -> str:
    if not summary.source.bytes or not summary.seconds:
        return ""
    return f", {amount(summary.source.bytes / summary.seconds)}/s"


def _render_rules(console: Console, summary: Summary) -> None:
    """Write the violated rules as a table, or as lines if the terminal is too narrow."""
    broken = {rule: count for rule, count in summary.rules.items() if count.broken}
    examples = any(count.sample_reason for count in broken.values())
    wide = console.options.update(width=PIPE_WIDTH)
    # Measured without examples, which may be folded; ids and counts must not be.
    figures = Measurement.get(console, wide, _rules_table(broken, examples=False)).maximum
    if figures + (MIN_EXAMPLE if examples else 0) <= console.width:
        console.print(_rules_table(broken, examples=examples))
        return
    for rule, count in broken.items():
        first = "" if count.first_line is None else f", first line {count.first_line:,}"
        console.print(
            Text(f"  {printable(rule)}: {counted(count.broken, 'record')} ({count.severity}){first}")
        )
        if count.sample_reason:
            console.print(Padding(Text(printable(count.sample_reason)), (0, 0, 0, 4)))


def _rules_table(broken: Mapping[str, RuleCount], *, examples: bool) -> Table:
    table = Table(box=None, pad_edge=True, padding=(0, 2))
    table.add_column("rule", no_wrap=True)  # an id that is cut or broken cannot be searched for
    table.add_column("severity", no_wrap=True)
    table.add_column("records", justify="right", no_wrap=True)
    known = any(count.first_line is not None for count in broken.values())  # not of a run that is read back
    if known:
        table.add_column("first line", justify="right", no_wrap=True)
    if known and examples:
        table.add_column("for example", overflow="fold")
    for rule, count in broken.items():
        cells = [Text(printable(rule)), Text(count.severity), Text(f"{count.broken:,}")]
        if known:
            first = "" if count.first_line is None else f"{count.first_line:,}"
            cells.append(Text(first))
        if known and examples:
            cells.append(Text(printable(count.sample_reason or "")))
        table.add_row(*cells)
    return table
