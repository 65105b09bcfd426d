"""Validates the samples against the inferred contract, with the validator that runs use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.judge.judged_chunks import JudgedChunk, judged_chunks
from callcenter_etl.judge.unique_keys import UniqueKeys, unique_rules
from callcenter_etl.judge.validator import Validator
from callcenter_etl.rules.record_rules import SHORT_RECORD
from callcenter_etl.rules.rule import Rule
from callcenter_etl.sources.framing import STRUCTURAL_RULES
from callcenter_etl.store.uris import base_name
from callcenter_etl.temporary import temporary_folder
from callcenter_etl.tools.infer.sample_chunks import OnBytes, first_records, open_sample, reported_blocks
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

    def add(self, uri: str, judged: JudgedChunk) -> None:
        """Count the records of a chunk and the rules that they broke."""
        chunk, verdict = judged.chunk, judged.verdict
        columns = verdict.columns
        self.read += len(chunk)
        self.accepted += int((~verdict.rejected).sum())
        for m in chunk.malformed:
            self.add_broken(STRUCTURAL_RULES[m.status], uri, [int(chunk.lines[m.record])])
        for rule, mask in verdict.masks.items():
            # Records that end early are accepted with a warning: the layout has counted them.
            if rule != SHORT_RECORD.id:
                self.add_broken(rule, uri, columns.lines[np.flatnonzero(mask)].tolist())
        for one, other in self.both:
            known = columns.known_mask(one) & columns.known_mask(other)
            self.both[one, other] += int(known.sum())

    def add_broken(self, rule: str, uri: str, lines: Sequence[int]) -> None:
        """Count records that broke a rule, by their lines."""
        self.broken.setdefault(rule, BrokenRuleCount()).add(uri, lines)


def validate_samples(
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
        with (
            temporary_folder() as scratch,
            # Each sample has keys of its own, because `unique` compares the records of one source.
            UniqueKeys(validator.rules, _registries(validator.rules, scratch)) as keys,
            open_sample(uri, document, max_records=max_records) as (source, layout),
        ):
            blocks = reported_blocks(source, on_bytes)
            judged = judged_chunks(blocks, layout=layout, validator=validator, keys=keys)
            for each in first_records(judged, max_records):
                outcome.add(uri, each)
    return outcome


def _registries(rules: Sequence[Rule], scratch: Path) -> dict[str, KeyRegistry]:
    """Return registries with small filters: samples are small, and there are many of them one after the other."""
    return {rule.id: KeyRegistry(scratch, filter_bytes=KEY_FILTER_BYTES) for rule in unique_rules(rules)}
