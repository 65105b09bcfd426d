"""Every fault of a contract beyond its shape: impossible bounds, bad patterns, clashing names, expressions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from callcenter_etl.contract.examples import FailingExample
from callcenter_etl.contract.expressions import ExpressionFaults, compile_expression
from callcenter_etl.contract.fields import RULE_KEYS
from callcenter_etl.contract.formats import (
    FormatFault,
    compile_format,
    parse_duration,
    parse_iso,
    parse_value,
)
from callcenter_etl.contract.model import Column, FileName, RecordRule
from callcenter_etl.contract.suggest import did_you_mean

Path = tuple[str | int, ...]
Found = Iterator[tuple[Path, str, int]]

NUMERIC = ("digits", "integer", "decimal")
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
_BOUND_FORMS = {
    "date": "2025-01-31",
    "time": "08:30:00",
    "datetime": "2025-01-31 08:30:00",
    "duration": "1:30:00",
}
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_RESERVED = ("record.", "file.", "header.", "limits.")


def column_faults(column: Column, path: Path) -> Found:
    """Give the faults of one column: where, what, and the offset in that value."""
    yield from _format_faults(column, path)
    yield from _bound_faults(column, path)
    yield from _length_faults(column, path)
    if column.pattern is not None:
        yield from _pattern_faults(column.pattern, (*path, "pattern"))
    yield from _allowed_faults(column, path)
    for key, known in (("severity", column.severity), ("reason", column.reason)):
        for rule in known:
            if rule != "*" and rule not in column.rule_keys:
                wrong = "unknown rule" if rule not in RULE_KEYS else "the column has no rule"
                yield (*path, key, rule), f"{wrong} {rule!r}{did_you_mean(rule, column.rule_keys)}", 0
    for rule, reason in column.reason.items():
        where = (*path, "reason") if rule == "*" else (*path, "reason", rule)
        yield from _reason_faults(reason, where, ("value", "column", "line"))


def _format_faults(column: Column, path: Path) -> Found:
    if column.format and column.type not in TEMPORAL:
        yield (*path, "format"), f"format goes with type date, time or datetime, not {column.type!r}", 0
        return
    for fmt in column.format:
        try:
            compile_format(fmt, column.type)
        except FormatFault as error:
            yield (*path, "format"), str(error), 0


def _bound_faults(column: Column, path: Path) -> Found:
    bounds: dict[str, Decimal | int] = {}
    for key, bound in (("min", column.min), ("max", column.max)):
        if bound is None:
            continue
        if column.type in ("text", "boolean"):
            remedy = "declare type integer or decimal" + (
                f", or use {key}_length" if column.type == "text" else ""
            )
            yield (*path, key), f"{key} needs a type with an order, not {column.type!r} ({remedy})", 0
            continue
        value = _bound_value(column.type, bound)
        if value is None:
            form = _BOUND_FORMS.get(column.type, "10")
            yield (*path, key), f"{bound!r} is no {column.type} (write it as {form})", 0
        else:
            bounds[key] = value
    if len(bounds) == 2 and bounds["min"] > bounds["max"]:
        yield (
            (*path, "min"),
            f"min {column.min} is greater than max {column.max}, so that no value keeps both",
            0,
        )


def _bound_value(kind: str, bound: str) -> Decimal | int | None:
    if kind in NUMERIC:
        if not _VALUE_CHECKS[kind](bound):
            return None
        try:
            return Decimal(bound)
        except InvalidOperation:  # an exponent that no number has
            return None
    return parse_duration(bound) if kind == "duration" else parse_iso(kind, bound)


def _length_faults(column: Column, path: Path) -> Found:
    if (
        column.min_length is not None
        and column.max_length is not None
        and column.min_length > column.max_length
    ):
        sentence = f"min_length {column.min_length} is greater than max_length {column.max_length}, so that no value keeps both"
        yield (*path, "min_length"), sentence, 0


def _allowed_faults(column: Column, path: Path) -> Found:
    if column.ignore_case and column.allowed is None:
        yield (*path, "ignore_case"), "ignore_case goes with allowed, which is not there", 0
    if column.allowed is None:
        return
    if not column.allowed:
        yield (*path, "allowed"), "the list is empty, so that no value keeps it", 0
    for index, value in enumerate(column.allowed):
        if not _is_value(column, value):
            yield (
                (*path, "allowed", index),
                f"{value!r} is no {column.type}, so that no record can hold it",
                0,
            )


def _is_value(column: Column, value: str) -> bool:
    if column.type in TEMPORAL:
        try:
            return parse_value(column.type, value, column.format) is not None
        except FormatFault:
            return True  # the format's own fault is told already
    return _VALUE_CHECKS[column.type](value)


def _pattern_faults(pattern: str, path: Path) -> Found:
    import pyarrow as pa
    import pyarrow.compute as pc

    nothing = pa.nulls(1, pa.string())  # no value made from Python: for the first one pyarrow imports pandas
    try:
        pc.match_substring_regex(nothing, pattern=pattern)
        pc.match_substring_regex(nothing, pattern=rf"\A(?:{pattern})\z")
    except pa.ArrowInvalid as error:
        cause = str(error).removeprefix("Invalid regular expression: ")
        hint = (
            " (RE2 has no lookahead, lookbehind or backreferences)"
            if re.search(r"\(\?[=!<]|\\[1-9]", pattern)
            else ""
        )
        yield path, f"the pattern {pattern!r} does not work: {cause}{hint}", 0


def file_name_faults(name: FileName, path: Path) -> Found:
    """Give the faults of the file name rules."""
    if name.pattern is not None:
        yield from _pattern_faults(name.pattern, (*path, "pattern"))
    for index, extension in enumerate(name.extensions):
        if not extension.startswith("."):
            yield (
                (*path, "extensions", index),
                f"an extension starts with a dot: '.{extension}', not {extension!r}",
                0,
            )


def _reason_faults(reason: str, path: Path, allowed: Sequence[str]) -> Found:
    for match in _PLACEHOLDER.finditer(reason):
        if match[1] not in allowed:
            known = ", ".join(f"{{{name}}}" for name in allowed)
            yield (
                path,
                f"unknown placeholder {match[0]!r}{did_you_mean(match[1], allowed)}, known here: {known}",
                0,
            )


def record_rule_faults(rule: RecordRule, path: Path, types: dict[str, str] | None) -> Found:
    """Give the faults of one record rule; `types` are the column types by name, None where columns are unsound."""
    if (rule.check is None) == (rule.unique is None):
        yield path, "a rule has either check or unique", 0
    if rule.when is not None and rule.check is None:
        yield (*path, "when"), "when goes with check, which is not there", 0
    for key, text in (("check", rule.check), ("when", rule.when)):
        yield from () if text is None or types is None else _expression_faults(text, (*path, key), types)
    for index, name in enumerate(rule.unique or ()):
        if types is not None and name not in types:
            yield (*path, "unique", index), f"unknown column {name!r}{did_you_mean(name, types)}", 0
    if rule.unique is not None and not rule.unique:
        yield (*path, "unique"), "the list is empty: name at least one column", 0
    if rule.reason is not None:
        yield from _reason_faults(rule.reason, (*path, "reason"), ("line",))


def _expression_faults(text: str, path: Path, types: dict[str, str]) -> Found:
    try:
        compile_expression(text, types)
    except ExpressionFaults as error:
        for fault in error.faults:
            yield path, f"{fault.message} (at character {fault.offset + 1} of {text!r})", fault.offset


@dataclass(frozen=True, slots=True)
class Known:
    """What an example may name, and the encoding in which its values must be writable."""

    columns: Sequence[Column]
    rule_names: Sequence[str]
    encoding: str

    @property
    def ids(self) -> list[str]:
        """The ids of all rules."""
        return [f"{column.name}.{key}" for column in self.columns for key in column.rule_keys] + [
            *self.rule_names
        ]


def failing_example_faults(example: FailingExample, path: Path, known: Known) -> Found:
    """Give the faults of an example of a record that breaks rules."""
    yield from record_faults(example.record, (*path, "record"), known)
    for number, record in enumerate(example.after):
        yield from record_faults(record, (*path, "after", number), known)
    if not example.breaks:
        yield (*path, "breaks"), "the list is empty: a record that breaks no rule belongs under pass", 0
    for number, rule in enumerate(example.breaks):
        if rule not in known.ids:
            yield (*path, "breaks", number), f"unknown rule {rule!r}{did_you_mean(rule, known.ids)}", 0


def record_faults(record: dict[str, str], path: Path, known: Known) -> Found:
    """Give the faults of an example's record: unknown columns, values that cannot be written."""
    names = [column.name for column in known.columns]
    for name, value in record.items():
        if name not in names:
            yield (*path, name), f"unknown column {name!r}{did_you_mean(name, names)}", 0
        try:
            value.encode(known.encoding)
        except UnicodeEncodeError as error:
            yield (*path, name), f"{known.encoding} has no {value[error.start]!r}", 0


def name_faults(columns: Sequence[tuple[int, Column]], rules: Sequence[tuple[int, RecordRule]]) -> Found:
    """Give the clashes among names: columns, aliases, rule ids."""
    owners: dict[str, int] = {}
    for index, column in columns:
        if column.name in owners:
            first = owners[column.name]
            yield (
                ("columns", index, "name"),
                f"column name {column.name!r} stands twice, first in columns[{first}]",
                0,
            )
        owners.setdefault(column.name, index)
    for index, column in columns:
        for number, alias in enumerate(column.aliases):
            owner = owners.get(alias)
            if owner is not None and owner != index and alias:
                yield ("columns", index, "aliases", number), f"alias {alias!r} also means columns[{owner}]", 0
            owners.setdefault(alias, index)
    ids = {f"{column.name}.{key}" for _, column in columns for key in column.rule_keys}
    for index, rule in rules:
        where = ("rules", index, "name")
        if rule.name in ids:
            yield where, f"rule name {rule.name!r} stands twice, or is the id of a column's rule", 0
        elif rule.name.startswith(_RESERVED) or not rule.name:
            yield where, f"rule name {rule.name!r} is reserved or empty", 0
        ids.add(rule.name)
