"""Every rule of a contract asked of every record, one value at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.oracle.expressions import Cell, evaluate
from tests.oracle.reader import ReadResult, Record
from tests.oracle.values import Value, convert, from_iso, normalise, zone_of

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
    """The judgement of one record; the broken rules are in contract order.

    `infos` are rules of severity `info` that the record is counted by.
    """

    line: int
    raw: bytes
    accepted: bool
    broken_errors: tuple[str, ...]
    broken_warnings: tuple[str, ...]
    infos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Declared:
    """One rule of the contract: `body` is the column or the record rule."""

    rule: str
    key: str
    severity: str
    body: dict[str, Any]
    is_column: bool


def declared_rules(contract: Contract) -> list[Declared]:
    """Return all rules in contract order; a key that is switched off (`required: false`) is no rule."""
    found: list[Declared] = []
    for column in contract["columns"]:
        severity = column.get("severity", "error")
        for key in column:
            if key not in COLUMN_RULES or column[key] is False:
                continue
            own = severity.get(key, "error") if isinstance(severity, dict) else severity
            found.append(Declared(f"{column['name']}.{key}", key, own, column, is_column=True))
    for rule in contract.get("rules", []):
        key = next(key for key in ("check", "unique", "lookup") if key in rule)
        found.append(Declared(rule["name"], key, rule.get("severity", "error"), rule, is_column=False))
    return found


def counted_rules(contract: Contract) -> dict[str, str]:
    """Return severities of what the summary counts beside the declared rules."""
    normalised = [column["name"] for column in contract["columns"] if is_normalised(column)]
    found = {f"{name}.normalized": "info" for name in normalised}
    if contract.get("source", {}).get("short_records", "malformed") == "empty":
        found["record.short"] = "warn"
    return found


def is_normalised(column: dict[str, Any]) -> bool:
    return bool(column.get("trim", False)) or "case" in column


def judge(
    read: ReadResult,
    contract: Contract,
    lookups: Mapping[str, frozenset[str]] | None = None,
    tables: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
) -> list[Verdict]:
    """Judge each record, in source order.

    `lookups` holds the values of each lookup file of one column, `tables` the rows of files with several, by name.
    """
    evaluator = _Court(read, contract, lookups or {}, tables or {})
    return [evaluator.verdict(record) for record in read.records]


class _Court:
    """The contract and what was seen so far: first occurrences are the only state."""

    def __init__(
        self,
        read: ReadResult,
        contract: Contract,
        lookups: Mapping[str, frozenset[str]],
        tables: Mapping[str, Sequence[Mapping[str, str]]],
    ) -> None:
        self.positions = read.positions
        self.columns: list[dict[str, Any]] = contract["columns"]
        self.kinds = {column["name"]: column.get("type", "text") for column in self.columns}
        self.empty_values: list[str] = contract.get("source", {}).get("empty_values", [""])
        self.rules = declared_rules(contract)
        self.lookups = lookups
        self.tables = tables
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
        # A column that is absent from the header is empty in every record.
        sent = {
            column["name"]: record.fields[self.positions[column["name"]]]
            if column["name"] in self.positions
            else ""
            for column in self.columns
        }
        texts = {column["name"]: normalise(sent[column["name"]], column) for column in self.columns}
        cells = {column["name"]: self.cell(texts[column["name"]], column) for column in self.columns}
        broken = [declared for declared in self.rules if self.is_broken(declared, texts, cells)]
        errors = tuple(declared.rule for declared in broken if declared.severity == "error")
        warnings = tuple(declared.rule for declared in broken if declared.severity == "warn")
        short = ("record.short",) if record.is_short else ()
        infos = tuple(f"{name}.normalized" for name in texts if texts[name] != sent[name])
        return Verdict(record.line, record.raw, not errors, errors, (*short, *warnings), infos)

    def is_blank(self, text: str) -> bool:
        return text == "" or text in self.empty_values or text.isspace()

    def cell(self, text: str, column: dict[str, Any]) -> Cell:
        if self.is_blank(text):
            return Cell(None, is_empty=True)
        return Cell(convert(text, column), is_empty=False, zone=zone_of(column))

    def is_broken(self, declared: Declared, texts: dict[str, str], cells: dict[str, Cell]) -> bool:
        if not declared.is_column:
            return RECORD_RULES[declared.key](self, declared, texts, cells)
        name = declared.body["name"]
        if name not in self.positions:
            return False
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
            return self.is_repeated(declared, (text,))
        if declared.key == "lookup":
            return text not in self.lookups[declared.body["lookup"]["file"]]
        return VALUE_RULES[declared.key](text, value, declared.body)

    def breaks_check(self, declared: Declared, _texts: dict[str, str], cells: dict[str, Cell]) -> bool:
        takes_part = self.takes_part(declared, cells)
        return takes_part and evaluate(declared.body["check"], cells, self.kinds) is False

    def breaks_key(self, declared: Declared, texts: dict[str, str], cells: dict[str, Cell]) -> bool:
        key = tuple(texts[name] for name in declared.body["unique"])
        if any(self.is_blank(text) for text in key) or not self.takes_part(declared, cells):
            return False
        return self.is_repeated(declared, key)

    def breaks_rows(self, declared: Declared, texts: dict[str, str], cells: dict[str, Cell]) -> bool:
        """The values together must be one row; a blank or mistyped one is not asked for."""
        lookup = declared.body["lookup"]
        columns = lookup["columns"]
        names = columns if isinstance(columns, dict) else {name: name for name in columns}
        if any(cells[name].value is None for name in names) or not self.takes_part(declared, cells):
            return False
        return not any(
            all(row[theirs] == texts[ours] for ours, theirs in names.items())
            for row in self.tables[lookup["file"]]
        )

    def takes_part(self, declared: Declared, cells: dict[str, Cell]) -> bool:
        return "when" not in declared.body or evaluate(declared.body["when"], cells, self.kinds) is True

    def is_repeated(self, declared: Declared, key: tuple[str, ...]) -> bool:
        if declared.body.get("ignore_case", False):
            key = tuple(text.lower() for text in key)
        repeated = key in self.seen[declared.rule]
        self.seen[declared.rule].add(key)
        return repeated


RECORD_RULES: dict[str, Callable[[_Court, Declared, dict[str, str], dict[str, Cell]], bool]] = {
    "check": _Court.breaks_check,
    "unique": _Court.breaks_key,
    "lookup": _Court.breaks_rows,
}


def bound(limit: Any, value: Value, column: dict[str, Any]) -> tuple[Any, Any]:
    """Return the value and the limit in the column's type."""
    kind = column["type"]
    if kind == "digits":
        return Decimal(str(value)), Decimal(str(limit))
    if kind in ("integer", "decimal"):
        return value, Decimal(str(limit))
    if kind == "duration":
        return value, convert(str(limit), {"type": "duration"})
    return value, from_iso(str(limit), kind, zone_of(column))


def _under_min(_text: str, value: Value, column: dict[str, Any]) -> bool:
    found, limit = bound(column["min"], value, column)
    return bool(found < limit)


def _over_max(_text: str, value: Value, column: dict[str, Any]) -> bool:
    found, limit = bound(column["max"], value, column)
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
