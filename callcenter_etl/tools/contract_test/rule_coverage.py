"""The values of the search for records that break rules: the keys and severities of rules, and the coverage of a rule."""

from __future__ import annotations

from collections import ChainMap
from dataclasses import dataclass

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.rules.kinds import KINDS
from callcenter_etl.tools.contract_test.record_evaluator import Record

ALONE, TOGETHER, NOT_FOUND = "alone", "together", "not found"


@dataclass(frozen=True, slots=True)
class RuleCoverage:
    """The record that breaks a rule with the fewest others, and its changes to a record that breaks none.

    `outcome` is alone, together (every record found breaks `others` too) or not found, after `tries` generated
    records. `after` has the records that precede it, for rules of uniqueness.
    """

    rule: str
    severity: str
    outcome: str
    tries: int
    record: Record | None = None
    changed: tuple[str, ...] = ()
    after: tuple[Record, ...] = ()
    others: tuple[str, ...] = ()
    why: str | None = None


@dataclass(frozen=True, slots=True)
class BreakingRecord:
    """A record, the rules that it breaks, and the valid record from which it was made."""

    broken: frozenset[str]
    record: Record
    base: Record
    changed: tuple[str, ...]
    after: tuple[Record, ...] = ()

    @classmethod
    def of(
        cls, broken: frozenset[str], record: Record, base: Record, after: tuple[Record, ...] = ()
    ) -> BreakingRecord:
        """Return a record with the columns in which it differs from its base."""
        changed = tuple(name for name, value in record.items() if base.get(name, "") != value)
        return cls(broken, record, base, changed, after)

    @classmethod
    def of_value(cls, broken: frozenset[str], base: Record, name: str, value: str) -> BreakingRecord:
        """Return a record with one value other than its base; the other values are shared and not copied."""
        changed = (name,) if base[name] != value else ()
        return cls(broken, ChainMap({name: value}, dict(base)), base, changed)

    @property
    def weight(self) -> tuple[int, int]:
        """The numbers of broken rules and of changed columns; a record with a lower weight is better."""
        return len(self.broken), len(self.changed)


def unique_keys(document: ContractDocument) -> dict[str, tuple[str, ...]]:
    """Return the columns of each rule of uniqueness, by its id."""
    keys = {
        f"{column.name}.{key}": (column.name,)
        for column in document.columns
        for key in column.rule_keys
        if KINDS[key].compares_records
    }
    return keys | {rule.name: rule.unique for rule in document.rules if rule.unique is not None}


def severities(document: ContractDocument) -> dict[str, str]:
    """Return the severity of each rule by its id."""
    found: dict[str, str] = {
        f"{column.name}.{key}": column.severity_of(key)
        for column in document.columns
        for key in column.rule_keys
    }
    return found | {rule.name: rule.severity for rule in document.rules}
