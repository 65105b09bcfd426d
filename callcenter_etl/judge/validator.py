"""Validator of chunks: the rules of one contract, the same in every engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.imports import importing_pandera
from callcenter_etl.judge.tally import MAX_SAMPLES
from callcenter_etl.rules.chunk_columns import ChunkColumns, texts_by_name
from callcenter_etl.rules.compile import compile_rules, information_rules
from callcenter_etl.rules.masks import Mask
from callcenter_etl.rules.reject_reasons import RejectReasons, collect_reasons
from callcenter_etl.rules.rule import Rule
from callcenter_etl.sources.chunk import Chunk
from callcenter_etl.sources.header import ColumnLayout

if TYPE_CHECKING:  # what it names is imported when the first chunk is judged
    from callcenter_etl.rules.streaming_schema import StreamingSchema


@dataclass(frozen=True, slots=True)
class Verdict:
    """Verdict on a chunk's sound records: the `masks` of violated rules by rule id, in contract order.

    `information` has the masks of the rules that only count, by rule id. All masks, `rejected` and `warned` have the shape
    (sound records,).
    """

    columns: ChunkColumns
    masks: Mapping[str, Mask]
    rejected: Mask
    warned: Mask
    information: Mapping[str, Mask] = field(default_factory=dict)


class Validator:
    """Validator of chunks by one contract, for one thread at a time, since pandera changes a schema while it validates."""

    def __init__(self, document: ContractDocument, *, lookups: Mapping[str, pa.Array] | None = None) -> None:
        self.document = document
        self.rules: tuple[Rule, ...] = compile_rules(document)
        self.information: tuple[Rule, ...] = information_rules(document)
        self.lookups = lookups or {}
        self._columns = {column.name: column for column in document.columns}

    @cached_property
    def _schema(self) -> StreamingSchema:
        # Imported here: pandas and pandera take half a second, in which the first blocks can be read and parsed.
        with importing_pandera():
            from callcenter_etl.rules.streaming_schema import StreamingSchema

            return StreamingSchema(self.document, self.rules)

    @property
    def counted_rules(self) -> tuple[Rule, ...]:
        """The rules that a summary lists: those that judge records, then those that only count."""
        return (*self.rules, *self.information)

    def clone(self) -> Validator:
        """Return another validator of the same contract, for another thread."""
        return Validator(self.document, lookups=self.lookups)

    def warm(self) -> None:
        """Import pandas and pandera, and compile the schema, before `judge` needs them."""
        _ = self._schema

    # Only contract and lookups are pickled; the schema is compiled again where the validator is used.
    def __reduce__(self) -> tuple[type[Validator], tuple[ContractDocument]]:
        return (_rebuild, (self.document, dict(self.lookups)))  # type: ignore[return-value]

    def columns_of(self, chunk: Chunk, layout: ColumnLayout) -> ChunkColumns:
        """Return the values of a chunk's sound records by the contract's column names."""
        return ChunkColumns(
            columns=self._columns,
            empty_values=tuple(self.document.source.empty_values),
            texts=texts_by_name(layout, chunk.values, records=len(chunk.sound)),
            lines=chunk.sound_lines,
            lookups=self.lookups,
            absent=frozenset(layout.absent),
            short=chunk.short,
        )

    def judge(self, columns: ChunkColumns) -> Verdict:
        """Return the verdict of every rule on every record of the columns."""
        # All records of a chunk may be malformed: then there is nothing to validate.
        found = self._schema.broken_masks(columns) if len(columns) else {}
        masks = {rule.id: found[rule.id] for rule in self.rules if rule.id in found}
        rejected = np.zeros(len(columns), dtype=bool)
        warned = np.zeros(len(columns), dtype=bool)
        for rule in self.rules:
            if rule.id in masks:
                side = rejected if rule.severity == "error" else warned
                side |= masks[rule.id]
        counted = {rule.id: mask for rule in self.information if (mask := rule.broken(columns)).any()}
        return Verdict(columns=columns, masks=masks, rejected=rejected, warned=warned, information=counted)

    def count_warnings(self, verdict: Verdict) -> dict[str, int]:
        """Return the number of records by rule of severity warn or info, without the rules that no record breaks."""
        masks = {**verdict.masks, **verdict.information}
        wanted = [rule.id for rule in self.counted_rules if rule.severity != "error" and rule.id in masks]
        return {rule_id: count for rule_id in wanted if (count := int(np.count_nonzero(masks[rule_id])))}

    def reject_reasons(self, verdict: Verdict) -> RejectReasons:
        """Return the rule ids and reasons of the rejected records, in contract order."""
        # Only for the rejected records, which are few: building sentences for all would dominate the time.
        broken = [
            (rule, np.flatnonzero(verdict.masks[rule.id]))
            for rule in self.rules
            if rule.severity == "error" and rule.id in verdict.masks
        ]
        rejected = np.flatnonzero(verdict.rejected)
        return collect_reasons(broken, verdict.columns, rejected, most=MAX_SAMPLES)


def _rebuild(document: ContractDocument, lookups: Mapping[str, pa.Array]) -> Validator:
    return Validator(document, lookups=lookups)
