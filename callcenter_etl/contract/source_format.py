"""The `source` section of a contract: file name, dialect, encoding and header of the source."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator, model_validator

from callcenter_etl.contract.key_types import (
    Count,
    Flag,
    FrozenModel,
    OptionalCount,
    OptionalFlag,
    OptionalText,
    Size,
    Text,
    TextList,
    Texts,
    as_count,
    one_character,
)
from callcenter_etl.contract.quoting import quoted
from callcenter_etl.contract.scalar import Scalar
from callcenter_etl.contract.side_files import Checksum, Control
from callcenter_etl.contract.surroundings import AfterHeader, Footer, Preamble
from callcenter_etl.contract.text_codecs import text_codec
from callcenter_etl.contract.value_fields import Fields

DELIMITED, FIXED_WIDTH, EXCEL = "delimited", "fixed_width", "excel"
# Of fixed width a header line is rare, and quotes are text there. A cell may hold line breaks.
FORMAT_DEFAULTS: dict[str, dict[str, Any]] = {
    FIXED_WIDTH: {"header": "none", "quote": None},
    EXCEL: {"multiline": True},
}
# Keys that mean nothing in other formats than the delimited one.
DELIMITED_KEYS = (
    "delimiter",
    "quote",
    "quoting",
    "multiline",
    "escape",
    "double_quote",
    "skip_initial_space",
    "trailing_delimiter",
)
# A workbook declares its encoding itself, and its rows are as long as its header.
NO_EXCEL_KEYS = ("encoding", "short_records")
MAX_DELIMITER = 8  # characters


def _as_sheet(value: Any) -> int | str:
    """Return the name of a sheet, or its number where the value is one and not a text of digits."""
    is_text = isinstance(value, Scalar) and value.tag == "str"
    if isinstance(value, str) and (is_text or not isinstance(value, Scalar)):
        return str(value)
    number = as_count(value)
    if number == 0:
        raise ValueError("sheets are counted from 1")
    return number


Sheet = Annotated[
    int | str, BeforeValidator(_as_sheet), WithJsonSchema({"type": ["integer", "string"], "minimum": 1})
]


class FileName(FrozenModel):
    """Rules of a source's file name; each key is optional."""

    pattern: OptionalText = Field(None, description="full match, RE2 syntax")
    length: OptionalCount = Field(None, description="in characters")
    extensions: Texts = Field((), description="what the name may end in")
    fields: Fields = Field(
        default_factory=dict, description="types of the pattern's named groups, text otherwise"
    )


class SourceFormat(FrozenModel):
    """The dialect of the source: delimiter, quoting, encoding, header."""

    format: Literal["delimited", "fixed_width", "excel"] = Field(
        "delimited",
        description="fixed_width: each column has width, or start and end; excel: a sheet of a workbook (extra excel)",
    )
    member: OptionalText = Field(
        None, description="which members of a .zip or .tar archive are sources, a glob; one member needs none"
    )
    sheet: Sheet = Field(1, description="excel: name of the sheet, or its number, counted from 1")
    filename: FileName | None = Field(None, description="rules of the file name")
    preamble: Preamble | None = Field(None, description="lines above the header")
    header_lines: Count = Field(
        1, description="lines of the header; the parts of a name are joined with a space"
    )
    after_header: AfterHeader | None = Field(
        None, description="lines below the header, such as types or units"
    )
    comment: OptionalText = Field(None, description="a line that begins with this text is a comment")
    footer: Footer | None = Field(None, description="the last lines of the source, such as totals")
    delimiter: Text = Field(",", description="one to eight characters, \\t included")
    quote: OptionalText = Field('"', description="one character, or null: quotes are ordinary text")
    escape: OptionalText = Field(
        None, description="this character takes the meaning from the next one, inside and outside quotes"
    )
    double_quote: OptionalFlag = Field(
        None,
        description="is a doubled quote in a quoted value one quote? by default only without escape",
        json_schema_extra={"default": None},
    )
    skip_initial_space: Flag = Field(
        default=False, description="do spaces after a delimiter belong to no value?"
    )
    trailing_delimiter: Flag = Field(
        default=False, description="may records end in a delimiter that begins no field?"
    )
    short_records: Literal["malformed", "empty"] = Field(
        "malformed",
        description="fields missing at the end of a record: malformed, or empty values and the warning record.short",
    )
    encoding: Text = Field("utf-8", description="any Python codec of text; a BOM is dropped")
    header: Literal["exact", "any_order", "by_name", "none"] = Field(
        "exact", description="how the header is compared"
    )
    header_case: Literal["exact", "ignore"] = Field(
        "exact", description="does letter case count in header names?"
    )
    unexpected_columns: Literal["refuse", "warn", "ignore"] | None = Field(
        None,
        description="columns of the header that the contract lacks: refuse the source (default of exact and any_order), carry them along with a warning, or without (default of by_name)",
    )
    quoting: Literal["strict", "lenient"] = Field(
        "strict",
        description="text after a closing quote: malformed, or kept. lenient with multiline: a stray quote may join lines; a quote escaped with a backslash never does",
    )
    multiline: Flag = Field(default=False, description="may a quoted value contain line breaks?")
    empty_values: TextList = Field(("",), description="values that mean nothing")
    control: Control | None = Field(None, description="a file beside the source with values of the run")
    checksum: Checksum | None = Field(None, description="a file beside the source with its SHA-256 or MD5")
    max_bytes: Size = Field(100 * 2**30, description="most bytes a compressed source may grow to")

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_format(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {**FORMAT_DEFAULTS.get(str(data.get("format")), {}), **data}

    @property
    def on_unexpected(self) -> str:
        """The answer to columns that the contract lacks: refuse, warn or ignore."""
        if self.unexpected_columns is not None:
            return self.unexpected_columns
        return "ignore" if self.header == "by_name" else "refuse"

    @property
    def carries_columns(self) -> bool:
        """Whether a source may have columns that the contract lacks."""
        return self.on_unexpected != "refuse"

    @property
    def doubles_quotes(self) -> bool:
        """Return whether a doubled quote in a quoted value is one quote."""
        return self.escape is None if self.double_quote is None else self.double_quote

    @field_validator("delimiter", mode="after")
    @classmethod
    def _delimiter(cls, value: str) -> str:
        # In single quotes YAML keeps \t as two characters.
        value = "\t" if value == "\\t" else value
        if not 1 <= len(value) <= MAX_DELIMITER or "\r" in value or "\n" in value:
            expected = f"one to {MAX_DELIMITER} characters without a line break are expected"
            raise ValueError(f"{expected}, not {quoted(value)}")
        return value

    @field_validator("quote", "escape", mode="after")
    @classmethod
    def _one_character(cls, value: str | None) -> str | None:
        return one_character(value)

    @field_validator("encoding", mode="after")
    @classmethod
    def _text_codec(cls, value: str) -> str:
        return text_codec(value)

    def of_outputs(self) -> Self:
        """Return the format of target and rejected: that of the source, CSV for a workbook, of any name and alone."""
        form = DELIMITED if self.format == EXCEL else self.format
        return self.model_copy(update={"filename": None, "control": None, "checksum": None, "format": form})
