"""Every rule of a contract asked of every record, one value at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.oracle.expressions import Cell, evaluate
from tests.oracle.reader import ReadResult, Record
from tests.oracle.values import Value, convert, from_iso

Contract = dict[str, Any]
COLUMN_RULES = (
    "type",
    "required",
    "min",
    "max",
    "min_length",
    "max_length",
    "pattern",
    "allowed",
    "unique",
    "lookup",
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of one record; the broken rules stand in contract order."""

    line: int
    raw: bytes
    accepted: bool
    broken_errors: tuple[str, ...]
    broken_warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Declared:
    """One rule of the contract, with whom and what it asks: `body` is the column or the record rule."""

    rule: str
    key: str
    severity: str
    body: dict[str, Any]
    is_column: bool


def declared_rules(contract: Contract) -> list[Declared]:
    """Give all rules in contract order; a key that is switched off (`required: false`) is no rule."""
    found: list[Declared] = []
    for column in contract["columns"]:
        severity = column.get("severity", "error")
        for key in column:
            if key not in COLUMN_RULES or column[key] is False:
                continue
            own = severity.get(key, "error") if isinstance(severity, dict) else severity
            found.append(Declared(f"{column['name']}.{key}", key, own, column, is_column=True))
    for rule in contract.get("rules", []):
        key = "check" if "check" in rule else "unique"
        found.append(Declared(rule["name"], key, rule.get("severity", "error"), rule, is_column=False))
    return found


def judge(
    read: ReadResult, contract: Contract, lookups: Mapping[str, frozenset[str]] | None = None
) -> list[Verdict]:
    """Judge each record, in source order. `lookups` holds the values of each lookup file, by its name."""
    evaluator = _Court(read, contract, lookups or {})
    return [evaluator.verdict(record) for record in read.records]


class _Court:
    """The contract and what was seen so far: first occurrences are the only state."""

    def __init__(self, read: ReadResult, contract: Contract, lookups: Mapping[str, frozenset[str]]) -> None:
        self.positions = read.positions
        self.columns: list[dict[str, Any]] = contract["columns"]
        self.kinds = {column["name"]: column.get("type", "text") for column in self.columns}
        self.empty_values: list[str] = contract.get("source", {}).get("empty_values", [""])
        self.rules = declared_rules(contract)
        self.lookups = lookups
        self.seen: dict[str, set[tuple[str, ...]]] = {declared.rule: set() for declared in self.rules}

    def verdict(self, record: Record) -> Verdict:
        if record.fields is None:
            return Verdict(
                record.line,
                record.raw,
                accepted=False,
                broken_errors=(str(record.malformed),),
                broken_warnings=(),
            )
        texts = {name: record.fields[place] for name, place in self.positions.items()}
        cells = {column["name"]: self.cell(texts[column["name"]], column) for column in self.columns}
        broken = [declared for declared in self.rules if self.is_broken(declared, texts, cells)]
        errors = tuple(declared.rule for declared in broken if declared.severity == "error")
        warnings = tuple(declared.rule for declared in broken if declared.severity == "warn")
        return Verdict(record.line, record.raw, not errors, errors, warnings)

    def is_blank(self, text: str) -> bool:
        return text == "" or text in self.empty_values or text.isspace()

    def cell(self, text: str, column: dict[str, Any]) -> Cell:
        if self.is_blank(text):
            return Cell(None, is_empty=True)
        formats = column.get("format", [])
        formats = [formats] if isinstance(formats, str) else formats
        return Cell(convert(text, column.get("type", "text"), formats), is_empty=False)

    def is_broken(self, declared: Declared, texts: dict[str, str], cells: dict[str, Cell]) -> bool:
        if not declared.is_column:
            return self.breaks_record_rule(declared, texts, cells)
        name = declared.body["name"]
        cell, text = cells[name], texts[name]
        if declared.key == "required":
            return cell.is_empty
        if cell.is_empty:
            return False
        if declared.key == "type" or cell.value is None:
            return declared.key == "type" and cell.value is None
        return self.breaks_value_rule(declared, text, cell.value)

    def breaks_value_rule(self, declared: Declared, text: str, value: Value) -> bool:
        if declared.key == "unique":
            return self.is_repeated(declared.rule, (text,))
        if declared.key == "lookup":
            return text not in self.lookups[declared.body["lookup"]["file"]]
        return VALUE_RULES[declared.key](text, value, declared.body)

    def breaks_record_rule(self, declared: Declared, texts: dict[str, str], cells: dict[str, Cell]) -> bool:
        body = declared.body
        if declared.key == "unique":
            key = tuple(texts[name] for name in body["unique"])
            return not any(self.is_blank(text) for text in key) and self.is_repeated(declared.rule, key)
        if "when" in body and evaluate(body["when"], cells, self.kinds) is not True:
            return False
        return evaluate(body["check"], cells, self.kinds) is False

    def is_repeated(self, rule: str, key: tuple[str, ...]) -> bool:
        repeated = key in self.seen[rule]
        self.seen[rule].add(key)
        return repeated


def bound(limit: Any, value: Value, kind: str) -> tuple[Any, Any]:
    """Give the value and the limit in the column's type."""
    if kind == "digits":
        return Decimal(str(value)), Decimal(str(limit))
    if kind in ("integer", "decimal"):
        return value, Decimal(str(limit))
    if kind == "duration":
        return value, convert(str(limit), "duration", [])
    return value, from_iso(str(limit), kind)


def _under_min(_text: str, value: Value, column: dict[str, Any]) -> bool:
    found, limit = bound(column["min"], value, column["type"])
    return bool(found < limit)


def _over_max(_text: str, value: Value, column: dict[str, Any]) -> bool:
    found, limit = bound(column["max"], value, column["type"])
    return bool(found > limit)


def _is_not_allowed(text: str, _value: Value, column: dict[str, Any]) -> bool:
    if column.get("ignore_case", False):
        return text.lower() not in [str(allowed).lower() for allowed in column["allowed"]]
    return text not in [str(allowed) for allowed in column["allowed"]]


VALUE_RULES: dict[str, Callable[[str, Value, dict[str, Any]], bool]] = {
    "min": _under_min,
    "max": _over_max,
    "min_length": lambda text, _value, column: len(text) < column["min_length"],
    "max_length": lambda text, _value, column: len(text) > column["max_length"],
    "pattern": lambda text, _value, column: re.fullmatch(column["pattern"], text) is None,
    "allowed": _is_not_allowed,
}
