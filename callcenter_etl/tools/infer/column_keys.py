"""Counts the repeated values of a column."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter_etl.rules.masks import as_mask
from callcenter_etl.uniqueness import KeyRegistry


class Keys:
    """Counts the repeated values of a column within each sample, exactly, until there are more than `most`.

    Values that a spreadsheet may have destroyed (`odd`) repeat for that reason, and are counted separately.
    `registry` holds the keys of the present sample and spills to disk.
    """

    def __init__(self, *, most: int) -> None:
        self.repeats = 0
        self.odd_repeats = 0
        self.alive = True
        self.registry: KeyRegistry | None = None
        self._most = most

    def add(self, values: pa.StringArray, lines: NDArray[np.int64], odd: pa.Array) -> None:
        """Count the values of a chunk with their lines; `odd` has the distinct values to count separately."""
        if self.alive and self.registry is not None and len(values):
            found = self.registry.first_lines(pc.cast(pc.cast(values, pa.binary()), pa.large_binary()), lines)
            repeated = values.filter(pa.array(found >= 0))
            odd_repeats = int(as_mask(pc.is_in(repeated, value_set=odd)).sum()) if len(odd) else 0
            self.repeats += len(repeated) - odd_repeats
            self.odd_repeats += odd_repeats
            self.alive = self.repeats <= self._most
