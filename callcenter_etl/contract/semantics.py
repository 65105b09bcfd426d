"""Checks of a contract beyond its shape: formats, values, patterns, expressions, examples."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from callcenter_etl.contract.column import RULE_KEYS, Column
from callcenter_etl.contract.examples import FailingExample
from callcenter_etl.contract.expressions import ExpressionFaults, compile_expression
from callcenter_etl.contract.model import FileName, RecordLookup, RecordRule
from callcenter_etl.contract.part import Part
from callcenter_etl.contract.partial import Columns
from callcenter_etl.contract.patterns import pattern_fault
from callcenter_etl.contract.quoting import excerpt, quoted
from callcenter_etl.contract.suggestions import did_you_mean

Path = tuple[str | int, ...]
Found = Iterator[tuple[Path, str, int]]

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


def column_faults(part: Part[Column], path: Path, *, type_is_known: bool) -> Found:
    """Yield path, message and offset (in the value at that path) of each fault of one column.

    Without a known type, the checks that depend on it are left out: their faults would be about a wrong type.
    """
    column = part.value
    for key in RULE_KEYS.values() if type_is_known else ():
        yield from key.typed_faults(part, path)
    for key in RULE_KEYS.values():
        yield from key.faults(part, path)
    for name, known in (("severity", column.severity), ("reason", column.reason)):
        # A misspelt key may be the one that declares the rule.
        yield from () if part.has_unknown_keys else _rule_key_faults(part, known, (*path, name))
    for rule, reason in column.reason.items():
        where = (*path, "reason") if rule == "*" else (*path, "reason", rule)
        yield from _reason_faults(reason, where, ("value", "column", "line"))


def _rule_key_faults(part: Part[Column], rules: Iterable[str], path: Path) -> Found:
    # A rule with a faulty declaration is a rule of the column, too.
    known = (*part.value.rule_keys, *part.broken)
    for rule in rules:
        if rule != "*" and rule not in known:
            wrong = "unknown rule" if rule not in RULE_KEYS else "the column has no rule"
            hint = did_you_mean(rule, part.value.rule_keys)
            yield (*path, rule), f"{wrong} {quoted(rule)}{hint}", 0


def file_name_faults(name: FileName, path: Path) -> Found:
    """Yield the faults of the rules for the file name."""
    wrong = None if name.pattern is None else pattern_fault(name.pattern)
    if wrong is not None:
        yield (*path, "pattern"), wrong, 0
    for index, extension in enumerate(name.extensions):
        if not extension.startswith("."):
            yield (
                (*path, "extensions", index),
                f"an extension starts with a dot: {quoted('.' + extension)}, not {quoted(extension)}",
                0,
            )


def _reason_faults(reason: str, path: Path, allowed: Sequence[str]) -> Found:
    for match in _PLACEHOLDER.finditer(reason):
        if match[1] not in allowed:
            known = ", ".join(f"{{{name}}}" for name in allowed)
            yield (
                path,
                f"unknown placeholder {quoted(match[0])}{did_you_mean(match[1], allowed)}, known here: {known}",
                0,
            )


def record_rule_faults(part: Part[RecordRule], path: Path, columns: Columns) -> Found:
    """Yield the faults of one record rule over these columns."""
    rule = part.value
    # A faulty or misspelt key may be the one that seems to be missing.
    demands = [each for each in (rule.check, rule.unique, rule.lookup) if each is not None]
    if not part.broken and len(demands) != 1:
        yield path, "a rule has either check, unique or lookup", 0
    if rule.ignore_case and rule.unique is None and not part.broken:
        yield (*path, "ignore_case"), "ignore_case goes with unique, which is not there", 0
    for key, text in (("check", rule.check), ("when", rule.when)):
        yield from () if text is None else _expression_faults(text, (*path, key), columns)
    for index, name in enumerate(rule.unique or ()):
        if columns.complete and name not in columns.types:
            hint = did_you_mean(name, columns.types)
            yield (*path, "unique", index), f"unknown column {quoted(name)}{hint}", 0
    yield from () if rule.lookup is None else _lookup_faults(rule.lookup, (*path, "lookup"), columns)
    if rule.unique is not None and not rule.unique:
        yield (*path, "unique"), "the list is empty: name at least one column", 0
    if rule.reason is not None:
        # A record rule has neither one value nor one column to fill in.
        yield from _reason_faults(rule.reason, (*path, "reason"), ("line",))


def _lookup_faults(lookup: RecordLookup, path: Path, columns: Columns) -> Found:
    if not lookup.columns:
        yield (*path, "columns"), "no column is named: name at least one", 0
    for name in lookup.columns:
        if columns.complete and name not in columns.types:
            hint = did_you_mean(name, columns.types)
            yield (*path, "columns"), f"unknown column {quoted(name)}{hint}", 0


def _expression_faults(text: str, path: Path, columns: Columns) -> Found:
    try:
        compile_expression(text, columns.types, columns.timezones, more_columns=not columns.complete)
    except ExpressionFaults as error:
        for fault in error.faults:
            at = f"at character {fault.offset + 1:,} of {excerpt(text, fault.offset)}"
            yield path, f"{fault.message} ({at})", fault.offset


@dataclass(frozen=True, slots=True)
class Known:
    """Names that an example may use, and the encoding in which its values must be writable.

    `complete` is False if the contract may have more columns than can be read.
    """

    columns: Sequence[str]
    rules: Sequence[str]
    encoding: str
    complete: bool


def failing_example_faults(part: Part[FailingExample], path: Path, known: Known) -> Found:
    """Yield the faults of an example of a record that violates rules."""
    example = part.value
    yield from record_faults(example.record, (*path, "record"), known)
    for number, record in enumerate(example.after):
        yield from record_faults(record, (*path, "after", number), known)
    if not example.breaks and "breaks" not in part.broken:
        yield (*path, "breaks"), "the list is empty: a record that breaks no rule belongs under pass", 0
    for number, rule in enumerate(example.breaks):
        if known.complete and rule not in known.rules:
            hint = did_you_mean(rule, known.rules)
            yield (*path, "breaks", number), f"unknown rule {quoted(rule)}{hint}", 0


def record_faults(record: dict[str, str], path: Path, known: Known) -> Found:
    """Yield the faults of an example's record: unknown columns, and values that the encoding cannot represent."""
    for name, value in record.items():
        if known.complete and name not in known.columns:
            hint = did_you_mean(name, known.columns)
            yield (*path, name), f"unknown column {quoted(name)}{hint}", 0
        try:
            value.encode(known.encoding)
        except UnicodeEncodeError as error:
            yield (*path, name), f"{known.encoding} has no {value[error.start]!r}", 0
