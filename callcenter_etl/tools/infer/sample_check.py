"""Validates the samples against the inferred contract, with the validator that runs use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

import numpy as np

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.judge.validator import Validator, Verdict
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.rules.record_rules import find_first_lines
from callcenter_etl.sources.chunk import Chunk
from callcenter_etl.sources.framing import STRUCTURAL_RULES
from callcenter_etl.sources.header import ColumnLayout
from callcenter_etl.store.uris import base_name
from callcenter_etl.temporary import temporary_folder
from callcenter_etl.tools.infer.sample_chunks import LongRecord, OnBytes, read_chunks
from callcenter_etl.uniqueness import KeyRegistry

MAX_PLACES = 10
KEY_FILTER_BYTES = 2**20


@dataclass(slots=True)
class BrokenRuleCount:
    """The number of records that broke a rule, and file and line of the first ones."""

    count: int = 0
    places: list[tuple[str, int]] = field(default_factory=list)

    def add(self, uri: str, lines: Sequence[int]) -> None:
        """Count the records at these lines."""
        self.count += len(lines)
        self.places += [(base_name(uri), int(line)) for line in lines[: MAX_PLACES - len(self.places)]]


@dataclass(slots=True)
class SampleOutcome:
    """The counts of validated samples; `both` counts the records with values in both columns of a pair."""

    read: int = 0
    accepted: int = 0
    broken: dict[str, BrokenRuleCount] = field(default_factory=dict)
    both: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, uri: str, chunk: Chunk, verdict: Verdict) -> None:
        """Count the records of a chunk and the rules that they broke."""
        columns = verdict.columns
        self.read += len(chunk)
        self.accepted += int((~verdict.rejected).sum())
        for m in chunk.malformed:
            self.add_broken(STRUCTURAL_RULES[m.status], uri, [int(chunk.lines[m.record])])
        for rule, mask in verdict.masks.items():
            self.add_broken(rule, uri, columns.lines[np.flatnonzero(mask)].tolist())
        for one, other in self.both:
            known = columns.known_mask(one) & columns.known_mask(other)
            self.both[one, other] += int(known.sum())

    def add_broken(self, rule: str, uri: str, lines: Sequence[int]) -> None:
        """Count records that broke a rule, by their lines."""
        self.broken.setdefault(rule, BrokenRuleCount()).add(uri, lines)


def hold_to(
    samples: Sequence[str],
    document: ContractDocument,
    *,
    max_records: int | None,
    pairs: Sequence[tuple[str, str]] = (),
    on_bytes: OnBytes,
) -> SampleOutcome:
    """Validate every record of the samples against a contract, without writing files."""
    outcome = SampleOutcome(both=dict.fromkeys(pairs, 0))
    validator = Validator(document)
    for uri in samples:
        with temporary_folder() as scratch, ExitStack() as stack:
            registries = {
                rule.id: stack.enter_context(KeyRegistry(scratch, filter_bytes=KEY_FILTER_BYTES))
                for rule in validator.rules
                if rule.key
            }
            for piece, layout in read_chunks(uri, document, max_records=max_records, on_bytes=on_bytes):
                if isinstance(piece, LongRecord):
                    outcome.read += 1
                    outcome.add_broken(piece.rule, uri, [piece.line])
                else:
                    verdict = validator.judge(_columns_of(piece, layout, validator, registries))
                    outcome.add(uri, piece, verdict)
    return outcome


def _columns_of(
    chunk: Chunk, layout: ColumnLayout, validator: Validator, registries: Mapping[str, KeyRegistry]
) -> ChunkColumns:
    columns = validator.columns_of(chunk, layout)
    columns.first_lines = {
        rule.id: find_first_lines(columns, rule.key, registries[rule.id].first_lines)
        for rule in validator.rules
        if rule.key
    }
    return columns
