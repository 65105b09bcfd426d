"""The values that break a rule, and groups of their records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from callcenter_etl.contract.model import Column, ContractDocument
from callcenter_etl.rules.masks import Mask
from callcenter_etl.tools.explain.remedies import Indices, Remedy


@dataclass(frozen=True, slots=True)
class ShownValue:
    """A `text` in the words of a cause that shows a `value` of a column, so that a report can mask it."""

    column: str
    text: str
    value: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """Records that broke a rule in one way: which, in words, and what could be done (a remedy, or a hint).

    `shown` lists the values of the source in all these words.
    """

    rule: str
    records: Indices
    what: str
    remedy: Remedy | None = None
    hint: str | None = None
    shown: tuple[ShownValue, ...] = ()


@dataclass(frozen=True, slots=True)
class BrokenValues:
    """The values of a column that broke one of its rules, beside the indices of their records."""

    document: ContractDocument
    column: Column
    key: str
    records: Indices
    values: pa.StringArray

    @property
    def rule(self) -> str:
        """The rule's id."""
        return f"{self.column.name}.{self.key}"

    def cluster(
        self, mask: Mask, what: str, *, shown: tuple[ShownValue, ...] = (), **found: Remedy | str | None
    ) -> Cluster:
        """Return the records under a mask as a cluster; `shown` are the values in its words."""
        words = f"{self.column.name} {what}"
        return Cluster(self.rule, self.records[mask], words, shown=shown, **found)  # type: ignore[arg-type]  # remedy or hint

    def shows(self, text: str, value: str) -> ShownValue:
        """Return the mark that a text of a cause shows a value of this column."""
        return ShownValue(self.column.name, text, value)

    def without(self, mask: Mask) -> BrokenValues:
        """Leave the records under a mask out."""
        keep = np.flatnonzero(~mask)
        return BrokenValues(
            self.document, self.column, self.key, self.records[keep], self.values.take(pa.array(keep))
        )
