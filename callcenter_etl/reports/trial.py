"""Renders what contracts say of their own examples and rules, as text or as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from callcenter_etl.change.coverage import ALONE, NOT_FOUND, RuleCoverage
from callcenter_etl.change.examples import ExampleResult
from callcenter_etl.change.trial import Trial
from callcenter_etl.reports.json import write_json
from callcenter_etl.reports.text import PIPE_WIDTH
from callcenter_etl.terminal import printable

_MOST_SHOWN = 40  # characters of a made value


def trials_as_text(trials: Sequence[Trial], stream: TextIO) -> None:
    """Write, for each contract, its counts, the examples that do not hold, and a line a rule."""
    width = None if stream.isatty() else PIPE_WIDTH
    console = Console(file=stream, width=width, highlight=False, soft_wrap=not stream.isatty())
    for trial in trials:
        console.print(_verdict(trial))
        for example in trial.examples:
            if not example.holds:
                console.print(Text(f"  {_wrong(example)}", style="red"))
        console.print(_rules_table(trial))


def trials_as_json(trials: Sequence[Trial], stream: TextIO) -> None:
    """Write one contract as an object, several as an array."""
    values = [trial.to_dict() for trial in trials]
    write_json(values[0] if len(values) == 1 else values, stream)


def _verdict(trial: Trial) -> Text:
    held = sum(example.holds for example in trial.examples)
    alone = sum(rule.outcome == ALONE for rule in trial.rules)
    line = Text(f"{printable(trial.origin or trial.document.contract)}: ", style="bold")
    examples = f"{held:,} of {len(trial.examples):,} examples hold" if trial.examples else "no examples"
    line.append(examples, style="bold green" if trial.holds else "bold red")
    line.append(", ")
    rules = f"{alone:,} of {len(trial.rules):,} rules can be broken alone"
    line.append(rules, style="bold green" if trial.covered else "bold yellow")
    return line


def _wrong(example: ExampleResult) -> str:
    expected = " and ".join(example.expected) or "no rule"
    found = " and ".join(example.found) or "no rule"
    return printable(f"{example.position}: {example.path}: breaks {found}, {expected} expected")


def _rules_table(trial: Trial) -> Table:
    table = Table(box=None, pad_edge=True, padding=(0, 2))
    for name in ("rule", "severity", "broken"):
        table.add_column(name, overflow="fold")
    table.add_column("by a record with", overflow="fold")
    for rule in trial.rules:
        table.add_row(
            Text(printable(rule.rule)),
            Text(rule.severity),
            Text(rule.outcome, style="" if rule.outcome == ALONE else "yellow"),
            Text(printable(_how(trial, rule))),
        )
    return table


def _how(trial: Trial, rule: RuleCoverage) -> str:
    if rule.record is None or rule.outcome == NOT_FOUND:
        why = f" ({rule.why})" if rule.why else ""
        return f"none found that breaks it among {rule.tries:,}{why}"
    # Of the record only what is printed: a wide one has thousands of other values.
    record = trial.shown({name: rule.record[name] for name in rule.changed})
    values = ", ".join(f"{name}={_short(record[name])}" for name in rule.changed)
    parts = [
        *([values] if values else []),
        *([f"{len(rule.after)} before it with the same key"] if rule.after else []),
        *([f"and {' and '.join(rule.others)} with it"] if rule.others else []),
    ]
    return "; ".join(parts) or "the values of an example"


def _short(value: str) -> str:
    return (
        repr(value) if len(value) <= _MOST_SHOWN else f"{value[:_MOST_SHOWN]!r}… ({len(value):,} characters)"
    )


TRIAL_RENDERERS: dict[str, Callable[[Sequence[Trial], TextIO], None]] = {
    "text": trials_as_text,
    "json": trials_as_json,
}
