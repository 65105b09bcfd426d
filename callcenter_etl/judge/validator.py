"""The core: a chunk in, a verdict out; the same code in every engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.imports import importing_pandera
from callcenter_etl.judge.tally import MAX_SAMPLES
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.rules.compile import compile_rules
from callcenter_etl.rules.masks import Mask
from callcenter_etl.rules.reject_reasons import RejectReasons, collect_reasons
from callcenter_etl.rules.rule import Rule
from callcenter_etl.sources.chunk import Chunk
from callcenter_etl.sources.header import ColumnLayout

if TYPE_CHECKING:  # what it names is imported when the first chunk is judged
    from callcenter_etl.rules.streaming_schema import StreamingSchema


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a chunk's sound records are: `masks` by rule id (broken ones only), in contract order.

    `rejected` and `warned` have the shape (sound records,).
    """

    columns: ChunkColumns
    masks: Mapping[str, Mask]
    rejected: Mask
    warned: Mask


class Validator:
    """Holds chunks to one contract. One validator serves one thread at a time."""

    def __init__(self, document: ContractDocument, *, lookups: Mapping[str, pa.Array] | None = None) -> None:
        self.document = document
        self.rules: tuple[Rule, ...] = compile_rules(document)
        self.lookups = lookups or {}
        self._columns = {column.name: column for column in document.columns}

    @cached_property
    def _schema(self) -> StreamingSchema:
        # Imported here: pandas and pandera take half a second, in which the first blocks can be read and parsed.
        with importing_pandera():
            from callcenter_etl.rules.streaming_schema import StreamingSchema

            return StreamingSchema(self.document, self.rules)

    def clone(self) -> Validator:
        """Return another validator of the same contract, for another thread."""
        return Validator(self.document, lookups=self.lookups)

    def warm(self) -> None:
        """Import what `judge` needs and compile the schema."""
        _ = self._schema

    def __reduce__(self) -> tuple[type[Validator], tuple[ContractDocument]]:
        return (_rebuild, (self.document, dict(self.lookups)))  # type: ignore[return-value]

    def columns_of(self, chunk: Chunk, layout: ColumnLayout) -> ChunkColumns:
        """Name the values of a chunk's sound records by the contract's columns."""
        return ChunkColumns(
            columns=self._columns,
            empty_values=tuple(self.document.source.empty_values),
            texts={name: chunk.values[position] for name, position in layout.positions.items()},
            lines=chunk.sound_lines,
            lookups=self.lookups,
        )

    def judge(self, columns: ChunkColumns) -> Verdict:
        """Ask every rule about every record of the chunk."""
        found = self._schema.broken_masks(columns) if len(columns) else {}
        masks = {rule.id: found[rule.id] for rule in self.rules if rule.id in found}
        rejected = np.zeros(len(columns), dtype=bool)
        warned = np.zeros(len(columns), dtype=bool)
        for rule in self.rules:
            if rule.id in masks:
                side = rejected if rule.severity == "error" else warned
                side |= masks[rule.id]
        return Verdict(columns=columns, masks=masks, rejected=rejected, warned=warned)

    def reject_reasons(self, verdict: Verdict) -> RejectReasons:
        """Work out the rule ids and reasons of the rejected records, in contract order."""
        broken = [
            (rule, np.flatnonzero(verdict.masks[rule.id]))
            for rule in self.rules
            if rule.severity == "error" and rule.id in verdict.masks
        ]
        rejected = np.flatnonzero(verdict.rejected)
        return collect_reasons(broken, verdict.columns, rejected, most=MAX_SAMPLES)


def _rebuild(document: ContractDocument, lookups: Mapping[str, pa.Array]) -> Validator:
    return Validator(document, lookups=lookups)
