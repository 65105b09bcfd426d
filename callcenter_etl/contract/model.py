"""The frozen model of a contract: source format, columns, rules, limits."""

from __future__ import annotations

import codecs
import re
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator

from callcenter_etl.contract.column import Column, ColumnType, Lookup
from callcenter_etl.contract.examples import Examples
from callcenter_etl.contract.key_types import (
    Flag,
    FrozenModel,
    OptionalCount,
    OptionalText,
    OptionalTextList,
    Size,
    Text,
    TextList,
    Texts,
    as_count,
    as_null,
    number_in,
    show,
)
from callcenter_etl.contract.quoting import quoted
from callcenter_etl.contract.run_defaults import RunDefaults
from callcenter_etl.contract.suggestions import did_you_mean
from callcenter_etl.errors import UsageError

Severity = Literal["error", "warn"]
# Python counts these among the text encodings, but no file of records is written in them.
_NO_TEXT_CODECS = ("unicode_escape", "raw_unicode_escape", "idna", "punycode", "undefined")


class FileName(FrozenModel):
    """Rules of a source's file name; each key is optional."""

    pattern: OptionalText = Field(None, description="full match, RE2 syntax")
    length: OptionalCount = Field(None, description="in characters")
    extensions: Texts = Field((), description="what the name may end in")


class SourceFormat(FrozenModel):
    """The dialect of the source: delimiter, quoting, encoding, header."""

    filename: FileName | None = Field(None, description="rules of the file name")
    delimiter: Text = Field(",", description="any one character, \\t included")
    quote: OptionalText = Field('"', description="one character, or null: quotes are ordinary text")
    encoding: Text = Field("utf-8", description="any Python codec of text; a BOM is dropped")
    header: Literal["exact", "any_order", "by_name", "none"] = Field(
        "exact", description="how the header is compared"
    )
    header_case: Literal["exact", "ignore"] = Field(
        "exact", description="does letter case count in header names?"
    )
    quoting: Literal["strict", "lenient"] = Field(
        "strict",
        description="text after a closing quote: malformed, or kept. lenient with multiline: a stray quote may join lines; a quote escaped with a backslash never does",
    )
    multiline: Flag = Field(default=False, description="may a quoted value contain line breaks?")
    empty_values: TextList = Field(("",), description="values that mean nothing")
    max_bytes: Size = Field(100 * 2**30, description="most bytes a compressed source may grow to")

    @field_validator("delimiter", "quote", mode="after")
    @classmethod
    def _one_character(cls, value: str | None) -> str | None:
        # In single quotes YAML keeps \t as two characters.
        value = "\t" if value == "\\t" else value
        if value is not None and (len(value) != 1 or value in "\r\n"):
            raise ValueError(f"one character that is no line break is expected, not {quoted(value)}")
        return value

    @field_validator("encoding", mode="after")
    @classmethod
    def _text_codec(cls, value: str) -> str:
        try:
            info = codecs.lookup(value)
        except (LookupError, ValueError):
            known = (
                "utf-8",
                "utf-16",
                "latin-1",
                "cp1252",
                "cp1254",
                "iso8859-15",
                "shift_jis",
                "gb18030",
                "big5",
            )
            raise ValueError(f"unknown encoding {quoted(value)}{did_you_mean(value, known)}") from None
        # Only this private attribute separates codecs of text from those of bytes, such as base64.
        if not getattr(info, "_is_text_encoding", True) or info.name.replace("-", "_") in _NO_TEXT_CODECS:
            raise ValueError(f"{quoted(value)} is no encoding of text files (utf-8 or cp1252, say)")
        # A BOM is dropped in any case, so both names are the same encoding.
        return "utf-8" if info.name in ("utf-8-sig", "utf-8") else info.name


class RecordRule(FrozenModel):
    """A rule over a whole record: a check with an optional condition, or a unique key."""

    name: Text = Field(description="the rule's id")
    check: OptionalText = Field(None, description="an expression that must not come out false")
    when: OptionalText = Field(None, description="the check is asked only where this holds")
    unique: OptionalTextList = Field(None, description="columns with a unique combination of values")
    severity: Severity = Field("error", description="error or warn")
    reason: OptionalText = Field(None, description="replaces the standard sentence")
    description: OptionalText = Field(None, description="for people")


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
    "RecordRule",
    "Severity",
    "SourceFormat",
]
