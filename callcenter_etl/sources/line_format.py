"""Protocol of the formats in which a record is a line of text, or several: how lines become names and values."""

from __future__ import annotations

from typing import Protocol

from callcenter_etl.sources.blocks import RecordFormat
from callcenter_etl.sources.dialect import Dialect


class LineFormat(Protocol):
    """A format of lines, as a contract declares it. `LineSource` does all that these formats have in common."""

    @property
    def dialect(self) -> Dialect:
        """Dialect in which the lines are framed."""

    def names(self, line: str) -> tuple[str, ...]:
        """Return the names that a header line holds."""

    def records(self, fields: int, chunk_rows: int | None) -> RecordFormat:
        """Return the format of records with a number of fields, in chunks of at most `chunk_rows` records."""
