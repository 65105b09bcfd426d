"""Changes of a contract that would accept rejected records, and the number of these records."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel

from callcenter_etl.contract.column import RULE_KEYS
from callcenter_etl.contract.expressions import ExpressionFaults
from callcenter_etl.contract.fixed_width import PLACE_KEYS
from callcenter_etl.contract.model import Column, ContractDocument, RecordRule
from callcenter_etl.judge.validator import Validator
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.rules.kinds import KINDS
from callcenter_etl.tools.explain.published_rejects import Rejects

Indices = NDArray[np.int64]
EXACT, UPPER_BOUND, MAYBE = "would", "would at most", "may"
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
# YAML 1.1 reads yes, no, on and off as booleans; in quotes they are text to every reader.
_OTHER_KEYS = ("header", "optional", "aliases", "classification", "description")  # of a column, and no rule's
_WORDS = {"true", "false", "null", "yes", "no", "on", "off"}


@dataclass(frozen=True, slots=True)
class Remedy:
    """A change of the contract: as text, as YAML to paste, and as the changed contract.

    `sure` is the certainty of the number of records that it accepts: EXACT, UPPER_BOUND or MAYBE.
    """

    words: str
    yaml: str
    document: ContractDocument
    sure: str = EXACT


@dataclass(frozen=True, slots=True)
class Recovery:
    """A remedy with the number of records that it accepts."""

    remedy: Remedy
    records: int


# Keys that make more values valid, or equal: these take part in uniqueness with the values of accepted records.
_KEYS_OF_VALUES = frozenset({"type", *RULE_KEYS["type"].companions, "trim", "case", "ignore_case"})


def change_column(
    document: ContractDocument, name: str, words: str, *, sure: str = EXACT, **changes: Any
) -> Remedy:
    """Return the remedy that changes keys of one column.

    A value that becomes valid takes part in uniqueness among accepted records, which are not read: the number of
    records is then an upper bound.
    """
    # `model_copy` does not validate, so changes have the types of the model: tuples, not lists.
    columns = tuple(
        column.model_copy(update=changes) if column.name == name else column for column in document.columns
    )
    changed = next(column for column in columns if column.name == name)
    compared = any(
        KINDS[key].compares_records and changed.severity_of(key) == "error" for key in changed.rule_keys
    )
    if sure == EXACT and compared and changes.keys() & _KEYS_OF_VALUES:
        sure = UPPER_BOUND
    return Remedy(
        words=words,
        yaml=f"columns: [{column_yaml(changed)}]",
        document=document.model_copy(update={"columns": columns}),
        sure=sure,
    )


def warn_instead(document: ContractDocument, rule: str) -> Remedy:
    """Return the remedy that makes a rule a warning: its records are accepted and counted."""
    words = f"as a warning, {rule}"
    for each in document.rules:
        if each.name == rule:
            changed = each.model_copy(update={"severity": "warn"})
            rules = tuple(changed if other is each else other for other in document.rules)
            return Remedy(
                words, f"rules: [{rule_yaml(changed)}]", document.model_copy(update={"rules": rules})
            )
    name, _, key = rule.rpartition(".")
    column = next(column for column in document.columns if column.name == name)
    return change_column(document, name, words, severity={**column.severity, key: "warn"})


def change_source(document: ContractDocument, words: str, *, sure: str, **changes: Any) -> Remedy:
    """Return the remedy that changes keys of `source`."""
    source = document.source.model_copy(update=changes)
    shown = ", ".join(f"{key}: {_scalar(value)}" for key, value in changes.items())
    return Remedy(words, f"source: {{{shown}}}", document.model_copy(update={"source": source}), sure)


def column_yaml(column: Column) -> str:
    """Format a column as one line of YAML that can replace that of the contract."""
    values: dict[str, Any] = {"name": column.name}
    for key in column.rule_keys:
        values[key] = _count_or_text(getattr(column, key))
        for companion in RULE_KEYS[key].companions:
            declared = getattr(column, companion)
            if declared:
                values[companion] = declared
    # Keys that belong to no rule, or to several.
    values |= {key: declared for key in ("ignore_case", "trim", "case") if (declared := getattr(column, key))}
    if column.lookup is not None:
        values["lookup"] = column.lookup
    for key in ("severity", "reason"):
        declared = getattr(column, key)
        if declared:
            values[key] = declared["*"] if set(declared) == {"*"} else declared
    return _scalar(values | _keys_without_rules(column))


def _keys_without_rules(column: Column) -> dict[str, Any]:
    values: dict[str, Any] = {
        key: getattr(column, key) for key in PLACE_KEYS if key in column.model_fields_set
    }
    for key in _OTHER_KEYS:
        declared = getattr(column, key)
        if declared != Column.model_fields[key].default:
            values[key] = declared
    return values


def rule_yaml(rule: RecordRule) -> str:
    """Format a record rule as one line of YAML."""
    keys = ("name", "when", "check", "unique", "ignore_case", "lookup", "severity", "reason", "description")
    found = {key: getattr(rule, key) for key in keys}
    return _scalar({key: value for key, value in found.items() if value not in (None, False)})


def _count_or_text(value: Any) -> Any:
    return value if isinstance(value, (int, tuple)) else str(value)


def _scalar(value: Any) -> str:
    if isinstance(value, BaseModel):
        value = value.model_dump(by_alias=True, exclude_defaults=True)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(str(key))}: {_scalar(each)}" for key, each in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_scalar(each) for each in value) + "]"
    # JSON strings are valid YAML, so any other text is quoted as JSON.
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)


class Judge:
    """Validates rejected records against changed contracts, with the validator of a run."""

    def __init__(self, rejects: Rejects, lookups: Mapping[str, pa.Array]) -> None:
        self.rejects = rejects
        self._lookups = lookups

    def recovered(self, document: ContractDocument, records: Indices) -> int | None:
        """Count the sound records that a changed contract accepts; None if its expressions do not fit it."""
        validator = self.validator(document)
        if validator is None:
            return None
        picks = pa.array(records)
        columns = self.columns(
            document,
            {name: self.rejects.text(name).take(picks) for name in self.rejects.columns},
            self.rejects.lines[records],
        )
        # The accepted records are not read, so a record that repeated a key is taken to repeat it again.
        first_lines = {
            rule.id: np.where(self.rejects.broke(rule.id)[records], 0, -1)
            for rule in validator.rules
            if rule.key
        }
        columns = replace(columns, first_lines=first_lines)
        return int((~validator.judge(columns).rejected).sum())

    def validator(self, document: ContractDocument) -> Validator | None:
        """Return the validator of a changed contract, None if its expressions do not fit it."""
        try:
            return Validator(document, lookups=self._lookups)
        # A column of another type may not fit the expressions of record rules.
        except ExpressionFaults:
            return None

    def columns(
        self, document: ContractDocument, texts: Mapping[str, pa.StringArray], lines: Indices
    ) -> ChunkColumns:
        """Return values under the names of the contract's columns."""
        return ChunkColumns(
            columns={column.name: column for column in document.columns},
            empty_values=tuple(document.source.empty_values),
            texts=texts,
            lines=lines,
            lookups=self._lookups,
            absent=frozenset(self.rejects.layout.absent),
        )
