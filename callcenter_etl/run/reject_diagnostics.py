"""Turns rows of published exceptions into diagnostics: one for each rule that a rejected record violates."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.diagnostic import Diagnostic, Location
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.rules.compile import compile_rules
from callcenter_etl.rules.masks import Mask
from callcenter_etl.rules.reject_reasons import JOINED_BY
from callcenter_etl.rules.rule import Rule
from callcenter_etl.run.exceptions_file import ExceptionsFile, RejectedRecords
from callcenter_etl.sources.framing import STRUCTURAL_RULES

_FIRST_LINE = "{first_line}"
_MARK = "\0"  # no reason holds it, since invisible characters are escaped there
_Texts = Mapping[tuple[str, int], str]


class RejectDiagnostics:
    """Splits the joined rules and reasons of rejected records, by what each rule says about the record's own values.

    A value, a rule id and a declared reason may all hold what joins them, so that text alone cannot be split.
    """

    def __init__(self, document: ContractDocument) -> None:
        self._document = document
        self._columns = {column.name: column for column in document.columns}
        self._rules = {rule.id: rule for rule in compile_rules(document)}
        self._known = frozenset({*self._rules, *STRUCTURAL_RULES.values()})

    def split_rules(self, joined: str) -> tuple[str, ...]:
        """Return the rule ids in `reject_rules`. An id may itself hold `; `: the longest one known is taken."""
        return tuple(_split_rules(joined, self._known))

    def masks(self, records: RejectedRecords) -> Mapping[str, Mask]:
        """Return for each rule which records violate it, of shape (records,)."""
        # There are few distinct sets of rules, however many records there are.
        encoded = pc.dictionary_encode(records.rules)
        codes = encoded.indices.to_numpy(zero_copy_only=False)
        sets = [self.split_rules(joined) for joined in encoded.dictionary.to_pylist()]
        members = defaultdict[str, Mask](lambda: np.zeros(len(sets), dtype=bool))
        for index, rules in enumerate(sets):
            for rule in rules:
                members[rule][index] = True
        return {rule: of_set[codes] for rule, of_set in members.items()}

    def of_records(
        self, records: RejectedRecords, positions: Mapping[str, int]
    ) -> list[tuple[Diagnostic, ...]]:
        """Return the diagnostics of each record; `positions` says which source column holds which of the contract's."""
        rules = [self.split_rules(joined) for joined in records.rules.to_pylist()]
        reasons, values = self._expected(records, rules, positions)
        return [
            tuple(
                Diagnostic(
                    rule,
                    reason,
                    location=Location(line=int(records.lines[at])),
                    path=self._column_of(rule),
                    value=values.get((rule, at)),
                )
                for rule, reason in zip(ids, _split_reasons(joined, ids, at, reasons), strict=True)
            )
            for at, (ids, joined) in enumerate(zip(rules, records.reasons.to_pylist(), strict=True))
        ]

    def _column_of(self, rule: str) -> str:
        known = self._rules.get(rule)
        return (known.column or "") if known is not None else ""

    def _expected(
        self, records: RejectedRecords, rules: Sequence[tuple[str, ...]], positions: Mapping[str, int]
    ) -> tuple[_Texts, _Texts]:
        """Return the reason, with a mark for the line of a first occurrence, and the value by rule and record."""
        columns = ChunkColumns(
            columns=self._columns,
            empty_values=tuple(self._document.source.empty_values),
            texts={name: records.values[position] for name, position in positions.items()},
            lines=records.lines,
        )
        owners = defaultdict[str, list[int]](list)
        for at, ids in enumerate(rules):
            for rule_id in ids:
                owners[rule_id].append(at)
        reasons: dict[tuple[str, int], str] = {}
        values: dict[tuple[str, int], str] = {}
        for rule_id, found in owners.items():
            rule = self._rules.get(rule_id)
            if rule is None:  # a malformed record has this one reason, and no values
                continue
            owned = np.array(found, dtype=np.int64)
            texts = _without_first_line(rule).reasons(columns, owned).to_pylist()
            reasons |= {(rule_id, each): text for each, text in zip(found, texts, strict=True)}
            shown = zip(found, rule.shown(columns, owned), strict=True)
            values |= {(rule_id, each): text for each, text in shown if text is not None}
        return reasons, values


def first_rejects(
    exceptions: ExceptionsFile, wanted: Mapping[str, int], found: dict[str, list[Diagnostic]]
) -> None:
    """Add diagnostics of the first records of each rule to `found`, as many as are wanted.

    Reads no further than that takes. Raises SourceError where that cannot be read; what was found before stays.
    """
    missing = {rule: number for rule, number in wanted.items() if number}
    diagnostics = RejectDiagnostics(exceptions.document)
    # The loop may end before the file does: the generator then closes the file at once.
    with closing(exceptions.blocks()) as blocks:
        while missing and (block := next(blocks, None)) is not None:
            # Each file begins with an empty block, which has the names of the columns.
            if not len(block):
                continue
            positions = exceptions.layout_of(block.names).positions
            chosen = block.take(_first_of_each(diagnostics.masks(block), missing))
            for each in _flat(diagnostics.of_records(chosen, positions)):
                if missing.get(each.rule):
                    found.setdefault(each.rule, []).append(each)
                    missing[each.rule] -= 1
            missing = {rule: number for rule, number in missing.items() if number}


def _first_of_each(masks: Mapping[str, Mask], missing: Mapping[str, int]) -> NDArray[np.int64]:
    """Return the first records that violate each rule, as many as are missing, in order."""
    none = np.empty(0, dtype=np.int64)
    firsts = [
        np.flatnonzero(masks[rule])[:number] if rule in masks else none for rule, number in missing.items()
    ]
    # A record may be the first of several rules, and is examined once.
    return np.unique(np.concatenate(firsts))


def _flat(diagnostics: Sequence[tuple[Diagnostic, ...]]) -> Iterator[Diagnostic]:
    for of_record in diagnostics:
        yield from of_record


def _without_first_line(rule: Rule) -> Rule:
    # The first occurrence may be outside of these records, so its line cannot be computed from them.
    return replace(rule, sentence=rule.sentence.replace(_FIRST_LINE, _MARK))


def _split_rules(joined: str, known: frozenset[str]) -> Iterator[str]:
    parts = joined.split(JOINED_BY)
    while parts:
        ends = range(len(parts), 1, -1)
        length = next((end for end in ends if JOINED_BY.join(parts[:end]) in known), 1)
        yield JOINED_BY.join(parts[:length])
        parts = parts[length:]


def _split_reasons(joined: str, rules: Sequence[str], record: int, expected: _Texts) -> list[str]:
    """Return the reason of each rule of a record.

    What each rule says is known but for the line of a first occurrence, so that one pattern takes the text apart
    whatever its values hold. Where the file does not fit the contract, every rule has the text as a whole.
    """
    if len(rules) == 1:
        return [joined]
    patterns = [
        re.escape(expected.get((rule, record), "")).replace(re.escape(_MARK), "-?[0-9]+") for rule in rules
    ]
    match = re.fullmatch(re.escape(JOINED_BY).join(f"({pattern})" for pattern in patterns), joined)
    return [joined] * len(rules) if match is None else list(match.groups())
