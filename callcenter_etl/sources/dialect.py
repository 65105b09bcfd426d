"""Dialect of a source (delimiter, quote, encoding), and the single bytes that represent it in a block."""

from __future__ import annotations

from dataclasses import dataclass

from callcenter_etl.contract.model import ContractDocument
from callcenter_etl.errors import SourceError

MAX_RECORD_BYTES = 16 * 2**20
MAX_JOINED_BYTES = 2**20
MAX_JOINED_LINES = 1000


@dataclass(frozen=True, slots=True)
class Dialect:
    """Delimiter, quote and encoding of a source, and its quoting rules; with `quote` None quotes are ordinary text.

    A line that begins with `comment` is a comment, None for none.
    `max_joined_lines` and `max_joined_bytes` bound a record of several lines.
    """

    delimiter: str = ","
    quote: str | None = '"'
    encoding: str = "utf-8"
    lenient: bool = False
    multiline: bool = False
    comment: str | None = None
    max_record_bytes: int = MAX_RECORD_BYTES
    max_joined_lines: int = MAX_JOINED_LINES
    max_joined_bytes: int = MAX_JOINED_BYTES


@dataclass(frozen=True, slots=True)
class Marks:
    """The single bytes that represent delimiter and quote in one block.

    A delimiter of several bytes in UTF-8 is replaced in the block by an ASCII byte, a control byte if possible, that
    the block does not hold; `restore` lists each replacement with its text, to be put back into parsed values.
    """

    delimiter: int
    quote: int | None
    restore: tuple[tuple[str, str], ...] = ()


def mark_block(text: bytes, dialect: Dialect) -> tuple[bytes, Marks]:
    """Return the block with single-byte delimiter and quote, and these bytes.

    Raises SourceError where a replacement is needed and the block holds every byte of ASCII.
    """
    # Arrow's parser takes a delimiter and a quote of one byte each.
    taken = [
        *b"\t\n\r",
        *(ord(mark) for mark in (dialect.delimiter, dialect.quote or "") if mark.isascii() and mark),
    ]
    restore: list[tuple[str, str]] = []
    found: list[int | None] = []
    for wanted in (dialect.delimiter, dialect.quote):
        if wanted is None:
            found.append(None)
            continue
        encoded = wanted.encode("utf-8")
        if len(encoded) == 1:
            found.append(encoded[0])
            continue
        # A control byte first: text rarely holds one, so that other blocks of the source can use the same.
        stand_in = next((b for b in range(1, 128) if b not in taken and b not in text), None)
        if stand_in is None:
            raise SourceError(
                f"no character is left to stand for {wanted!r}, as the source holds all of ASCII"
            )
        taken.append(stand_in)
        text = text.replace(encoded, bytes([stand_in]))
        restore.append((chr(stand_in), wanted))
        found.append(stand_in)
    delimiter, quote = found
    if delimiter is None:
        raise TypeError("a dialect has a delimiter")
    return text, Marks(delimiter=delimiter, quote=quote, restore=tuple(restore))


def dialect_of(document: ContractDocument) -> Dialect:
    """Return the dialect that a contract declares."""
    source = document.source
    return Dialect(
        delimiter=source.delimiter,
        quote=source.quote,
        encoding=source.encoding,
        lenient=source.quoting == "lenient",
        multiline=source.multiline,
        comment=source.comment,
    )
