"""Renders an explained record, as text or as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from callcenter_etl.diagnostics.json_report import write_json
from callcenter_etl.diagnostics.text_report import PIPE_WIDTH, STYLES
from callcenter_etl.terminal import printable
from callcenter_etl.tools.explain import Explanation

_STYLES = {"accepted": STYLES["passed"], "rejected": STYLES["failed"], "refused": STYLES["refused"]}
_VERDICT_STYLES = {"kept": "green", "broken": "bold red", "skipped": "dim", "unknown": "yellow"}


def explanation_as_text(explanation: Explanation, stream: TextIO) -> None:
    """Write the record: its line, its bytes, its fields, and the verdict of every rule."""
    width = None if stream.isatty() else PIPE_WIDTH
    console = Console(file=stream, width=width, highlight=False, soft_wrap=not stream.isatty())
    title = Text(f"{printable(explanation.source)} line {explanation.asked_line:,}: ")
    title.append(explanation.status, style=_STYLES[explanation.status])
    console.print(title)
    for problem in explanation.problems:
        console.print(Text(f"  {problem.rule}: {printable(problem.message)}", style="red"))
    if explanation.line is None:
        return
    console.print(Text(f"  {_place(explanation)}"))
    console.print(Text(f"  {_raw(explanation)}"))
    if explanation.fields:
        console.print(_fields_table(explanation))
    console.print(_rules_table(explanation))


def explanation_as_json(explanation: Explanation, stream: TextIO) -> None:
    """Write the explanation as an object."""
    write_json(explanation.to_dict(), stream)


def _place(explanation: Explanation) -> str:
    line, lines, offset, size = (
        explanation.line or 0,
        explanation.lines or 0,
        explanation.offset or 0,
        explanation.size or 0,
    )
    where = f"line {line:,}" if lines == 1 else f"lines {line:,} to {line + lines - 1:,}"
    return f"the record is on {where}, bytes {offset:,} to {offset + size:,} of the source; contract {explanation.contract}"


def _raw(explanation: Explanation) -> str:
    if explanation.raw is None:
        return "its bytes hold values of classified columns (--show-values shows them)"
    shown = explanation.raw
    cut = (
        ""
        if (explanation.size or 0) <= _shown_bytes(explanation)
        else f" … ({explanation.size:,} bytes in all)"
    )
    return f"bytes: {shown}{cut}"


def _shown_bytes(explanation: Explanation) -> int:
    from callcenter_etl.tools.explain.find_record import MAX_RAW_BYTES

    return min(explanation.size or 0, MAX_RAW_BYTES)


def _fields_table(explanation: Explanation) -> Table:
    table = Table(box=None, pad_edge=True, padding=(0, 2))
    for name in ("", "field", "value", "type", ""):
        # By default rich cuts a long value with an ellipsis, and the fault may be at its end.
        table.add_column(name, overflow="fold")
    for field in explanation.fields:
        value = f"({field.hidden})" if field.hidden is not None else _quoted(field.value)
        if field.judged is not None:
            value = f"{value} judged as {field.judged!r}"
        name = field.name or ""
        # By position or alias the name in the file may differ from the one in the contract: both are shown.
        if field.column is not None and field.column != name:
            name = f"{name} (column {field.column})"
        cells = (field.letter, name, value, field.type or "", field.state)
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def _quoted(value: str | None) -> str:
    return "" if value is None else repr(value)


def _rules_table(explanation: Explanation) -> Table:
    table = Table(box=None, pad_edge=True, padding=(0, 2))
    for name in ("rule", "verdict", "why"):
        table.add_column(name, overflow="fold", no_wrap=name == "verdict")
    for rule in explanation.rules:
        verdict = rule.verdict if rule.severity == "error" else f"{rule.verdict} (warning)"
        style = _VERDICT_STYLES[rule.verdict]
        table.add_row(Text(printable(rule.rule)), Text(verdict, style=style), Text(printable(rule.why)))
        for part in rule.parts:
            value = "unknown" if part.value is None else part.value
            table.add_row("", "", Text(printable(f"  {part.text} = {value}"), style="dim"))
    return table


EXPLANATION_RENDERERS: dict[str, Callable[[Explanation, TextIO], None]] = {
    "text": explanation_as_text,
    "json": explanation_as_json,
}
