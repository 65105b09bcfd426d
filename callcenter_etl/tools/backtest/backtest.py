"""Validates one source against two contracts, and counts the records with different verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from callcenter_etl.contract.model import ContractDocument, Limits
from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.errors import UsageError
from callcenter_etl.run.limits import broken_limits, status_of
from callcenter_etl.store.uris import STANDARD_INPUT, shown
from callcenter_etl.temporary import temporary_folder
from callcenter_etl.tools.backtest.evaluation import Evaluation, Evaluator, Verdicts
from callcenter_etl.tools.contract_test.record_evaluator import rule_ids

MAX_LINES = 10  # shown for each rule, beside the count of all
NO_RECORD = "(no record of its own)"


@dataclass(slots=True)
class VerdictChanges:
    """Records with another verdict because of a rule: their number, and the lines of the first ones."""

    records: int = 0
    lines: list[int] = field(default_factory=list)

    def add(self, lines: np.ndarray) -> None:
        """Count further lines, in order."""
        self.records += len(lines)
        self.lines += lines[: MAX_LINES - len(self.lines)].tolist()


@dataclass(slots=True)
class ContractSide:
    """The result of one contract; with `status` refused no record was read."""

    status: str = "passed"
    read: int = 0
    rejected: int = 0
    problems: tuple[Diagnostic, ...] = ()


@dataclass(slots=True)
class BackTest:
    """The verdicts of two contracts on one source.

    `newly_rejected` and `newly_accepted` count records with another verdict, and `by_rule` beside each counts them for
    the rules of the contract that rejects, several of which one record may break. If that contract refuses the source,
    the rules are those of the refusal; if no record begins on a line under it, `(no record of its own)`.
    """

    source: str
    old: ContractSide = field(default_factory=ContractSide)
    new: ContractSide = field(default_factory=ContractSide)
    newly_rejected: int = 0
    newly_rejected_by_rule: dict[str, VerdictChanges] = field(default_factory=dict)
    newly_accepted: int = 0
    newly_accepted_by_rule: dict[str, VerdictChanges] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain values, ready for JSON."""
        sides = {
            name: {**asdict(side), "problems": [each.to_problem() for each in side.problems]}
            for name, side in (("old", self.old), ("new", self.new))
        }
        return asdict(self) | sides


def back_test(source: str, old: Evaluator, new: Evaluator) -> BackTest:
    """Validate a source against both contracts, a chunk of each at a time; nothing is written.

    Raises SourceError if it cannot be read, UsageError for standard input, which cannot be read twice.
    """
    if source == STANDARD_INPUT:
        raise UsageError("standard input can be read only once: name a file to test against")
    result = BackTest(source=shown(source))
    with ExitStack() as opened:
        scratch = opened.enter_context(temporary_folder())
        before = opened.enter_context(old.evaluate_blocks(source, scratch / "old"))
        after = opened.enter_context(new.evaluate_blocks(source, scratch / "new"))
        first, second = _VerdictStream(before, result.old), _VerdictStream(after, result.new)
        # Not `or`: both streams must be filled before their last lines are compared.
        while first.fill() | second.fill():
            # Up to there both contracts have all their verdicts.
            limit = min(first.last_line, second.last_line)
            _compare(first.take(limit), second.take(limit), result)
        for evaluation, evaluator, side in ((before, old, result.old), (after, new, result.new)):
            _close(side, evaluator.document.limits, evaluation)
    result.newly_rejected_by_rule = _in_order(result.newly_rejected_by_rule, new.document)
    result.newly_accepted_by_rule = _in_order(result.newly_accepted_by_rule, old.document)
    return result


def _in_order(by_rule: dict[str, VerdictChanges], document: ContractDocument) -> dict[str, VerdictChanges]:
    """Sort rules in contract order, which chunks may not have; rules of structure and refusal come first."""
    order = {rule: place for place, rule in enumerate(rule_ids(document))}
    return dict(sorted(by_rule.items(), key=lambda each: (order.get(each[0], -1), each[0])))


def _close(side: ContractSide, limits: Limits, evaluation: Evaluation) -> None:
    # Limits are about records, and none was read.
    if side.status == "refused":
        return
    limited = broken_limits(limits, read=side.read, rejected=side.rejected)
    side.problems = (*evaluation.failures, *limited)
    side.status = status_of(limits, side.problems, rejected=side.rejected)


class _VerdictStream:
    """The verdicts of one contract, which can be split at any line."""

    def __init__(self, evaluation: Evaluation, side: ContractSide) -> None:
        self._verdicts: Iterator[Verdicts] = evaluation.verdicts()
        self._held = _NOTHING
        self._ended = False
        self._side = side
        if evaluation.problems:
            side.status, side.problems = "refused", evaluation.problems

    def fill(self) -> bool:
        """Read the next chunk unless one is pending. Returns whether one is pending, False at the end."""
        while not len(self._held.lines) and not self._ended:
            found = next(self._verdicts, None)
            self._ended = found is None
            self._held = found or _NOTHING
            self._side.read += len(self._held.lines)
            self._side.rejected += int(self._held.rejected.sum())
        return bool(len(self._held.lines))

    @property
    def last_line(self) -> int:
        """The line of the last pending record; beyond all lines at the end."""
        return int(self._held.lines[-1]) if len(self._held.lines) else np.iinfo(np.int64).max

    def take(self, last_line: int) -> Verdicts:
        """Return the pending verdicts up to a line, and keep the rest."""
        held = self._held
        stop = int(np.searchsorted(held.lines, last_line, side="right"))
        self._held = _part(held, stop, len(held.lines))
        return _part(held, 0, stop)


def _part(verdicts: Verdicts, start: int, stop: int) -> Verdicts:
    broken = {}
    for rule, records in verdicts.broken.items():
        # Indices of records are sorted, so those of a part are a slice.
        low, high = np.searchsorted(records, (start, stop))
        broken[rule] = records[low:high] - start
    return Verdicts(verdicts.lines[start:stop], verdicts.rejected[start:stop], broken, {})


_NOTHING = Verdicts(np.empty(0, dtype=np.int64), np.empty(0, dtype=bool), {}, {})


def _compare(old: Verdicts, new: Verdicts, result: BackTest) -> None:
    result.newly_rejected += _verdict_changes(old, new, result.newly_rejected_by_rule, result.new.problems)
    result.newly_accepted += _verdict_changes(new, old, result.newly_accepted_by_rule, result.old.problems)


def _verdict_changes(
    accepting: Verdicts,
    rejecting: Verdicts,
    by_rule: dict[str, VerdictChanges],
    refusal: tuple[Diagnostic, ...],
) -> int:
    """Count the records that only one contract accepts, for the rules of the other."""
    accepted = accepting.lines[~accepting.rejected]
    # At most one record begins on a line, so numpy need not remove duplicates.
    alone = accepted[~np.isin(accepted, rejecting.lines, assume_unique=True)]
    # A header may violate one rule several times, but each record counts once for a rule.
    for rule in dict.fromkeys(problem.rule for problem in refusal) or (NO_RECORD,):
        if len(alone):
            by_rule.setdefault(rule, VerdictChanges()).add(alone)
    changed_verdicts = rejecting.rejected & np.isin(rejecting.lines, accepted, assume_unique=True)
    for rule, records in rejecting.broken.items():
        lines = rejecting.lines[records[changed_verdicts[records]]]
        if len(lines):
            by_rule.setdefault(rule, VerdictChanges()).add(lines)
    return len(alone) + int(changed_verdicts.sum())
