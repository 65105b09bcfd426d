"""Render the results of `contract test` as text or JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from callcenter_etl.diagnostics.json_report import write_json
from callcenter_etl.diagnostics.text_report import PIPE_WIDTH
from callcenter_etl.terminal import printable
from callcenter_etl.tools.contract_test.contract_test import ContractTest
from callcenter_etl.tools.contract_test.example_results import ExampleResult
from callcenter_etl.tools.contract_test.rule_coverage import ALONE, NOT_FOUND, RuleCoverage

_MAX_SHOWN = 40  # characters of a made value


def contract_tests_as_text(contract_tests: Sequence[ContractTest], stream: TextIO) -> None:
    """Write, for each contract, its counts, the failed examples, and one line for each rule."""
    width = None if stream.isatty() else PIPE_WIDTH
    console = Console(file=stream, width=width, highlight=False, soft_wrap=not stream.isatty())
    for contract_test in contract_tests:
        console.print(_verdict(contract_test))
        for example in contract_test.examples:
            if not example.holds:
                console.print(Text(f"  {_wrong(example)}", style="red"))
        console.print(_rules_table(contract_test))


def contract_tests_as_json(contract_tests: Sequence[ContractTest], stream: TextIO) -> None:
    """Write one contract as an object, several as an array."""
    values = [contract_test.to_dict() for contract_test in contract_tests]
    write_json(values[0] if len(values) == 1 else values, stream)


def _verdict(contract_test: ContractTest) -> Text:
    held = sum(example.holds for example in contract_test.examples)
    alone = sum(rule.outcome == ALONE for rule in contract_test.rules)
    # A contract from a mapping has no file, so its id is shown.
    line = Text(f"{printable(contract_test.origin or contract_test.document.contract)}: ", style="bold")
    examples = (
        f"{held:,} of {len(contract_test.examples):,} examples hold"
        if contract_test.examples
        else "no examples"
    )
    line.append(examples, style="bold green" if contract_test.holds else "bold red")
    line.append(", ")
    rules = f"{alone:,} of {len(contract_test.rules):,} rules can be broken alone"
    line.append(rules, style="bold green" if contract_test.covered else "bold yellow")
    return line


def _wrong(example: ExampleResult) -> str:
    expected = " and ".join(example.expected) or "no rule"
    found = " and ".join(example.found) or "no rule"
    return printable(f"{example.position}: {example.path}: breaks {found}, {expected} expected")


def _rules_table(contract_test: ContractTest) -> Table:
    table = Table(box=None, pad_edge=True, padding=(0, 2))
    for name in ("rule", "severity", "broken"):
        table.add_column(name, overflow="fold")
    table.add_column("by a record with", overflow="fold")
    for rule in contract_test.rules:
        table.add_row(
            Text(printable(rule.rule)),
            Text(rule.severity),
            Text(rule.outcome, style="" if rule.outcome == ALONE else "yellow"),
            Text(printable(_how(contract_test, rule))),
        )
    return table


def _how(contract_test: ContractTest, rule: RuleCoverage) -> str:
    if rule.record is None or rule.outcome == NOT_FOUND:
        why = f" ({rule.why})" if rule.why else ""
        return f"none found that breaks it among {rule.tries:,}{why}"
    # Of the record only what is printed: a wide one has thousands of other values.
    record = contract_test.shown({name: rule.record[name] for name in rule.changed})
    values = ", ".join(f"{name}={_short(record[name])}" for name in rule.changed)
    parts = [
        *([values] if values else []),
        *([f"{len(rule.after)} before it with the same key"] if rule.after else []),
        *([f"and {' and '.join(rule.others)} with it"] if rule.others else []),
    ]
    return "; ".join(parts) or "the values of an example"


def _short(value: str) -> str:
    return repr(value) if len(value) <= _MAX_SHOWN else f"{value[:_MAX_SHOWN]!r}… ({len(value):,} characters)"


CONTRACT_TEST_RENDERERS: dict[str, Callable[[Sequence[ContractTest], TextIO], None]] = {
    "text": contract_tests_as_text,
    "json": contract_tests_as_json,
}
