"""Delimited records: fields between delimiters, with or without quotes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.sources.blocks import RecordFormat
from callcenter_etl.sources.dialect import Dialect, dialect_of
from callcenter_etl.sources.framing import FIELDS, QUOTE
from callcenter_etl.sources.quotes import split_fields

_BREAKS = ("\r", "\n")


@dataclass(frozen=True, slots=True)
class DelimitedFormat:
    """A `LineFormat` of delimited records."""

    dialect: Dialect

    @property
    def converts(self) -> bool:
        """Return False: the lines are the stored bytes."""
        return False

    def lines_of(self, blocks: Iterator[bytes], uri: str) -> Iterator[bytes]:  # noqa: ARG002
        """Return the stored bytes, which are the lines."""
        return blocks

    def split(self, line: str) -> tuple[str, ...]:
        """Return the fields between the delimiters of a line."""
        return tuple(split_fields(line, self.dialect.delimiter, self.dialect.quote))

    def records(self, fields: int, chunk_rows: int | None) -> RecordFormat:
        """Return the format of records with a number of fields."""
        return RecordFormat(self.dialect, fields, chunk_rows)

    def text(self, values: Sequence[str]) -> str:
        """Return the values between delimiters, in quotes where they need them."""
        return self.dialect.delimiter.join(map(self._field, values))

    def unwritable(self, position: int, value: str) -> tuple[int, str] | None:  # noqa: ARG002
        """Return status and reason where a value needs quotes or several lines, which the dialect does not have."""
        dialect = self.dialect
        breaks = any(each in value for each in _BREAKS)
        if dialect.quote is None and (dialect.delimiter in value or breaks):
            return FIELDS, "holds a delimiter or line break, and the source has no quotes"
        if breaks and not dialect.multiline:
            return QUOTE, "holds a line break, which source.multiline does not allow"
        return None

    def _field(self, value: str) -> str:
        quote = self.dialect.quote
        if quote is None or not any(mark in value for mark in (self.dialect.delimiter, quote, *_BREAKS)):
            return value
        return quote + value.replace(quote, quote * 2) + quote


def delimited_format(document: ContractDocument) -> DelimitedFormat:
    """Return the delimited format that a contract declares."""
    return DelimitedFormat(dialect_of(document))
