"""Render the changes between contracts, and the records with changed verdicts, as text or JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TextIO

from rich.console import Console
from rich.text import Text

from callcenter_etl.diagnostics.json_report import write_json
from callcenter_etl.diagnostics.text_report import PIPE_WIDTH, STYLES
from callcenter_etl.terminal import printable
from callcenter_etl.tools.backtest.backtest import BackTest, ContractSide, VerdictChanges
from callcenter_etl.tools.compare import BREAKING, EFFECTS, LOOSENING, ContractChange

_EFFECT_STYLES = {BREAKING: "bold red", LOOSENING: "bold yellow"}
_INDENT = " " * 11


def diff_as_text(changes: Sequence[ContractChange], tests: Sequence[BackTest], stream: TextIO) -> None:
    """Write one block for each change, the counts, and one block for each source."""
    console = _console(stream)
    for change in changes:
        head = Text(f"{change.effect:<11}", style=_EFFECT_STYLES.get(change.effect, "dim"))
        head.append(printable(change.path), style="bold")
        head.append(f": {_side(change.old)} -> {_side(change.new)}", style="not bold")
        console.print(head)
        places = f"{change.old_position} -> {change.new_position}"
        console.print(Text(f"{_INDENT}{printable(places)}", style="dim"))
        console.print(Text(f"{_INDENT}{printable(change.why)}"))
    console.print(Text(_counts(changes), style="bold"))
    for test in tests:
        _test_as_text(console, test)


def diff_as_json(changes: Sequence[ContractChange], tests: Sequence[BackTest], stream: TextIO) -> None:
    """Write one object with the changes, their number by effect, and the sources."""
    # Zeros included, so that every effect is a key for programs that read it.
    counts = {effect: sum(change.effect == effect for change in changes) for effect in EFFECTS}
    value = {"changes": [change.to_dict() for change in changes], "counts": counts}
    write_json({**value, "against": [test.to_dict() for test in tests]}, stream)


def _console(stream: TextIO) -> Console:
    width = None if stream.isatty() else PIPE_WIDTH
    return Console(file=stream, width=width, highlight=False, soft_wrap=not stream.isatty())


def _side(value: str | None) -> str:
    return "(none)" if value is None else printable(value)


def _counts(changes: Sequence[ContractChange]) -> str:
    if not changes:
        return "no changes: every source and record is judged alike"
    parts = [f"{sum(change.effect == effect for change in changes):,} {effect}" for effect in EFFECTS]
    exposed = sum(change.exposes for change in changes)
    # Counted apart: what a change exposes is independent of its effect on records.
    return f"{len(changes):,} {'change' if len(changes) == 1 else 'changes'}: {', '.join(parts)}" + (
        f"; {exposed:,} may show values that were classified" if exposed else ""
    )


def _test_as_text(console: Console, test: BackTest) -> None:
    line = Text(f"{printable(test.source)}: ", style="bold")
    line.append(f"{test.newly_rejected:,} newly rejected", style="bold red" if test.newly_rejected else "")
    line.append(", ")
    line.append(f"{test.newly_accepted:,} newly accepted", style="bold yellow" if test.newly_accepted else "")
    console.print(line)
    for name, side in (("old", test.old), ("new", test.new)):
        console.print(_side_line(name, side))
    for verb, flips in (("rejected", test.newly_rejected_by_rule), ("accepted", test.newly_accepted_by_rule)):
        for rule, found in flips.items():
            console.print(Text(f"  newly {verb}  {printable(rule)}: {_lines(found)}"))


def _side_line(name: str, side: ContractSide) -> Text:
    line = Text(f"  {name}: ")
    line.append(side.status, style=STYLES[side.status])
    if side.status != "refused":
        line.append(f", {side.read:,} read, {side.rejected:,} rejected")
    for problem in side.problems:
        line.append(f"; {problem.rule}: {printable(problem.message)}")
    return line


def _lines(flips: VerdictChanges) -> str:
    records = f"{flips.records:,} {'record' if flips.records == 1 else 'records'}"
    more = "" if flips.records == len(flips.lines) else f" and {flips.records - len(flips.lines):,} more"
    word = "line" if flips.records == 1 else "lines"
    return f"{records}, {word} {', '.join(f'{line:,}' for line in flips.lines)}{more}"


DIFF_RENDERERS: dict[str, Callable[[Sequence[ContractChange], Sequence[BackTest], TextIO], None]] = {
    "text": diff_as_text,
    "json": diff_as_json,
}
