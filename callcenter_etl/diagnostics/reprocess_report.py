"""Render the result of `reprocess` as text or JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

from rich.console import Console
from rich.text import Text

from callcenter_etl.diagnostics.json_report import write_json
from callcenter_etl.diagnostics.text_report import PIPE_WIDTH, STYLES
from callcenter_etl.terminal import printable
from callcenter_etl.tools.reprocess import Reprocessed

_VERDICTS = {
    "passed": "nothing is rejected any more",
    "rejects": "some records are still rejected",
    "refused": "refused: nothing was reprocessed",
}


def reprocessed_as_text(done: Reprocessed, stream: TextIO) -> None:
    """Write verdict, counts, rules that are still violated, and files."""
    width = None if stream.isatty() else PIPE_WIDTH
    console = Console(file=stream, width=width, highlight=False, soft_wrap=not stream.isatty())
    verdict = Text(f"{printable(done.file.uri)}: ")
    verdict.append(_VERDICTS[done.status], style=STYLES[done.status])
    console.print(verdict)
    for problem in done.problems:
        console.print(Text(f"  {problem.rule}: {printable(problem.message)}", style="red"))
    if done.status == "refused":
        return
    rows, would = done.rows, " (dry run: nothing was written)" if done.dry_run else ""
    console.print(
        Text(
            f"  {rows.read:,} read, {rows.recovered:,} recovered, {rows.rejected:,} still rejected,"
            f" {rows.recovered_before:,} recovered before and skipped{would}"
        )
    )
    for rule, broken in done.rules.items():
        console.print(Text(f"  {printable(rule)}  {broken:,}"))
    for rule, warned in done.warnings.items():
        console.print(Text(f"  {printable(rule)}  {warned:,} (no reason to reject)"))
    for note in done.notes:
        console.print(Text(f"  note: {printable(note)}", style="yellow"))
    for file in done.outputs.values():
        console.print(Text(f"  {printable(file.uri)}  {file.bytes:,} bytes"))
    if not done.outputs and not done.dry_run:
        console.print(Text("  nothing new: nothing was written"))


def reprocessed_as_json(done: Reprocessed, stream: TextIO) -> None:
    """Write the result as an object."""
    write_json(done.to_dict(), stream)


REPROCESSED_RENDERERS: dict[str, Callable[[Reprocessed, TextIO], None]] = {
    "text": reprocessed_as_text,
    "json": reprocessed_as_json,
}
