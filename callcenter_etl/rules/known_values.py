"""Masks of rules that apply to known values: not blank, and of their type."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from callcenter_etl.contract.model import Column
from callcenter_etl.rules.masks import as_mask
from callcenter_etl.rules.rule_kind import Broken


def where_known(column: Column, kernel: Callable[[pa.StringArray], pa.BooleanArray]) -> Broken:
    """Return the mask of the known values for which a kernel over the texts is True."""
    name = column.name
    return lambda columns: columns.known_mask(name) & as_mask(kernel(columns.text(name)))
