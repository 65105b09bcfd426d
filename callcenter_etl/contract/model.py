"""The frozen model of a contract: columns, rules, limits, and the parts of modules of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from callcenter_etl.contract.column import Column, ColumnType
from callcenter_etl.contract.examples import Examples
from callcenter_etl.contract.expressions import ExpressionColumns
from callcenter_etl.contract.key_types import (
    Flag,
    FrozenModel,
    OptionalCount,
    OptionalText,
    OptionalTextList,
    Text,
    as_count,
    as_null,
    number_in,
    show,
)
from callcenter_etl.contract.lookup_keys import Lookup, RecordLookup
from callcenter_etl.contract.run_defaults import RunDefaults
from callcenter_etl.contract.source_format import FileName, SourceFormat
from callcenter_etl.errors import UsageError

Severity = Literal["error", "warn"]


class RecordRule(FrozenModel):
    """A rule over a whole record: a check, a unique key or a lookup, with an optional condition."""

    name: Text = Field(description="the rule's id")
    check: OptionalText = Field(None, description="an expression that must not come out false")
    when: OptionalText = Field(None, description="the rule applies only to records for which this is true")
    unique: OptionalTextList = Field(None, description="columns with a unique combination of values")
    ignore_case: Flag = Field(default=False, description="unique values in any letter case")
    lookup: RecordLookup | None = Field(None, description="the values together must be a row of another file")
    severity: Severity = Field("error", description="error or warn")
    reason: OptionalText = Field(None, description="replaces the standard sentence")
    description: OptionalText = Field(None, description="for people")


def expression_columns(columns: Iterable[Column]) -> ExpressionColumns:
    """Return the columns of a contract without faults for its expressions."""
    known = tuple(columns)
    return ExpressionColumns(
        types={column.name: column.type for column in known},
        timezones={column.name: column.timezone for column in known if column.timezone is not None},
    )


class MaxRejected(FrozenModel):
    """The limit of rejects in a run: a count, or a percentage of the records read."""

    count: int | None = None
    percent: Decimal | None = None

    @classmethod
    def parse(cls, text: str) -> MaxRejected:
        """Read `10` or `5%`. Raises UsageError for anything else."""
        try:
            return cls(**_limit(text))
        except ValueError as error:
            raise UsageError(str(error)) from error

    def exceeded(self, rejected: int, read: int) -> bool:
        """Return whether the number of `rejected` records among those `read` is over the limit."""
        if self.count is not None:
            return rejected > self.count
        # Fractions, since 0.1% of 3,000,000 records in floats may be one record off.
        return Fraction(rejected) * 100 > Fraction(self.percent or 0) * read

    def __str__(self) -> str:
        return f"{self.count:,}" if self.count is not None else f"{self.percent}%"


def _limit(value: Any) -> Any:
    if isinstance(value, MaxRejected) or as_null(value) is None:
        return as_null(value)
    match = re.fullmatch(r"([0-9]{1,18}(?:\.[0-9]{1,18})?)\s*%", str(value))
    if match is not None:
        percent = Decimal(match[1])
        if percent > 100:
            raise ValueError(f"a percentage of 100% at most is expected, not {show(value)}")
        return {"percent": percent}
    # A plain str is from the command line; in a contract, scalars are Scalar and a count in quotes is a text.
    count = number_in(value) if type(value) is str else value
    try:
        return {"count": as_count(count)}
    except ValueError:
        raise ValueError(
            f"a count such as 10 or a percentage such as 5% is expected, not {show(value)}"
        ) from None


class Limits(FrozenModel):
    """The limits of a run: the most records that it may reject, and the fewest that it must read."""

    max_rejected: Annotated[
        MaxRejected | None,
        BeforeValidator(_limit),
        WithJsonSchema({"type": ["integer", "string", "null"], "pattern": r"^[0-9]+(\.[0-9]+)?\s*%?$"}),
    ] = Field(None, description="a count, or a percentage of the records read")
    min_records: OptionalCount = Field(None, description="fewest records a source may have")


class ContractDocument(FrozenModel):
    """The contract of one dataset."""

    contract: Text = Field(description="id: letters, digits, _ and -", pattern=r"^[A-Za-z0-9_-]+$")
    version: Text = Field("0.0.0", description="such as 1.0.0")
    description: OptionalText = Field(None, description="for people")
    owner: OptionalText = Field(None, description="whom to ask")
    source: SourceFormat = Field(default_factory=SourceFormat, description="how the source is written")
    columns: tuple[Column, ...] = Field(description="the columns in their order", min_length=1)
    rules: tuple[RecordRule, ...] = Field((), description="rules over whole records")
    limits: Limits = Field(default_factory=Limits, description="how many rejects still pass")
    run: RunDefaults = Field(default_factory=RunDefaults, description="defaults of a run")
    examples: Examples = Field(
        default_factory=Examples,
        description="records that keep the contract, and records that break it",
    )


__all__ = [
    "Column",
    "ColumnType",
    "ContractDocument",
    "FileName",
    "Limits",
    "Lookup",
    "MaxRejected",
    "RecordLookup",
    "RecordRule",
    "Severity",
    "SourceFormat",
    "expression_columns",
]
