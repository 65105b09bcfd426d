"""The examples of a contract: records, each with the rules that it breaks."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from callcenter_etl.contract.key_types import Record, TextList


class FailingExample(BaseModel):
    """A record and the rules that it breaks, errors and warnings alike."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    record: Record = Field(description="its values by column; a column left out is empty")
    breaks: TextList = Field(description="ids of all the rules that it breaks")
    after: tuple[Record, ...] = Field((), description="records that precede it, for rules of uniqueness")


class Examples(BaseModel):
    """The example records that `contract test` checks against the contract."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # `pass` is a keyword of Python, hence the aliases.
    passing: tuple[Record, ...] = Field((), alias="pass", description="records that break no rule")
    failing: tuple[FailingExample, ...] = Field((), alias="fail", description="records that break some")
