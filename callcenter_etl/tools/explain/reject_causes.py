"""Finds the few causes behind many rejects: what the records share, their lines, and a change that accepts them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callcenter_etl.contract.loader import LoadedContract
from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.rules.compile import compile_rules
from callcenter_etl.rules.normalized_text import normalized_text
from callcenter_etl.rules.rule import Rule
from callcenter_etl.sources.framing import STRUCTURAL_RULES
from callcenter_etl.sources.lookups import load_lookups
from callcenter_etl.tools.explain.broken_values import BrokenValues, Cluster, ShownValue
from callcenter_etl.tools.explain.clusters import value_clusters
from callcenter_etl.tools.explain.line_causes import line_clusters, without_records
from callcenter_etl.tools.explain.malformed_causes import structural_clusters, structural_recovery
from callcenter_etl.tools.explain.published_rejects import MAX_REJECTS, Rejects, read_rejects
from callcenter_etl.tools.explain.remedies import Indices, Judge, Remedy, warn_instead

MAX_CAUSES = 5
_DENSE = 0.5  # share of rejected lines from first to last that is reported as a range of lines
_FEW_LINES = 3


@dataclass(frozen=True, slots=True)
class Advice:
    """A change of the contract, as text and as YAML to paste; `recovers` is the number of records it accepts.

    `sure` is `would` (exact), `would at most`, or `may`.
    """

    words: str
    yaml: str
    sure: str
    recovers: int


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause of rejects: the number of `records` of those read, `what` they have in common, and their lines.

    `advice` is the change that accepts most of them, None if no change of the contract does; `hint` is another
    remedy. `shown` lists the source values in these texts.
    """

    rule: str
    records: int
    share: float
    what: str
    lines: str
    first_line: int
    last_line: int
    advice: Advice | None
    hint: str | None
    shown: tuple[ShownValue, ...] = ()


@dataclass(frozen=True, slots=True)
class Causes:
    """The causes behind a run's rejects, the largest first; every `step`-th reject was read.

    A record that broke several rules counts for each. `others` is the number of further causes.
    """

    rejected: int
    looked_at: int
    step: int
    causes: tuple[Cause, ...]
    others: int

    def to_dict(self) -> dict[str, Any]:
        """Return the causes as plain values, ready for JSON."""
        values = asdict(self)
        for cause in values["causes"]:
            del cause["shown"]  # only reports need it, to mask what the words hold
        return values


def find_causes(
    exceptions: Sequence[str], contract: LoadedContract, *, rejected: int, most: int = MAX_REJECTS
) -> Causes:
    """Find the causes of the rejects in the exceptions files of a run.

    Records that a change would recover are counted by validating them again; of more than `most` records, every
    n-th only. Raises SourceError if a file or a lookup cannot be read.
    """
    document = contract.document
    rejects = read_rejects(exceptions, document, rejected=rejected, most=most)
    # The sort is stable: clusters of equal size keep the order of the contract's rules.
    lookups = load_lookups(document, contract.origin)
    clusters = sorted(_all_clusters(rejects, document, lookups), key=lambda cluster: -len(cluster.records))
    judge = Judge(rejects, lookups)
    builder = _CauseBuilder(judge, document)
    causes = tuple(builder.cause(cluster) for cluster in clusters[:MAX_CAUSES])
    return Causes(rejected, len(rejects), rejects.step, causes, max(0, len(clusters) - MAX_CAUSES))


def _all_clusters(
    rejects: Rejects, document: ContractDocument, lookups: Mapping[str, pa.Array]
) -> Iterator[Cluster]:
    """Yield the lines that are not records first: their values would appear in the causes of every rule."""
    lines = list(line_clusters(rejects, document))
    yield from lines
    if not lines:
        yield from _clusters(rejects, document, lookups)
        return
    taken = np.concatenate([cluster.records for cluster in lines])
    for cluster in _clusters(rejects, document, lookups):
        kept = without_records(cluster, taken)
        if kept is not None:
            yield kept


def _clusters(
    rejects: Rejects, document: ContractDocument, lookups: Mapping[str, pa.Array]
) -> Iterator[Cluster]:
    yield from structural_clusters(rejects, document)
    columns = {column.name: column for column in document.columns}
    for rule in compile_rules(document):
        records = np.flatnonzero(rejects.broke(rule.id)) if rule.severity == "error" else np.empty(0, int)
        if not len(records):
            continue
        if rule.key:
            key = [normalized_text(columns[name], rejects.text(name)) for name in rule.key]
            yield _repeats(rule, records, key)
        elif rule.column is None:
            yield Cluster(rule.id, records, f"{rule.id} does not hold")
        else:
            column = columns[rule.column]
            # As they were judged, so that a cause never names what a normalization has removed.
            values = normalized_text(column, rejects.text(column.name)).take(pa.array(records))
            yield from value_clusters(
                BrokenValues(document, column, rule.kind, records, values, lookups.get(rule.id))
            )


def _repeats(rule: Rule, records: Indices, key: Sequence[pa.StringArray]) -> Cluster:
    """Return the cluster of repeated keys, with a hint if each of them is repeated once."""
    picks = pa.array(records)
    texts = [pc.utf8_lower(values) if rule.fold else values for values in key]
    table = pa.table({str(at): values.take(picks) for at, values in enumerate(texts)})
    # pyarrow has no distinct rows of a table; groups without an aggregate are the same.
    distinct = table.group_by(table.column_names).aggregate([]).num_rows
    keys = "key" if distinct == 1 else "different keys"
    hint = "was a part sent twice?" if distinct == len(records) > 1 else None
    return Cluster(
        rule.id, records, f"{', '.join(rule.key)} occurred before ({distinct:,} {keys})", hint=hint
    )


class _CauseBuilder:
    """Builds causes from clusters; suggests each rule as a warning once, if nothing else accepts its records."""

    def __init__(self, judge: Judge, document: ContractDocument) -> None:
        self._judge = judge
        self._document = document
        self._offered: set[str] = set()

    def cause(self, cluster: Cluster) -> Cause:
        rejects = self._judge.rejects
        lines = rejects.lines[cluster.records]
        advice = self._advice(cluster)
        return Cause(
            rule=cluster.rule,
            records=len(lines),
            share=len(lines) / max(1, len(rejects)),
            what=cluster.what,
            lines=_lines_sentence(lines, rejects.step),
            first_line=int(lines.min()),
            last_line=int(lines.max()),
            advice=advice,
            hint=cluster.otherwise if advice is None and cluster.hint is None else cluster.hint,
            shown=cluster.shown,
        )

    def _advice(self, cluster: Cluster) -> Advice | None:
        structural = cluster.rule in STRUCTURAL_RULES.values()
        remedy = cluster.remedy
        if remedy is None and cluster.hint is None and not structural and cluster.rule not in self._offered:
            self._offered.add(cluster.rule)
            remedy = warn_instead(self._document, cluster.rule)
        if remedy is None:
            return None
        records = self._recovered(cluster, remedy, structural=structural)
        # A change that accepts no record would be wrong advice, for example if the records break another rule too.
        if not records:
            return None
        return Advice(remedy.words, remedy.yaml, remedy.sure, records)

    def _recovered(self, cluster: Cluster, remedy: Remedy, *, structural: bool) -> int | None:
        rejects = self._judge.rejects
        if structural:
            return structural_recovery(cluster, remedy, rejects, self._judge)
        # A change may accept more records than those of the cluster.
        # A change of `source` affects all columns, so all well-formed records are validated again.
        if remedy.document.source != self._document.source:
            concerned = np.flatnonzero(~rejects.broke(*STRUCTURAL_RULES.values()))
        else:
            concerned = np.flatnonzero(rejects.broke(cluster.rule))
        return self._judge.recovered(remedy.document, concerned)


def _lines_sentence(lines: Indices, step: int) -> str:
    first, last, number = int(lines.min()), int(lines.max()), len(lines)
    if number == 1 and step == 1:
        return f"line {first:,}"
    if number <= _FEW_LINES and step == 1:
        listed = [f"{line:,}" for line in sorted(lines.tolist())]
        return f"lines {', '.join(listed[:-1])} and {listed[-1]}"
    dense = number * step / (last - first + 1) >= _DENSE
    return f"lines {first:,} to {last:,}" if dense else f"spread over lines {first:,} to {last:,}"
