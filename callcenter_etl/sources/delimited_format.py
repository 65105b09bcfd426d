"""Delimited records: fields between delimiters, with or without quotes."""

from __future__ import annotations

from dataclasses import dataclass

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.sources.blocks import RecordFormat
from callcenter_etl.sources.dialect import Dialect, dialect_of
from callcenter_etl.sources.record_scanner import split_fields


@dataclass(frozen=True, slots=True)
class DelimitedFormat:
    """A `LineFormat` of delimited records."""

    dialect: Dialect

    def names(self, line: str) -> tuple[str, ...]:
        """Return the names between the delimiters of a header line."""
        names = split_fields(line, self.dialect)
        if self.dialect.trailing_delimiter and len(names) > 1 and not names[-1]:
            names.pop()  # the header line ends in a delimiter, as records may
        return tuple(names)

    def records(self, fields: int, chunk_rows: int | None) -> RecordFormat:
        """Return the format of records with a number of fields."""
        return RecordFormat(self.dialect, fields, chunk_rows)


def delimited_format(document: ContractDocument) -> DelimitedFormat:
    """Return the delimited format that a contract declares."""
    return DelimitedFormat(dialect_of(document))
