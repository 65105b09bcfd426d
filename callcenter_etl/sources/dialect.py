"""Dialect of a source: delimiter, quote, escape, encoding, and what a record may lack."""

from __future__ import annotations

from dataclasses import dataclass

from callcenter_etl.contract.model import ContractDocument, SourceFormat

MAX_RECORD_BYTES = 16 * 2**20
MAX_JOINED_BYTES = 2**20
MAX_JOINED_LINES = 1000


@dataclass(frozen=True, slots=True)
class Dialect:
    """Delimiter, quote and encoding of a source, and its quoting rules; with `quote` None quotes are ordinary text.

    A line that begins with `comment` is a comment, None for none. `verbatim` are the empty values that hold the escape: an unquoted field of exactly this text is read before any
    escape is. With `skip_blank_lines` an empty line is no record in a source of one column either. `max_joined_lines` and `max_joined_bytes` bound a record of several lines.
    """

    delimiter: str = ","
    quote: str | None = '"'
    encoding: str = "utf-8"
    escape: str | None = None
    double_quote: bool = True
    skip_initial_space: bool = False
    trailing_delimiter: bool = False
    short_records: bool = False
    verbatim: tuple[str, ...] = ()
    lenient: bool = False
    multiline: bool = False
    comment: str | None = None
    max_record_bytes: int = MAX_RECORD_BYTES
    max_joined_lines: int = MAX_JOINED_LINES
    max_joined_bytes: int = MAX_JOINED_BYTES
    skip_blank_lines: bool = False

    @property
    def is_rewritten(self) -> bool:
        """Return whether blocks are rewritten before Arrow reads them, since it has no such escape or space."""
        return self.escape is not None or self.skip_initial_space


def dialect_of(document: ContractDocument) -> Dialect:
    """Return the dialect that a contract declares."""
    source = document.source
    return Dialect(
        delimiter=source.delimiter,
        quote=source.quote,
        encoding=source.encoding,
        escape=source.escape,
        double_quote=source.doubles_quotes,
        skip_initial_space=source.skip_initial_space,
        trailing_delimiter=source.trailing_delimiter,
        short_records=source.short_records == "empty",
        verbatim=tuple(value for value in source.empty_values if _is_verbatim(value, source)),
        lenient=source.quoting == "lenient",
        multiline=source.multiline,
        comment=source.comment,
    )


def _is_verbatim(value: str, source: SourceFormat) -> bool:
    """Return whether an unquoted field can have this text, with its escapes as they are."""
    escape, others = source.escape, ("\r", "\n", source.delimiter)
    if escape is None or escape not in value or any(each in value for each in others):
        return False
    if source.quote is not None and value.startswith(source.quote):
        return False
    # An escape at the end takes the meaning from the delimiter behind it, so that no field ends there.
    return (len(value) - len(value.rstrip(escape))) % 2 == 0
