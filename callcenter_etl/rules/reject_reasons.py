"""Why records are rejected: the ids and the reasons of the rules that each of them broke."""

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
    """Why each rejected record is rejected: its rule ids and its reasons, each joined with `; `.

    `samples` holds the first reasons by rule id, at most `most`.
    """

    records: Indices
    rules: pa.StringArray
    reasons: pa.StringArray
    samples: Mapping[str, list[str]] = field(default_factory=dict)


def collect_reasons(
    broken: Sequence[tuple[Rule, Indices]], columns: ChunkColumns, rejected: Indices, *, most: int
) -> RejectReasons:
    """Return the grounds of the `rejected` records, sorted; `broken` has the records that broke each rule.

    Work grows with the rules that were broken, not with those that could have been.
    """
    if not broken:
        empty = pa.array([], type=pa.string())
        return RejectReasons(records=rejected, rules=empty, reasons=empty)
    # One entry a record and broken rule, sorted by record; the sort is stable, so rules stay in contract order.
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
    """Join the entries of each record with `; `; `firsts` says where those of each record start."""
    if len(entries) == len(firsts):
        return entries
    offsets = pa.array(np.append(firsts, len(entries)).astype(np.int32))
    return pc.binary_join(pa.ListArray.from_arrays(offsets, entries), JOINED_BY)
