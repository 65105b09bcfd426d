"""Protocol of the formats in which a record is a line of text, or several: how lines become values, and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from callcenter_etl.diagnostic import Diagnostic
from callcenter_etl.sources.blocks import RecordFormat
from callcenter_etl.sources.dialect import Dialect


class WrongFormatError(ValueError):
    """The stored file is in another format than the contract declares; the source is refused with the problem."""

    def __init__(self, problem: Diagnostic) -> None:
        super().__init__(problem.message)
        self.problem = problem


class LineFormat(Protocol):
    """A format of lines, as a contract declares it. `LineSource` does all that these formats have in common."""

    @property
    def dialect(self) -> Dialect:
        """Dialect in which the lines are framed."""

    @property
    def converts(self) -> bool:
        """Return whether the lines are made from the stored file, so that their size says nothing about its size."""

    def lines_of(self, blocks: Iterator[bytes], uri: str) -> Iterator[bytes]:
        """Yield the bytes of the lines from those of the stored file. Raises SourceError or WrongFormatError."""

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
