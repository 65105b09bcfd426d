"""The cases of `interop_proof.py`: a rule, a file that keeps it, and one that breaks it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Case:
    """One rule of the column `x` (or of the record), with values that keep and that break it.

    `theirs` names datacontract-cli's check types that ask the same, the first that is there counts.
    """

    name: str
    column: dict[str, Any]
    good: tuple[str, ...]
    bad: tuple[str, ...]
    theirs: tuple[str, ...]
    rule: str
    more: dict[str, Any] = field(default_factory=dict)


_VALUES = ("field_enum", "field_invalid_values")
CASES = (
    Case("required", {"required": True}, ("a", "b"), ("a", ""), ("field_required",), "x.required"),
    Case("required, blank", {"required": True}, ("a", "b"), ("a", "  "), ("field_required",), "x.required"),
    Case("required, warns", {"required": True, "severity": "warn"}, ("a", "b"), ("a", ""), ("field_null_values",), "x.required"),
    Case("unique", {"unique": True}, ("a", "b", "", ""), ("a", "b", "a"), ("field_unique",), "x.unique"),
    Case("unique, warns", {"unique": True, "severity": "warn"}, ("a", "b"), ("a", "a"), ("field_duplicate_values",), "x.unique"),
    Case("allowed", {"allowed": ["A", "B"]}, ("A", "B", ""), ("A", "C"), _VALUES, "x.allowed"),
    Case("allowed, warns", {"allowed": ["A", "B"], "severity": "warn"}, ("A", "B"), ("A", "C"), _VALUES, "x.allowed"),
    Case("allowed, other case", {"allowed": ["A", "B"]}, ("A", "B"), ("A", "b"), _VALUES, "x.allowed"),
    Case("pattern", {"pattern": "[A-Z]{2}"}, ("AB", "CD"), ("AB", "ABC"), ("field_regex",), "x.pattern"),
    Case("pattern, alternatives", {"pattern": "A|BC"}, ("A", "BC"), ("A", "BCD"), ("field_regex",), "x.pattern"),
    Case("min_length", {"min_length": 2}, ("ab", "abc"), ("ab", "a"), ("field_min_length",), "x.min_length"),
    Case("max_length", {"max_length": 3}, ("ab", "äöü"), ("ab", "abcd"), ("field_max_length",), "x.max_length"),
    Case("digits", {"type": "digits"}, ("007", "12"), ("007", "1a"), ("field_regex",), "x.type"),
    Case("duration", {"type": "duration"}, ("26:00:00",), ("26:60:00",), ("field_regex",), "x.type"),
    Case("integer", {"type": "integer"}, ("1", "-2"), ("1", "x"), ("error",), "x.type"),
    Case("integer, a fraction", {"type": "integer"}, ("1", "2"), ("1", "2.5"), ("error",), "x.type"),
    Case("integer, min", {"type": "integer", "min": 0}, ("0", "5"), ("0", "-1"), ("field_minimum",), "x.min"),
    Case("integer, max", {"type": "integer", "max": 9}, ("9", "5"), ("9", "10"), ("field_maximum",), "x.max"),
    Case("decimal", {"type": "decimal"}, ("1.5", "-2"), ("1.5", "x"), ("error",), "x.type"),
    Case("decimal, min", {"type": "decimal", "min": "0.5"}, ("0.5", "1"), ("0.5", "0.4"), ("field_minimum",), "x.min"),
    Case("decimal, max", {"type": "decimal", "max": "9.5"}, ("9.5", "5"), ("9.5", "9.6"), ("field_maximum",), "x.max"),
    Case("boolean", {"type": "boolean"}, ("true", "FALSE"), ("true", "maybe"), ("error",), "x.type"),
    Case("date", {"type": "date"}, ("2024-02-29",), ("2024-02-29", "2023-02-29"), ("error",), "x.type"),
    Case("date, min", {"type": "date", "min": "2024-01-01"}, ("2024-01-01",), ("2024-01-01", "2023-12-31"), ("field_minimum",), "x.min"),
    Case("date, other format", {"type": "date", "format": "%d.%m.%Y"}, ("29.02.2024",), ("29.02.2024", "29.02.2023"), ("error",), "x.type"),
    Case("time", {"type": "time"}, ("08:30:00",), ("08:30:00", "25:00:00"), ("error",), "x.type"),
    Case("time, max", {"type": "time", "max": "18:00:00"}, ("18:00:00",), ("18:00:00", "18:00:01"), ("field_maximum",), "x.max"),
    Case("datetime", {"type": "datetime"}, ("2024-02-29 08:30:00",), ("2024-02-29 08:30:00", "2023-02-29 08:30:00"), ("error",), "x.type"),
    Case("datetime, min", {"type": "datetime", "min": "2024-01-01 00:00:00"}, ("2024-01-01 00:00:00",), ("2024-01-01 00:00:00", "2023-12-31 23:59:59"), ("field_minimum",), "x.min"),
    Case("unique together", {}, ("a", "b"), ("a", "a"), ("model_duplicate_values",), "pair", {"rules": [{"name": "pair", "unique": ["x", "k"]}]}),
    Case("fewest records", {}, ("a", "b"), ("a",), ("row_count",), "limits", {"limits": {"min_records": 2}}),
    Case("header, a column missing", {}, ("a",), (), ("field_is_present",), "header"),
    Case("check over columns", {}, ("k",), ("z",), ("none",), "same", {"rules": [{"name": "same", "check": "x == k"}]}),
)  # fmt: skip

_FOREIGN = """\
apiVersion: v3.1.0
kind: DataContract
id: foreign
version: 1.0.0
status: active
servers: [{{server: here, type: local, path: source.csv, format: csv}}]
schema:
  - name: foreign
    properties:
      - {{name: x, {x}}}
      - {{name: k, logicalType: string}}
"""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A property of an ODCS file that is not ours, with values that keep and that break it."""

    name: str
    said: str
    good: tuple[str, ...]
    bad: tuple[str, ...]
    theirs: tuple[str, ...]

    @property
    def text(self) -> str:
        """The ODCS file."""
        return _FOREIGN.format(x=self.said)


_CHECK = "logicalType: string, quality: [{{type: library, metric: {}, {}}}]"  # .format leaves single braces
FOREIGN = (
    Foreign("a pattern searches", "logicalType: string, logicalTypeOptions: {pattern: 'AC[0-9]'}", ("xAC1x",), ("xA1x",), ("field_regex",)),
    Foreign("a pattern with anchors", "logicalType: string, logicalTypeOptions: {pattern: '^AC[0-9]$'}", ("AC1",), ("AC12",), ("field_regex",)),
    Foreign("half-anchored alternatives", "logicalType: string, logicalTypeOptions: {pattern: '^A|B$'}", ("Ax", "xB"), ("xAx",), ("field_regex",)),
    Foreign("exclusiveMinimum", "logicalType: integer, logicalTypeOptions: {exclusiveMinimum: 0}", ("1",), ("0",), ("field_not_equal",)),
    Foreign("exclusiveMaximum", "logicalType: number, logicalTypeOptions: {exclusiveMaximum: 1.5}", ("1.4",), ("1.5",), ("field_not_equal",)),
    Foreign("primaryKey, empty", "logicalType: string, primaryKey: true", ("a", "b"), ("a", ""), ("field_primary_key_required",)),
    Foreign("primaryKey, twice", "logicalType: string, primaryKey: true", ("a", "b"), ("a", "a"), ("field_primary_key_unique",)),
    Foreign("nullValues", _CHECK.format("nullValues", "mustBe: 0"), ("a",), ("a", ""), ("field_null_values",)),
    Foreign("missingValues", _CHECK.format("missingValues", "mustBe: 0, arguments: {missingValues: ['', 'n/a']}"), ("a",), ("a", "n/a"), ("field_missing_values",)),
    Foreign("invalidValues by a list", _CHECK.format("invalidValues", "mustBe: 0, arguments: {validValues: [a, b]}"), ("a", ""), ("c",), ("field_invalid_values",)),
    Foreign("invalidValues by a pattern", _CHECK.format("invalidValues", "mustBe: 0, arguments: {pattern: '^[a-c]$'}"), ("a",), ("d",), ("field_invalid_values",)),
    Foreign("duplicateValues", _CHECK.format("duplicateValues", "mustBe: 0"), ("a", "b"), ("a", "a"), ("field_duplicate_values",)),
    Foreign("minimum in the column's format", "logicalType: date, logicalTypeOptions: {minimum: '2024-01-01'}", ("2024-01-01",), ("2023-01-01",), ("field_minimum",)),
)  # fmt: skip
