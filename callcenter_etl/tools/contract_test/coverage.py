"""Searches, for every rule of a contract, a record that breaks that rule alone."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterable, Mapping, Sequence

from callcenter_etl.contract.model import Column, ContractDocument, RecordRule
from callcenter_etl.rules.kinds import KINDS
from callcenter_etl.tools.contract_test.candidates import candidates
from callcenter_etl.tools.contract_test.literals import columns_read, literals_by_column
from callcenter_etl.tools.contract_test.record_evaluator import Record, RecordEvaluator, rule_ids
from callcenter_etl.tools.contract_test.rule_coverage import (
    ALONE,
    NOT_FOUND,
    TOGETHER,
    BreakingRecord,
    RuleCoverage,
    severities,
    unique_keys,
)
from callcenter_etl.tools.contract_test.side_by_side import SideBySide, in_batches

SEED = 20_250_131
BATCH, MAX_BATCHES = 512, 8
MAX_SECONDS = 30.0  # of processor time for one contract; rules without a record by then are "not found"
MAX_BASES = 3
MAX_CONDITIONS = 16  # records tried for the condition of a unique rule
MAX_PAIRS = 8  # pairs of records with one key; each pair is validated in a source of its own


def cover_rules(
    document: ContractDocument, record_evaluator: RecordEvaluator, looked_up: Mapping[str, Sequence[str]]
) -> tuple[RuleCoverage, ...]:
    """Return a record for every rule, in contract order; the search is deterministic.

    `looked_up` has some values of each column's lookup.
    """
    search = _Search(document, record_evaluator, looked_up)
    search.run()
    return search.coverage()


class _Search:
    """The state of a search: valid values by column, valid records (`bases`), the best record found by rule."""

    def __init__(
        self,
        document: ContractDocument,
        record_evaluator: RecordEvaluator,
        looked_up: Mapping[str, Sequence[str]],
    ) -> None:
        self.document = document
        self.record_evaluator = record_evaluator
        self.rng = random.Random(SEED)  # noqa: S311  the results must be reproducible
        literals = literals_by_column(document)
        self.pools = {
            column.name: [
                value
                for value in candidates(
                    column, literals[column.name], looked_up.get(column.name, ()), self.rng
                )
                if record_evaluator.is_writable(column.name, value)
            ]
            for column in document.columns
        }
        self.good: dict[str, list[str]] = {}
        self.bases: list[Record] = []
        self.finds: dict[str, BreakingRecord] = {}
        self.tries = 0
        # Processor time, so that a busy machine does not change the result.
        self.until = time.process_time() + MAX_SECONDS

    def run(self) -> None:
        """Search valid records, then change one value at a time, then several at random, then repeat keys."""
        self._find_good_values()
        self._find_bases()
        self._use_failing_examples()
        side_by_side = SideBySide(self.document, self.record_evaluator)
        for base in self.bases:
            for name, value, broken in side_by_side.judge(base, self.pools):
                self.tries += 1
                self._note(BreakingRecord.of_value(broken, base, name, value))
        for rule in self.document.rules:
            if rule.unique is None:
                self._search_check(rule)
        # A list, since the search adds entries to `finds`.
        for rule_id in [each for each, find in self.finds.items() if len(find.broken) > 1]:
            self._search_alone(rule_id)
        for rule_id, key in unique_keys(self.document).items():
            self._search_repetition(rule_id, key)

    def coverage(self) -> tuple[RuleCoverage, ...]:
        """Return the result for each rule, after the found records were validated once more, each as a whole."""
        confirmed = self._confirm()
        order = {rule: place for place, rule in enumerate(rule_ids(self.document))}
        severity_of = severities(self.document)
        columns = {column.name: column for column in self.document.columns}
        found: list[RuleCoverage] = []
        for rule in order:
            find = self.finds.get(rule)
            severity, broken = severity_of[rule], confirmed.get(rule, frozenset())
            if find is None or rule not in broken:
                why = _why_unbreakable(columns.get(rule.rpartition(".")[0]), rule)
                found.append(RuleCoverage(rule, severity, NOT_FOUND, self.tries, why=why))
                continue
            others = tuple(sorted(broken - {rule}, key=lambda each: (order.get(each, -1), each)))
            outcome = TOGETHER if others else ALONE
            found.append(
                RuleCoverage(
                    rule,
                    severity,
                    outcome,
                    self.tries,
                    record=find.record,
                    changed=find.changed,
                    after=find.after,
                    others=others,
                )
            )
        return tuple(found)

    def _confirm(self) -> dict[str, frozenset[str]]:
        """Return, by rule, the rules that its record breaks in a second validation.

        When the time is over, the first result is used: a very wide contract has too many fields (rules times
        columns) for a second validation.
        """
        # The search may have used all of its time, so the confirmation has at least half as much of its own.
        until = max(self.until, time.process_time() + MAX_SECONDS / 2)
        confirmed = {rule: find.broken for rule, find in self.finds.items()}
        # A single record cannot break a rule of uniqueness, so all records without predecessors share one source.
        single = [rule for rule, find in self.finds.items() if not find.after]
        places = iter(single)
        for batch in in_batches([self.finds[rule].record for rule in single]):
            if time.process_time() > until:
                break
            confirmed |= {next(places): broken for broken in self.record_evaluator.broken_by_each(batch)}
        for rule, find in self.finds.items():
            if find.after:
                confirmed[rule] = frozenset(self.record_evaluator.broken_by_last([*find.after, find.record]))
        return confirmed

    def _find_good_values(self) -> None:
        """Find the valid values of each column, all columns in one source: a column's rules read no other column."""
        longest = max(len(pool) for pool in self.pools.values())
        records = [
            # Shorter pools are repeated, so that every record is complete.
            {name: pool[row % len(pool)] for name, pool in self.pools.items()}
            for row in range(longest)
        ]
        broken = self.record_evaluator.broken_by_each(records)
        for column in self.document.columns:
            own = {f"{column.name}.{key}" for key in column.rule_keys}
            kept = [
                record[column.name] for record, rules in zip(records, broken, strict=True) if not rules & own
            ]
            values = list(dict.fromkeys(kept))
            # Blank values last: of the rules of a column they are subject to `required` alone.
            self.good[column.name] = sorted(values, key=lambda value: not value.strip()) or [""]

    def _find_bases(self) -> None:
        """Find valid records: the passing examples, else random records of valid values, else the best one."""
        examples: list[Record] = [
            {name: example.get(name, "") for name in self.pools} for example in self.document.examples.passing
        ]
        sound = [base for base in examples if not self.record_evaluator.broken_by_last([base])]
        first = {name: values[0] for name, values in self.good.items()}
        best: tuple[float, Record] = (math.inf, first)
        for batch in range(MAX_BATCHES):
            if len(sound) >= MAX_BASES or time.process_time() > self.until:
                break
            made: list[Record] = [first] if batch == 0 else []
            made += [self._good_record() for _ in range(BATCH)]
            for record, broken in zip(made, self.record_evaluator.broken_by_each(made), strict=True):
                if len(broken) < best[0]:
                    best = (len(broken), record)
                if not broken and len(sound) < MAX_BASES:
                    sound.append(record)
            self.tries += len(made)
        self.bases = sound[:MAX_BASES] or [best[1]]

    def _good_record(self) -> Record:
        # Usually one of the first values, which are the most likely to be valid.
        return {
            name: self.rng.choice(values if self.rng.random() < 0.7 else values[:5])
            for name, values in self.good.items()
        }

    def _use_failing_examples(self) -> None:
        for example in self.document.examples.failing:
            record = {name: example.record.get(name, "") for name in self.pools}
            broken = self.record_evaluator.broken_by_last([*example.after, record])
            self._note(BreakingRecord.of(frozenset(broken), record, self.bases[0], example.after))

    def _search_check(self, rule: RecordRule) -> None:
        """Search a record that breaks a check or a lookup, by changing several of the columns that it reads."""
        names = columns_read(rule, self.document)
        for batch in range(MAX_BATCHES):
            find = self.finds.get(rule.name)
            if (find is not None and len(find.broken) == 1) or time.process_time() > self.until:
                return
            base = self.bases[batch % len(self.bases)]
            # First only the columns that the check reads: a record with fewer changes is a better result.
            others = [] if batch < MAX_BATCHES // 2 else [name for name in self.pools if name not in names]
            self._judge(base, [self._changed(base, names, others) for _ in range(BATCH)])

    def _search_alone(self, rule_id: str) -> None:
        """Search a record that breaks only this rule, by changing columns that the other broken rules read."""
        for _ in range(MAX_BATCHES // 2):
            find = self.finds[rule_id]
            if len(find.broken) == 1 or time.process_time() > self.until:
                return
            read_by_others = {name for each in find.broken - {rule_id} for name in self._read_by(each)}
            # The column of the rule itself keeps the value that breaks it.
            names = sorted(read_by_others - {rule_id.rpartition(".")[0]})
            if not names:
                return
            made = [self._changed(find.record, names, ()) for _ in range(BATCH)]
            self._judge(find.base, made)

    def _read_by(self, rule_id: str) -> list[str]:
        for rule in self.document.rules:
            if rule.name == rule_id:
                return columns_read(rule, self.document)
        return [rule_id.rpartition(".")[0]]

    def _changed(self, base: Record, names: Sequence[str], others: Sequence[str]) -> Record:
        record = dict(base)
        for name in names:
            if self.rng.random() < 0.75:
                pool = self.good[name] if self.rng.random() < 0.75 else self.pools[name]
                record[name] = self.rng.choice(pool)
        for name in others:
            if self.rng.random() < 0.3:
                record[name] = self.rng.choice(self.good[name])
        return record

    def _search_repetition(self, rule_id: str, key: tuple[str, ...]) -> None:
        """Repeat the key of a valid record in another record, with other values in all other keys."""
        others = {name for columns in unique_keys(self.document).values() for name in columns} - set(key)
        for base in [*self.bases, *self._taking_part(rule_id)]:
            if time.process_time() > self.until:
                return
            # A key with a blank value takes no part in uniqueness.
            full = {name: base[name] if base[name].strip() else self.good[name][0] for name in key}
            first = {**base, **full}
            made = [
                {**first, **{name: self.rng.choice(self.good[name]) for name in others}}
                for _ in range(BATCH if others else 0)
            ]
            broken = self.record_evaluator.broken_by_each([first, *made])
            self.tries += len(made) + 1
            sound = [record for record, rules in zip(made, broken[1:], strict=True) if not rules]
            # Fewest repeated values first, since these are the keys of other rules.
            sound.sort(key=lambda record: sum(record[name] == first[name] for name in others))
            # The same record last: it repeats every key, and so surely this one.
            for record in [*sound[:MAX_PAIRS], first]:
                found = self.record_evaluator.broken_by_last([first, record])
                self._note(BreakingRecord.of(frozenset(found), record, first, (first,)))
                if found == (rule_id,):
                    return

    def _taking_part(self, rule_id: str) -> list[Record]:
        """Return records in which the condition of a unique rule may be true, changed in the columns that it reads."""
        rule = next((each for each in self.document.rules if each.name == rule_id), None)
        if rule is None or rule.when is None:
            return []
        names = self._read_by(rule_id)
        return [self._changed(self.bases[0], names, ()) for _ in range(MAX_CONDITIONS)]

    def _judge(self, base: Record, records: Iterable[Record]) -> None:
        made = list(records)
        for start in range(0, len(made), BATCH * 4):
            part = made[start : start + BATCH * 4]
            for record, broken in zip(part, self.record_evaluator.broken_by_each(part), strict=True):
                self._note(BreakingRecord.of(broken, record, base))
            self.tries += len(part)

    def _note(self, find: BreakingRecord) -> None:
        for rule in find.broken:
            best = self.finds.get(rule)
            if best is None or find.weight < best.weight:
                self.finds[rule] = find


def _why_unbreakable(column: Column | None, rule_id: str) -> str | None:
    """Return the reason why no record breaks a column rule; None if no reason is known, and for record rules."""
    key = rule_id.rpartition(".")[2]
    return None if column is None or key not in column.rule_keys else KINDS[key].unbreakable(column)
