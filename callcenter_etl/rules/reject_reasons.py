"""Collects rule ids and reasons of rejected records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.rules.rule import Rule

Indices = NDArray[np.int64]
JOINED_BY = "; "  # rules and reasons of one record


@dataclass(frozen=True, slots=True)
class RejectReasons:
    """The rule ids and the reasons of each rejected record, each joined with `; `.

    `records` has the indices of the records, `samples` the first reasons by rule id, at most `most`.
    """

    records: Indices
    rules: pa.StringArray
    reasons: pa.StringArray
    samples: Mapping[str, list[str]] = field(default_factory=dict)


def collect_reasons(
    broken: Sequence[tuple[Rule, Indices]], columns: ChunkColumns, rejected: Indices, *, most: int
) -> RejectReasons:
    """Return the reasons of the `rejected` records, given sorted; `broken` has the records that broke each rule.

    Takes time in proportion to the broken rules, not to all rules of the contract.
    """
    if not broken:
        empty = pa.array([], type=pa.string())
        return RejectReasons(records=rejected, rules=empty, reasons=empty)
    # One entry for each record and broken rule, sorted by record. The sort is stable, so rules keep contract order.
    owners = np.concatenate([records for _, records in broken])
    order = np.argsort(owners, kind="stable")
    firsts = np.searchsorted(owners[order], rejected)
    numbers = np.repeat(np.arange(len(broken)), [len(records) for _, records in broken])
    ids = pa.array([rule.id for rule, _ in broken]).take(pa.array(numbers[order]))
    sentences = [rule.reasons(columns, records) for rule, records in broken]
    reasons = pa.concat_arrays(sentences).take(pa.array(order))
    samples = {
        rule.id: of_rule.slice(0, most).to_pylist()
        for (rule, _), of_rule in zip(broken, sentences, strict=True)
    }
    return RejectReasons(rejected, _join(ids, firsts), _join(reasons, firsts), samples)


def _join(entries: pa.StringArray, firsts: Indices) -> pa.StringArray:
    """Return the entries of each record joined with `; `; `firsts` has the index of each record's first entry."""
    # Every record violates one rule: its entry is the result already.
    if len(entries) == len(firsts):
        return entries
    offsets = pa.array(np.append(firsts, len(entries)).astype(np.int32))
    return pc.binary_join(pa.ListArray.from_arrays(offsets, entries), JOINED_BY)
