"""The verdicts of a source's records, chunk by chunk, by the real core; nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from callcenter_etl.contract.loader import LoadedContract
from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.engines.block_steps import BlockFormat, parse_block
from callcenter_etl.judge.validator import Validator
from callcenter_etl.rules.record_rules import find_first_lines
from callcenter_etl.sources.byte_buffer import OversizedRecord
from callcenter_etl.sources.chunk import Chunk
from callcenter_etl.sources.framing import STRUCTURAL_RULES, TOO_LONG
from callcenter_etl.sources.lookups import load_lookups
from callcenter_etl.sources.source_reader import BLOCK_BYTES, SourceReader
from callcenter_etl.uniqueness import KeyRegistry, make_registries

Lines = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What became of the records of one chunk, in source order.

    `lines` and `rejected` have the shape (records,); `broken` gives the records that broke a rule, sorted, by its
    id: structural rules first, then in contract order. `warned` does so for the rules that only warn.
    """

    lines: Lines
    rejected: NDArray[np.bool_]
    broken: Mapping[str, Lines]
    warned: Mapping[str, Lines]


class Evaluator:
    """Holds sources to one contract. One court serves one thread at a time."""

    def __init__(self, contract: LoadedContract, *, block_bytes: int = BLOCK_BYTES) -> None:
        self.document: ContractDocument = contract.document
        self._validator = Validator(self.document, lookups=load_lookups(self.document, contract.origin))
        self._block_bytes = block_bytes

    def evaluate_blocks(self, source: str, scratch: Path) -> Evaluation:
        """Open a source; `scratch` is a folder of its own for the keys that do not fit in memory."""
        reader = SourceReader(source, self.document, block_bytes=self._block_bytes)
        return Evaluation(self._validator, reader, scratch)


class Evaluation:
    """One source before the court. Use within `with`; where `problems` says so, the source is refused."""

    def __init__(self, validator: Validator, reader: SourceReader, scratch: Path) -> None:
        self._validator = validator
        self._reader = reader
        self._scratch = scratch
        self._stack = ExitStack()
        self._registries: dict[str, KeyRegistry] = {}
        self.problems: tuple[Diagnostic, ...] = ()

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            opened.enter_context(self._reader)
            self._opening = self._reader.open()
            self.problems = self._opening.problems
            numbered = enumerate(self._validator.rules)
            self._registries = make_registries(
                {rule.id: self._scratch / f"keys-{number}" for number, rule in numbered if rule.key}
            )
            for registry in self._registries.values():
                opened.enter_context(registry)
            self._stack = opened.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def verdicts(self) -> Iterator[Verdicts]:
        """Judge the records, in order. Raises SourceError where the source is not what was opened, or cannot be read."""
        if self.problems:
            return
        layout = self._opening.layout
        shape = BlockFormat(layout, self._reader.dialect)
        for item in self._reader.blocks(layout):
            if isinstance(item, OversizedRecord):
                if item.first:
                    yield _too_long(item)
                continue
            for chunk in parse_block(item, shape).chunks:
                yield self._judge(chunk)
        self._reader.check_unchanged()

    def _judge(self, chunk: Chunk) -> Verdicts:
        columns = self._validator.columns_of(chunk, self._opening.layout)
        columns.first_lines = {
            rule.id: find_first_lines(columns, rule.key, self._registries[rule.id].first_lines)
            for rule in self._validator.rules
            if rule.key
        }
        verdict = self._validator.judge(columns)
        rejected = np.zeros(len(chunk), dtype=bool)
        rejected[chunk.sound[verdict.rejected]] = True
        structural: dict[str, list[int]] = {}
        for malformed in chunk.malformed:
            rejected[malformed.record] = True
            structural.setdefault(STRUCTURAL_RULES[malformed.status], []).append(malformed.record)
        broken = {rule: np.array(records, dtype=np.int64) for rule, records in structural.items()}
        warned: dict[str, Lines] = {}
        for rule in self._validator.rules:
            if rule.id in verdict.masks:
                side = broken if rule.severity == "error" else warned
                side[rule.id] = chunk.sound[np.flatnonzero(verdict.masks[rule.id])]
        return Verdicts(chunk.lines, rejected, broken, warned)


def _too_long(piece: OversizedRecord) -> Verdicts:
    broken = {STRUCTURAL_RULES[TOO_LONG]: np.zeros(1, dtype=np.int64)}
    return Verdicts(np.array([piece.line], dtype=np.int64), np.ones(1, dtype=bool), broken, {})
