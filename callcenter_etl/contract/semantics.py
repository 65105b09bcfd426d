"""Checks of a contract beyond its shape: formats, values, patterns, expressions, examples."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from callcenter_etl.contract.bounds import bound_faults, length_faults
from callcenter_etl.contract.datetime_formats import FormatFault, compile_format, parse_duration, parse_value
from callcenter_etl.contract.examples import FailingExample
from callcenter_etl.contract.expressions import ExpressionFaults, compile_expression
from callcenter_etl.contract.key_types import RULE_KEYS
from callcenter_etl.contract.model import Column, FileName, RecordRule
from callcenter_etl.contract.partial import Columns, Part
from callcenter_etl.contract.patterns import pattern_fault
from callcenter_etl.contract.quoting import excerpt, quoted
from callcenter_etl.contract.suggestions import did_you_mean

Path = tuple[str | int, ...]
Found = Iterator[tuple[Path, str, int]]

TEMPORAL = ("date", "time", "datetime")
_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_VALUE_CHECKS: dict[str, Callable[[str], bool]] = {
    "text": lambda _: True,
    "digits": lambda value: re.fullmatch(r"[0-9]+", value) is not None,
    "integer": lambda value: _INTEGER.fullmatch(value) is not None,
    "decimal": lambda value: _DECIMAL.fullmatch(value) is not None,
    "boolean": lambda value: value.lower() in ("true", "false"),
    "duration": lambda value: parse_duration(value) is not None,
}
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


def column_faults(part: Part[Column], path: Path, *, type_is_known: bool) -> Found:
    """Yield path, message and offset (in the value at that path) of each fault of one column.

    Without a known type, the checks that depend on it are left out: their faults would be about a wrong type.
    """
    column = part.value
    if type_is_known:
        yield from _format_faults(column, path)
        yield from bound_faults(column, path)
        yield from _value_faults(part, path)
    yield from length_faults(column, path)
    if column.pattern is not None:
        yield from _pattern_faults(column.pattern, (*path, "pattern"))
    yield from _allowed_faults(part, path)
    for key, known in (("severity", column.severity), ("reason", column.reason)):
        yield from () if part.has_unknown_keys else _rule_key_faults(part, known, (*path, key))
    for rule, reason in column.reason.items():
        where = (*path, "reason") if rule == "*" else (*path, "reason", rule)
        yield from _reason_faults(reason, where, ("value", "column", "line"))


def _rule_key_faults(part: Part[Column], rules: Iterable[str], path: Path) -> Found:
    known = (*part.value.rule_keys, *part.broken)
    for rule in rules:
        if rule != "*" and rule not in known:
            wrong = "unknown rule" if rule not in RULE_KEYS else "the column has no rule"
            hint = did_you_mean(rule, part.value.rule_keys)
            yield (*path, rule), f"{wrong} {quoted(rule)}{hint}", 0


def _format_faults(column: Column, path: Path) -> Found:
    if column.format and column.type not in TEMPORAL:
        yield (*path, "format"), f"format goes with type date, time or datetime, not {column.type!r}", 0
        return
    for fmt in column.format:
        try:
            compile_format(fmt, column.type)
        except FormatFault as error:
            yield (*path, "format"), str(error), 0


def _allowed_faults(part: Part[Column], path: Path) -> Found:
    column = part.value
    missing = column.allowed is None and "allowed" not in part.broken and not part.has_unknown_keys
    if column.ignore_case and missing:
        yield (*path, "ignore_case"), "ignore_case goes with allowed, which is not there", 0
    if column.allowed is not None and not column.allowed:
        yield (*path, "allowed"), "the list is empty, so that no value keeps it", 0


def _value_faults(part: Part[Column], path: Path) -> Found:
    column = part.value
    if "format" in part.broken:  # the values may be right in the format that was meant
        return
    for index, value in enumerate(column.allowed or ()):
        if not _is_value(column, value):
            sentence = f"{quoted(value)} is no {column.type}, so that no record can hold it"
            yield (*path, "allowed", index), sentence, 0


def _is_value(column: Column, value: str) -> bool:
    if column.type in TEMPORAL:
        try:
            return parse_value(column.type, value, column.format) is not None
        except FormatFault:
            return True  # the format's own fault is reported already
    return _VALUE_CHECKS[column.type](value)


def _pattern_faults(pattern: str, path: Path) -> Found:
    wrong = pattern_fault(pattern)
    if wrong is not None:
        yield path, wrong, 0


def file_name_faults(name: FileName, path: Path) -> Found:
    """Yield the faults of the rules for the file name."""
    if name.pattern is not None:
        yield from _pattern_faults(name.pattern, (*path, "pattern"))
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
    if not part.broken and (rule.check is None) == (rule.unique is None):
        yield path, "a rule has either check or unique", 0
    if not part.broken and rule.when is not None and rule.check is None:
        yield (*path, "when"), "when goes with check, which is not there", 0
    for key, text in (("check", rule.check), ("when", rule.when)):
        yield from () if text is None else _expression_faults(text, (*path, key), columns)
    for index, name in enumerate(rule.unique or ()):
        if columns.complete and name not in columns.types:
            hint = did_you_mean(name, columns.types)
            yield (*path, "unique", index), f"unknown column {quoted(name)}{hint}", 0
    if rule.unique is not None and not rule.unique:
        yield (*path, "unique"), "the list is empty: name at least one column", 0
    if rule.reason is not None:
        yield from _reason_faults(rule.reason, (*path, "reason"), ("line",))


def _expression_faults(text: str, path: Path, columns: Columns) -> Found:
    try:
        compile_expression(text, columns.types, more_columns=not columns.complete)
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
