"""Reads the exceptions of a run: all of them, or every n-th if there are very many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.rules.chunk_columns import empty_texts
from callcenter_etl.rules.masks import Mask
from callcenter_etl.run.exceptions_file import ExceptionsFile, RejectedRecords
from callcenter_etl.run.reject_diagnostics import RejectDiagnostics
from callcenter_etl.sources.header import ColumnLayout

MAX_REJECTS = 100_000
MAX_RAW_CHARACTERS = 2**16


@dataclass(frozen=True, slots=True)
class Rejects:
    """Rejected records as columns of text, one value for each: values by source position, and reject columns.

    Only every `step`-th record was looked at. The raw text of a record over MAX_RAW_CHARACTERS is left out. The rules of
    a record are the set in `rule_sets` that its entry in `rule_codes` numbers: there are few distinct sets.
    """

    layout: ColumnLayout
    values: tuple[pa.StringArray, ...]
    lines: NDArray[np.int64]
    rule_sets: tuple[tuple[str, ...], ...]
    rule_codes: NDArray[np.int32]
    reasons: pa.StringArray
    raws: pa.StringArray
    step: int

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def columns(self) -> tuple[str, ...]:
        """The contract's columns, those that the source lacks included."""
        return (*self.layout.positions, *self.layout.absent)

    def broke(self, *rules: str) -> Mask:
        """Return which records violate one of the rules."""
        chosen = np.array([not set(rules).isdisjoint(each) for each in self.rule_sets], dtype=bool)
        return chosen[self.rule_codes]

    def first_rule(self, record: int) -> str:
        """Return the first rule that a record violates, in contract order."""
        return self.rule_sets[int(self.rule_codes[record])][0]

    def text(self, column: str) -> pa.StringArray:
        """Return the values of a contract's column, empty ones where the source lacks it."""
        position = self.layout.positions.get(column)
        return empty_texts(len(self)) if position is None else self.values[position]


def read_rejects(
    uris: Sequence[str], document: ContractDocument, *, rejected: int, most: int = MAX_REJECTS
) -> Rejects:
    """Read at most `most` exceptions of a run that rejected `rejected` records, from a file or its parts.

    Raises SourceError if a file cannot be read, or is not of this contract.
    """
    # Every n-th and not the first ones: causes often affect only a part of a source.
    step = max(1, -(-rejected // most))
    exceptions = ExceptionsFile(uris, document)
    diagnostics = RejectDiagnostics(document)
    kept = [_every(step, block) for block in exceptions.blocks()]
    names = kept[0].names
    raws = _joined([each.raws for each in kept])
    rules = pc.dictionary_encode(_joined([each.rules for each in kept]))
    return Rejects(
        layout=exceptions.layout_of(names),
        values=tuple(_joined([each.values[at] for each in kept]) for at in range(len(names))),
        lines=np.concatenate([each.lines for each in kept]),
        rule_sets=tuple(diagnostics.split_rules(each) for each in rules.dictionary.to_pylist()),
        rule_codes=rules.indices.to_numpy(zero_copy_only=False),
        reasons=_joined([each.reasons for each in kept]),
        # Regular expressions over megabytes of raw text would be slow.
        raws=pc.if_else(pc.greater(pc.binary_length(raws), MAX_RAW_CHARACTERS), "", raws),
        step=step,
    )


def _every(step: int, block: RejectedRecords) -> RejectedRecords:
    return block if step == 1 else block.take(np.flatnonzero(block.numbers % step == 0))


def _joined(parts: Sequence[pa.StringArray]) -> pa.StringArray:
    return pa.concat_arrays([pa.array([], type=pa.string()), *parts])
