"""Protocol of the formats in which a record is a line of text, or several: how lines become values, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from callcenter_etl.sources.blocks import RecordFormat
from callcenter_etl.sources.dialect import Dialect


class LineFormat(Protocol):
    """A format of lines, as a contract declares it. `LineSource` does all that these formats have in common."""

    @property
    def dialect(self) -> Dialect:
        """Dialect in which the lines are framed."""

    def split(self, line: str) -> tuple[str, ...]:
        """Return the fields of one line without its line end, such as a header line."""

    def records(self, fields: int, chunk_rows: int | None) -> RecordFormat:
        """Return the format of records with a number of fields, in chunks of at most `chunk_rows` records."""

    def text(self, values: Sequence[str]) -> str:
        """Return the text of a record with these values, without a line end."""

    def unwritable(self, position: int, value: str) -> tuple[int, str] | None:
        """Return status and reason where no record can have this value at a 0-based position, None where one can.

        The reason continues a sentence about the value, such as `holds a line break`.
        """
