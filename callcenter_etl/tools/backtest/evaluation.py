"""Evaluates the records of a source chunk by chunk, with the loop of a run; nothing is written."""

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
from callcenter_etl.judge.judged_chunks import JudgedChunk, judged_chunks
from callcenter_etl.judge.unique_keys import UniqueKeys
from callcenter_etl.judge.validator import Validator
from callcenter_etl.rules.rule import Rule
from callcenter_etl.sources.delivery import Delivery, open_delivered, read_delivery
from callcenter_etl.sources.framing import STRUCTURAL_RULES
from callcenter_etl.sources.lookups import load_lookups
from callcenter_etl.sources.source import BLOCK_BYTES, Source
from callcenter_etl.sources.source_formats import open_source

Lines = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The verdicts on the records of one chunk, in source order.

    `lines` and `rejected` have the shape (records,). `broken` maps the id of each broken rule to its records, sorted:
    structural rules first, then in contract order. `warned` does so for rules of severity `warn`.
    """

    lines: Lines
    rejected: NDArray[np.bool_]
    broken: Mapping[str, Lines]
    warned: Mapping[str, Lines]


class Evaluator:
    """Evaluates sources under one contract. Not thread-safe."""

    def __init__(self, contract: LoadedContract, *, block_bytes: int = BLOCK_BYTES) -> None:
        self.document: ContractDocument = contract.document
        self._validator = Validator(self.document, lookups=load_lookups(self.document, contract.origin))
        self._block_bytes = block_bytes

    def evaluate_blocks(self, source: str, scratch: Path) -> Evaluation:
        """Open a source; `scratch` is a folder of its own for the keys that do not fit in memory."""
        opened = open_source(source, self.document, block_bytes=self._block_bytes)
        return Evaluation(self._validator, opened, read_delivery(source, self.document), scratch)


class Evaluation:
    """The evaluation of one source. Use within `with`; with `problems` the source is refused."""

    def __init__(self, validator: Validator, source: Source, delivery: Delivery, scratch: Path) -> None:
        self._validator = validator
        self._source = source
        self._delivery = delivery
        self._scratch = scratch
        self._stack = ExitStack()
        self.problems: tuple[Diagnostic, ...] = ()

    def __enter__(self) -> Self:
        # If a later step fails, this stack closes the source; else `__exit__` does.
        with ExitStack() as opened:
            opened.enter_context(self._source)
            header = open_delivered(self._source, self._delivery)
            self._layout, self.problems = header.layout, header.problems
            keys = UniqueKeys.in_folder(self._validator.rules, self._scratch)
            self._keys = opened.enter_context(keys)
            self._stack = opened.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    @property
    def failures(self) -> tuple[Diagnostic, ...]:
        """The problems for which the source fails as a whole, known after the last verdict."""
        return (*self._delivery.digest_problems(self._source.hashes.digest), *self._source.footer.problems)

    def verdicts(self) -> Iterator[Verdicts]:
        """Yield the verdicts in order. Raises SourceError if the source was changed or cannot be read."""
        if self.problems:
            return
        judged = judged_chunks(
            self._source.blocks(), layout=self._layout, validator=self._validator, keys=self._keys
        )
        for each in judged:
            # A record over the size limit comes in pieces, and only the first piece has the record.
            if len(each):
                yield _verdicts_of(each, self._validator.rules)
        # After the last chunk: a change of the source during the reading is visible only at its end.
        self._source.check_unchanged()


def _verdicts_of(judged: JudgedChunk, rules: tuple[Rule, ...]) -> Verdicts:
    chunk, masks = judged.chunk, judged.verdict.masks
    structural: dict[str, list[int]] = {}
    for malformed in chunk.malformed:
        structural.setdefault(STRUCTURAL_RULES[malformed.status], []).append(malformed.record)
    broken = {rule: np.array(records, dtype=np.int64) for rule, records in structural.items()}
    warned: dict[str, Lines] = {}
    for rule in rules:
        if rule.id in masks:
            side = broken if rule.severity == "error" else warned
            # A mask covers the sound records only; `sound` has their indices among all records of the chunk.
            side[rule.id] = chunk.sound[np.flatnonzero(masks[rule.id])]
    return Verdicts(chunk.lines, judged.rejected, broken, warned)
