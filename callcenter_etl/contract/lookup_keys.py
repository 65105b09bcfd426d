"""The keys of lookups: a column of another file in which the values of a column must occur."""

from __future__ import annotations

from pydantic import Field

from callcenter_etl.contract.key_types import FrozenModel, Text
from callcenter_etl.contract.storage_options import Address


class Lookup(FrozenModel):
    """A column of a CSV file in which a value must occur."""

    file: Address = Field(description="path relative to the contract, or an address such as s3://")
    column: Text = Field(description="name of the column in that file")
