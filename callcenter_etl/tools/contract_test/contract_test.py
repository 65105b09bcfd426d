"""Tests a contract: checks its examples, and searches a record for every rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from callcenter_etl.contract.loader import LoadedContract
from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.sources.lookups import first_values, load_lookups
from callcenter_etl.temporary import temporary_folder
from callcenter_etl.tools.contract_test.coverage import cover_rules
from callcenter_etl.tools.contract_test.example_results import ExampleResult, ask_examples
from callcenter_etl.tools.contract_test.record_evaluator import Record, RecordEvaluator
from callcenter_etl.tools.contract_test.rule_coverage import ALONE, RuleCoverage

LOOKED_UP = 10  # values of each lookup that are tried


@dataclass(frozen=True, slots=True)
class ContractTest:
    """The result of a contract test: verdicts on the examples, and coverage of the rules."""

    document: ContractDocument
    origin: str | None
    examples: tuple[ExampleResult, ...]
    rules: tuple[RuleCoverage, ...]

    @property
    def holds(self) -> bool:
        """True if every example has the verdict that it declares."""
        return all(example.holds for example in self.examples)

    @property
    def covered(self) -> bool:
        """True if every rule has a record that breaks it alone."""
        return all(rule.outcome == ALONE for rule in self.rules)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain values, ready for JSON; classified values are masked."""
        return {
            "contract": {"id": self.document.contract, "version": self.document.version, "file": self.origin},
            "holds": self.holds,
            "covered": self.covered,
            "examples": [
                {
                    "path": each.path,
                    "line": each.position.line,
                    "column": each.position.column,
                    "holds": each.holds,
                    "expected": list(each.expected),
                    "found": list(each.found),
                }
                for each in self.examples
            ],
            "rules": [
                {
                    "rule": each.rule,
                    "severity": each.severity,
                    "outcome": each.outcome,
                    "others": list(each.others),
                    "tries": each.tries,
                    "why": each.why,
                    "changed": list(each.changed),
                    "record": None if each.record is None else self.shown(each.record),
                    "after": [self.shown(record) for record in each.after],
                }
                for each in self.rules
            ],
        }

    def shown(self, record: Record) -> dict[str, str]:
        """Return a record with its classified values replaced by their classification."""
        kinds = {column.name: column.classification for column in self.document.columns}
        return {
            # An empty value reveals nothing, and may be the one that breaks the rule.
            name: value if kinds[name] == "public" or not value else f"({kinds[name]})"
            for name, value in record.items()
        }


def run_contract_test(contract: LoadedContract) -> ContractTest:
    """Check the examples of a contract, and search a record for each of its rules.

    Raises SourceError if a lookup cannot be read, OutputError if no temporary file can be written.
    """
    # The slice is taken in Arrow: a lookup may have millions of values, which are slow to convert.
    load_lookups(contract.document, contract.origin)  # every fault of the files together
    looked_up = first_values(contract.document, contract.origin, LOOKED_UP)
    with temporary_folder() as folder:
        record_evaluator = RecordEvaluator(contract, folder)
        return ContractTest(
            document=contract.document,
            origin=contract.origin,
            examples=ask_examples(contract, record_evaluator),
            rules=cover_rules(contract.document, record_evaluator, looked_up),
        )
