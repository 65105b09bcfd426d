"""Checks the examples of a contract against the contract itself."""

from __future__ import annotations

from dataclasses import dataclass

from callcenter_etl.contract.loader import LoadedContract
from callcenter_etl.tools.compare.contract_change import ContractLocation
from callcenter_etl.tools.contract_test.record_evaluator import RecordEvaluator, rule_ids


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """An example, the rules that it declares to break, and those that it breaks, both in contract order."""

    path: str
    position: ContractLocation
    expected: tuple[str, ...]
    found: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """True if the record breaks exactly the declared rules."""
        return set(self.expected) == set(self.found)


def ask_examples(contract: LoadedContract, record_evaluator: RecordEvaluator) -> tuple[ExampleResult, ...]:
    """Return the results of all examples, each validated in a source of its own."""
    examples = contract.document.examples
    order = rule_ids(contract.document)
    results = []
    for index, record in enumerate(examples.passing):
        results.append(_result(contract, ("pass", index), (), record_evaluator.broken_by_last([record])))
    for index, example in enumerate(examples.failing):
        expected = tuple(sorted(set(example.breaks), key=order.index))
        # The records in `after` come first in the source, so that the example can repeat their keys.
        found = record_evaluator.broken_by_last([*example.after, example.record])
        results.append(_result(contract, ("fail", index), expected, found))
    return tuple(results)


def _result(
    contract: LoadedContract, place: tuple[str, int], expected: tuple[str, ...], found: tuple[str, ...]
) -> ExampleResult:
    line, column = contract.place_of(("examples", *place)) or (None, None)
    position = ContractLocation(contract.origin, line, column)
    return ExampleResult(f"examples.{place[0]}[{place[1]}]", position, expected, found)
