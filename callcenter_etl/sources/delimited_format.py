"""Delimited records: fields between delimiters, with or without quotes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.sources.blocks import RecordFormat
from callcenter_etl.sources.dialect import Dialect, dialect_of
from callcenter_etl.sources.field_text import LINE_BREAKS, can_hold, record_text
from callcenter_etl.sources.framing import FIELDS, QUOTE
from callcenter_etl.sources.record_scanner import split_header


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
        return tuple(split_header(line, self.dialect))

    def records(self, fields: int, chunk_rows: int | None) -> RecordFormat:
        """Return the format of records with a number of fields."""
        return RecordFormat(self.dialect, fields, chunk_rows)

    def text(self, values: Sequence[str]) -> str:
        """Return the values between delimiters, in quotes or escaped where they need it."""
        return record_text(values, self.dialect)

    def unwritable(self, position: int, value: str) -> tuple[int, str] | None:
        """Return status and reason where a value needs quotes or several lines, which the dialect does not have."""
        if not can_hold(value, self.dialect, first=position == 0):
            return FIELDS, _no_field(self.dialect)
        if not self.dialect.multiline and any(each in value for each in LINE_BREAKS):
            return QUOTE, "holds a line break, which source.multiline does not allow"
        return None


def _no_field(dialect: Dialect) -> str:
    if dialect.quote is None:
        return "holds a delimiter or line break, and the source has no quotes"
    return "needs quotes and holds one, and the source has no way to write that"


def delimited_format(document: ContractDocument) -> DelimitedFormat:
    """Return the delimited format that a contract declares."""
    return DelimitedFormat(dialect_of(document))
