"""The keys of lookups: other files in which the values of a column, or of several, must occur."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator

from callcenter_etl.contract.key_types import FrozenModel, OptionalText, Text, as_text, one_character, show
from callcenter_etl.contract.storage_options import Address
from callcenter_etl.contract.text_codecs import text_codec


class LookupSource(FrozenModel):
    """The dialect of a lookup file."""

    delimiter: Text = Field(",", description="one character, \\t included")
    quote: OptionalText = Field('"', description="one character, or null: quotes are ordinary text")
    encoding: Text = Field("utf-8", description="any Python codec of text; a BOM is dropped")

    @field_validator("delimiter", "quote", mode="after")
    @classmethod
    def _one_character(cls, value: str | None) -> str | None:
        # In single quotes YAML keeps \t as two characters.
        return one_character("\t" if value == "\\t" else value)

    @field_validator("encoding", mode="after")
    @classmethod
    def _text_codec(cls, value: str) -> str:
        return text_codec(value)


class Lookup(FrozenModel):
    """A column of a CSV file in which a value must occur."""

    file: Address = Field(description="path relative to the contract, or an address such as s3://")
    column: Text = Field(description="name of the column in that file")
    source: LookupSource = Field(default_factory=LookupSource, description="how that file is written")


def _by_column(value: Any) -> Any:
    """Return the file's columns by the contract's; names in a list are those of both."""
    if isinstance(value, dict):
        return {str(name): as_text(column) for name, column in value.items()}
    if isinstance(value, (list, tuple)):
        names = [as_text(each) for each in value]
        return dict(zip(names, names, strict=True))
    raise ValueError(f"a list or mapping of columns is expected, not {show(value)}")


_NAMES = {"type": "array", "items": {"type": "string"}, "minItems": 1}
_MAPPING = {"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1}


class RecordLookup(FrozenModel):
    """Columns of a CSV file; the values of a record must be those of one of its rows."""

    file: Address = Field(description="path relative to the contract, or an address such as s3://")
    columns: Annotated[
        dict[str, str], BeforeValidator(_by_column), WithJsonSchema({"anyOf": [_NAMES, _MAPPING]})
    ] = Field(description="columns of the contract, or each with the name of its column in that file")
    source: LookupSource = Field(default_factory=LookupSource, description="how that file is written")
