"""Values that break a rule, and clusters of their records."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from callcenter_etl.contract.model import Column, ContractDocument
from callcenter_etl.rules.chunk_columns import ChunkColumns
from callcenter_etl.rules.kinds import KINDS
from callcenter_etl.rules.masks import Mask
from callcenter_etl.tools.explain.remedies import Indices, Remedy


@dataclass(frozen=True, slots=True)
class ShownValue:
    """A `text` of a cause that shows a `value` of a column, so that a report can mask it."""

    column: str
    text: str
    value: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """Records that broke a rule in the same way: a description, and a remedy or a hint.

    `otherwise` is the hint where the remedy recovers no record. `shown` lists the source values in these texts.
    """

    rule: str
    records: Indices
    what: str
    remedy: Remedy | None = None
    hint: str | None = None
    otherwise: str | None = None
    shown: tuple[ShownValue, ...] = ()


@dataclass(frozen=True, slots=True)
class BrokenValues:
    """The values of a column that broke one of its rules, with the indices of their records.

    `looked_up` has the values of the column's lookup, None where it has none.
    """

    document: ContractDocument
    column: Column
    key: str
    records: Indices
    values: pa.StringArray
    looked_up: pa.Array | None = None

    @property
    def rule(self) -> str:
        """The rule's id."""
        return f"{self.column.name}.{self.key}"

    def cluster(
        self, mask: Mask, what: str, *, shown: tuple[ShownValue, ...] = (), **found: Remedy | str | None
    ) -> Cluster:
        """Return the records under a mask as a cluster; `shown` are the values in its description."""
        words = f"{self.column.name} {what}"
        return Cluster(self.rule, self.records[mask], words, shown=shown, **found)  # type: ignore[arg-type]  # remedy or hint

    def shows(self, text: str, value: str) -> ShownValue:
        """Return a record of the fact that a text of a cause shows a value of this column."""
        return ShownValue(self.column.name, text, value)

    def without(self, mask: Mask) -> BrokenValues:
        """Return the values without the records under a mask."""
        keep = np.flatnonzero(~mask)
        return replace(self, records=self.records[keep], values=self.values.take(pa.array(keep)))

    def accepted(self, changed: Column) -> Mask:
        """Return which values keep the rule if the column is declared otherwise; empty ones are left out."""
        name = changed.name
        columns = ChunkColumns(
            columns={name: changed},
            empty_values=tuple(self.document.source.empty_values),
            texts={name: self.values},
            lines=np.zeros(len(self.values), dtype=np.int64),
            lookups={} if self.looked_up is None else {f"{name}.lookup": self.looked_up},
        )
        return columns.known_mask(name) & ~KINDS[self.key].mask(changed)(columns)
