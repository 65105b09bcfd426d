"""Validates changed values of many columns in one record, if no rule reads two of these columns.

One record for each changed value would take time quadratic in the number of columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.tools.contract_test.literals import columns_read
from callcenter_etl.tools.contract_test.record_evaluator import Record, RecordEvaluator

Broken = frozenset[str]
BATCH_FIELDS = 500_000


class SideBySide:
    """Groups the columns of a contract that may change together, and validates changed values by group."""

    def __init__(self, document: ContractDocument, record_evaluator: RecordEvaluator) -> None:
        self._evaluator = record_evaluator
        self._read_by = {
            rule.name: frozenset(columns_read(rule, document))
            for rule in document.rules
            if rule.unique is None
        }
        self._rules = {
            column.name: {f"{column.name}.{key}" for key in column.rule_keys} for column in document.columns
        }
        self._groups = _groups([column.name for column in document.columns], self._read_by.values())

    def judge(self, base: Record, pools: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str, Broken]]:
        """Yield each column and value of the pools, with the rules that `base` breaks with that value."""
        (of_base,) = self._evaluator.broken_by_each([base])
        verdicts: dict[str, list[Broken]] = {}
        for group in self._groups:
            verdicts |= self._judge_group(base, of_base, {name: pools[name] for name in group})
        for name, pool in pools.items():
            for value, broken in zip(pool, verdicts[name], strict=True):
                yield name, value, broken

    def _judge_group(
        self, base: Record, of_base: Broken, pools: Mapping[str, Sequence[str]]
    ) -> dict[str, list[Broken]]:
        reading = {rule: name for rule, names in self._read_by.items() for name in names if name in pools} | {
            rule: name for name in pools for rule in self._rules[name]
        }
        # Rules that read no column of the group have the same verdict as in the base.
        kept = frozenset(rule for rule in of_base if rule not in reading)
        found: dict[str, list[Broken]] = {name: [] for name in pools}
        rows = range(max(map(len, pools.values()), default=0))
        made = [
            {**base, **{name: pool[row] for name, pool in pools.items() if row < len(pool)}} for row in rows
        ]
        for row, record, broken in zip(rows, made, self._in_batches(made), strict=True):
            changed = [name for name, pool in pools.items() if row < len(pool)]
            if any(rule not in reading and rule not in of_base for rule in broken):
                # One value made the whole record malformed, so each is validated in a record of its own.
                alone = [{**base, name: record[name]} for name in changed]
                apart = list(self._in_batches(alone))
            else:
                own: dict[str, set[str]] = {name: set() for name in changed}
                for rule in broken:
                    if reading.get(rule) in own:
                        own[reading[rule]].add(rule)
                apart = [kept | self._of_others(of_base, reading, name) | own[name] for name in changed]
            for name, each in zip(changed, apart, strict=True):
                found[name].append(each)
        return found

    @staticmethod
    def _of_others(of_base: Broken, reading: Mapping[str, str], name: str) -> Broken:
        # Broken by the base through another column of the group, which has the same value in this record.
        return frozenset(rule for rule in of_base if reading.get(rule, name) != name)

    def _in_batches(self, records: Sequence[Record]) -> Iterator[Broken]:
        for batch in in_batches(records):
            yield from self._evaluator.broken_by_each(batch)


def in_batches(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    """Yield records in batches with a limited number of fields, so that wide records need no more memory."""
    size = max(1, BATCH_FIELDS // max(1, len(records[0]))) if records else 1
    for start in range(0, len(records), size):
        yield records[start : start + size]


def _groups(names: Sequence[str], read_together: Iterable[frozenset[str]]) -> list[list[str]]:
    """Return groups of columns such that no rule reads two of a group (greedy graph colouring)."""
    neighbours: dict[str, set[str]] = {name: set() for name in names}
    for together in read_together:
        for name in together:
            neighbours[name] |= together - {name}
    groups: list[list[str]] = []
    group_of: dict[str, int] = {}
    for name in names:
        taken = {group_of[other] for other in neighbours[name] if other in group_of}
        number = next(each for each in range(len(groups) + 1) if each not in taken)
        if number == len(groups):
            groups.append([])
        groups[number].append(name)
        group_of[name] = number
    return groups
