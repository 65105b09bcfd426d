"""Text of a block with one byte each for delimiter and quote, as Arrow's parser can read it.

Text that would be mistaken for a mark is written with bytes that UTF-8 does not have, and restored in the parsed values.
So a block can hold any text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from callcenter_etl.sources.dialect import Dialect

Offsets = NDArray[np.int64]
# Bytes that occur nowhere in UTF-8. In a line that does not decode they have no meaning, either.
STAND_INS = bytes(range(0xF5, 0xFF))
DELIMITER, QUOTE, NEWLINE, RETURN, LITERAL_DELIMITER, LITERAL_QUOTE, ESCAPE, VERBATIM, PADDING, COVERED = (
    STAND_INS
)


@dataclass(frozen=True, slots=True)
class Marks:
    """The single bytes of ASCII that represent delimiter and quote in one block.

    `restore` lists each replacement with its text, to be put back into parsed values in this order. `verbatim` lists
    fields of which the escapes keep their text: as they are in the block, and as they are in the source.
    """

    delimiter: int
    quote: int | None
    double_quote: bool = True
    restore: tuple[tuple[bytes, bytes], ...] = ()
    verbatim: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def has_stand_ins(self) -> bool:
        """Return whether the text may hold bytes that are not UTF-8."""
        return bool(self.verbatim) or any(found[0] in STAND_INS for found, _ in self.restore)

    def restoring(self, stand_ins: Iterable[tuple[int, bytes]]) -> Marks:
        """Return the marks with more replacements to restore."""
        more = [(bytes([stand_in]), wanted) for stand_in, wanted in stand_ins]
        if all(each in self.restore for each in more):
            return self
        return replace(self, restore=tuple(dict.fromkeys((*self.restore, *more))))


@dataclass(frozen=True, slots=True)
class MarkedBlock:
    """The text of a block, its marks, and the indices of the lines with an escape before their end."""

    text: bytes
    marks: Marks
    open_lines: Offsets = field(default_factory=lambda: np.empty(0, dtype=np.int64))


def mark_block(text: bytes, dialect: Dialect) -> MarkedBlock:
    """Return the block with single-byte delimiter and quote, and these bytes."""
    text, marks = mark_quotes(text, dialect)
    delimiter = dialect.delimiter.encode("utf-8")
    if len(delimiter) > 1:
        text = text.replace(delimiter, bytes([marks.delimiter]))
    return MarkedBlock(text, marks)


def mark_quotes(text: bytes, dialect: Dialect) -> tuple[bytes, Marks]:
    """Return the block with a single-byte quote, without any other occurrence of the bytes of the marks.

    Delimiters of several bytes are still in the text.
    """
    # Arrow's parser takes a delimiter and a quote of one byte of ASCII each.
    delimiter, quote, escape = (
        (mark or "").encode("utf-8") for mark in (dialect.delimiter, dialect.quote, dialect.escape)
    )
    reserved = {*b"\t\n\r ", *delimiter, *quote, *escape}
    found: list[int] = []
    restore: list[tuple[int, bytes]] = []
    for wanted, literal in ((delimiter, LITERAL_DELIMITER), (quote, LITERAL_QUOTE)):
        if len(wanted) == 1 or not wanted:
            found.extend(wanted)
            continue
        byte = _free_byte(text, reserved)
        reserved.add(byte)
        found.append(byte)
        restore.insert(0, (byte, wanted))
        if byte in text:
            text = text.replace(bytes([byte]), bytes([literal]))
            restore.append((literal, bytes([byte])))
    if len(quote) > 1:
        text = text.replace(quote, bytes([found[1]]))
    marks = Marks(found[0], found[1] if quote else None, double_quote=dialect.double_quote)
    return text, marks.restoring(restore)


def _free_byte(text: bytes, reserved: set[int]) -> int:
    """Return a byte of ASCII that the text does not hold, any that is not reserved where it holds all of them."""
    # Control bytes come first: text rarely holds one, so that other blocks of the source can use the same.
    free = [byte for byte in range(1, 128) if byte not in reserved]
    return next((byte for byte in free if byte not in text), free[0])


def write_record(
    values: Iterable[bytes], dialect: Dialect, marks: Marks, *, quoted_end: bool = False
) -> tuple[bytes, Marks]:
    """Return a record of these values without quotes, with its line end, and the marks that restore its values.

    With `quoted_end` the last value is empty, and keeps its quotes.
    """
    delimiter, quote = dialect.delimiter.encode("utf-8"), (dialect.quote or "").encode("utf-8")
    stand_ins = [(NEWLINE, b"\n"), (RETURN, b"\r")]
    byte = bytes([marks.delimiter])
    stand_ins.append((DELIMITER, delimiter) if byte == delimiter else (LITERAL_DELIMITER, byte))
    if marks.quote is not None:
        byte = bytes([marks.quote])
        stand_ins.append((QUOTE, quote) if byte == quote else (LITERAL_QUOTE, byte))
    table = bytes.maketrans(b"".join(each for _, each in stand_ins), bytes(each for each, _ in stand_ins))
    text = bytes([marks.delimiter]).join(value.translate(table) for value in values)
    if quoted_end and marks.quote is not None:
        text += (
            bytes([marks.quote]) * 2
        )  # without them the record would end with a delimiter, which begins no field
    return text + b"\n", marks.restoring(each for each in stand_ins if each[0] in text)
