"""Validates generated records: writes them as a source, and reads and validates that as a run does."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from callcenter_etl.contract.loader import LoadedContract
from callcenter_etl.contract.model import Column, ContractDocument
from callcenter_etl.diagnostic import contract_diagnostic
from callcenter_etl.errors import ContractError
from callcenter_etl.rules.kinds import KINDS
from callcenter_etl.sources.published import as_published
from callcenter_etl.sources.source_formats import source_format
from callcenter_etl.tools.backtest.evaluation import Evaluator, Lines, Verdicts

Record = Mapping[str, str]
_LINE_END = re.compile(r"\r\n|\r|\n")


class RecordEvaluator:
    """Validates generated records against one contract; `folder` is for the sources with the records."""

    def __init__(self, contract: LoadedContract, folder: Path) -> None:
        # Generated sources are text of any name, with one header line and the records alone.
        changes = {"encoding": contract.document.source.encoding, "header_lines": 1}
        source = as_published(contract.document).source.model_copy(update=changes)
        self.document = contract.document.model_copy(update={"source": source})
        self._folder = folder
        self._form = source_format(self.document)
        self._origin = contract.origin
        self._evaluator = Evaluator(replace(contract, document=self.document))
        self._apart = Evaluator(replace(contract, document=_without_uniqueness(self.document)))
        self._order = {rule: place for place, rule in enumerate(rule_ids(self.document))}

    def broken_by_each(self, records: Sequence[Record]) -> list[frozenset[str]]:
        """Return the ids of the rules that each record breaks, except rules of uniqueness.

        All records are in one source. The values must be writable: see `is_writable`.
        """
        found: list[set[str]] = [set() for _ in records]
        # A column name may contain line breaks, so that the header has several lines.
        first = 1 + len(_LINE_END.findall(self._header()))
        for verdicts in self._evaluate(self._apart, self.text_of(records)):
            for rule, at in _all_broken(verdicts):
                for line in verdicts.lines[at].tolist():
                    # Writable values have no line breaks, so the number of a record follows from its line.
                    found[line - first].add(rule)
        return [frozenset(each) for each in found]

    def broken_by_last(self, records: Sequence[Record]) -> tuple[str, ...]:
        """Return the ids of the rules that the last record breaks after the others, in contract order.

        If its text is not a single well-formed record, these are the structural rules that its lines break.
        """
        first = 1 + len(_LINE_END.findall(self.text_of(records[:-1])))
        found: set[str] = set()
        for verdicts in self._evaluate(self._evaluator, self.text_of(records)):
            for rule, at in _all_broken(verdicts):
                if (verdicts.lines[at] >= first).any():
                    found.add(rule)
        return tuple(sorted(found, key=lambda rule: (self._order.get(rule, -1), rule)))

    def is_writable(self, column: str, value: str) -> bool:
        """Return whether a source of this contract can hold a value of a column unchanged and on one line."""
        # Also where the format allows several lines: the number of a record follows from its line.
        position = [each.name for each in self.document.columns].index(column)
        if _LINE_END.search(value) or self._form.unwritable(position, value) is not None:
            return False
        try:
            value.encode(self.document.source.encoding)
        except UnicodeEncodeError:
            return False
        return True

    def text_of(self, records: Sequence[Record]) -> str:
        """Return the text of a source with the records, in the contract's dialect."""
        return self._header() + "".join(self._lines(records))

    def _header(self) -> str:
        source = self.document.source
        if source.header == "none":
            return ""
        return self._line([column.header_name for column in self.document.columns])

    def _lines(self, records: Sequence[Record]) -> list[str]:
        names = [column.name for column in self.document.columns]
        return [self._line([record.get(name, "") for name in names]) for record in records]

    def _line(self, values: Sequence[str]) -> str:
        return self._form.text(values) + "\n"

    def _evaluate(self, evaluator: Evaluator, text: str) -> list[Verdicts]:
        path = self._folder / "made.csv"
        path.write_bytes(text.encode(self.document.source.encoding))
        with evaluator.evaluate_blocks(str(path), self._folder / "keys") as evaluation:
            if evaluation.problems:
                # The header consists of the contract's own names, so a refusal is a fault of the contract.
                problems = "; ".join(problem.message for problem in evaluation.problems)
                sentence = f"a source made of the contract's own columns is refused: {problems}"
                raise ContractError((contract_diagnostic(sentence, path="columns", file=self._origin),))
            return list(evaluation.verdicts())


def rule_ids(document: ContractDocument) -> list[str]:
    """Return the ids of all rules, in contract order."""
    of_columns = [f"{column.name}.{key}" for column in document.columns for key in column.rule_keys]
    return of_columns + [rule.name for rule in document.rules]


def _all_broken(verdicts: Verdicts) -> list[tuple[str, Lines]]:
    return [*verdicts.broken.items(), *verdicts.warned.items()]


def _without_uniqueness(document: ContractDocument) -> ContractDocument:
    """Return the contract without rules of uniqueness, by which a verdict depends on other records."""
    columns = tuple(_without_comparing_rules(column) for column in document.columns)
    rules = tuple(rule for rule in document.rules if rule.unique is None)
    return document.model_copy(update={"columns": columns, "rules": rules})


def _without_comparing_rules(column: Column) -> Column:
    # `rule_keys` alone decides which rules are compiled; the keys' own values may stay.
    keys = tuple(key for key in column.rule_keys if not KINDS[key].compares_records)
    return column.model_copy(update={"rule_keys": keys})
