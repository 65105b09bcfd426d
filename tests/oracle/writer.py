"""The writing of generated records: quotes, escapes and delimiters as the contract says."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.oracle.contracts import chance
from tests.oracle.splitter import Dialect

LINE_ENDS = ("\n", "\r\n", "\r")


@dataclass(frozen=True, slots=True)
class Style:
    """How the file is written. `pools` and `misses` have the values of each column, in the order of the file."""

    rng: random.Random
    dialect: Dialect
    encoding: str
    pools: tuple[tuple[str, ...], ...]
    misses: tuple[tuple[str, ...], ...]

    @property
    def delimiter(self) -> str:
        return self.dialect.delimiter

    @property
    def quote(self) -> str | None:
        return self.dialect.quote

    def enclose(self, value: str) -> str:
        if self.quote is None:
            return value
        return self.quote + self.within_quotes(value, self.quote) + self.quote

    def within_quotes(self, value: str, quote: str) -> str:
        """Write what is between the quotes; without a way to write a quote it is doubled, which is dirt."""
        escape = self.dialect.escape
        if escape is None:
            return value.replace(quote, quote * 2)
        doubles = self.dialect.doubles_quotes and chance(self.rng, 50)
        written = value.replace(escape, escape * 2).replace(quote, quote * 2 if doubles else escape + quote)
        return self.over_escaped(written)

    def over_escaped(self, text: str) -> str:
        """Now and then escape a letter that needs none."""
        escape = self.dialect.escape or ""
        if chance(self.rng, 90):
            return text
        return "".join(escape + char if char.isalnum() and chance(self.rng, 30) else char for char in text)

    def escaped(self, value: str) -> str:
        """Write a value without quotes: escapes before all that would mean something."""
        dialect = self.dialect
        escape = dialect.escape or ""
        written = ""
        place = 0
        while place < len(value):
            special = value.startswith(
                (escape, dialect.delimiter, dialect.quote or escape, "\r", "\n"), place
            )
            lost = value[place] == " " and place == 0 and dialect.skips_spaces
            # A CRLF is one line end: one escape is before both characters.
            taken = 2 if value.startswith("\r\n", place) else 1
            written += (escape if special or lost else "") + value[place : place + taken]
            place += taken
        return written

    def field(self, value: str) -> str:
        """Quote where it must be, and now and then where it need not."""
        if self.dialect.escape is not None and (self.quote is None or chance(self.rng, 50)):
            return self.escaped(value)
        special = (self.delimiter, self.quote or self.delimiter, "\n", "\r", self.dialect.escape or "\n")
        needs = any(mark in value for mark in special)
        return self.enclose(value) if needs or chance(self.rng, 12) else value

    def line(self, values: list[str]) -> str:
        if values and self.dialect.may_be_short and chance(self.rng, 20):
            values = values[: self.rng.randint(1, len(values))]
        return self.full_line(values)

    def full_line(self, values: list[str]) -> str:
        """Write all values; spaces and a last delimiter are there now and then where the dialect has them."""
        dialect = self.dialect
        text = ""
        for place, value in enumerate(values):
            if place > 0:
                spaces = self.rng.randint(1, 3) if dialect.skips_spaces and chance(self.rng, 20) else 0
                text += dialect.delimiter + " " * spaces
            text += self.field(value)
        return text + dialect.delimiter if dialect.may_trail and chance(self.rng, 50) else text


def encode(style: Style, text: str) -> bytes:
    """Encode; characters that the encoding does not have become question marks."""
    codec = "utf-16-le" if style.encoding == "utf-16" else style.encoding
    return text.encode(codec, errors="replace")
