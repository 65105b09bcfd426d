"""One record's text to fields, a character at a time, in the dialect of the contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MAX_RECORD_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Dialect:
    """How to read: the parts of `source` that framing needs; `encoding` is an ASCII superset."""

    delimiter: str
    quote: str | None
    encoding: str
    is_strict: bool
    is_multiline: bool
    max_bytes: int
    escape: str | None
    doubles_quotes: bool
    skips_spaces: bool
    may_trail: bool
    may_be_short: bool
    comment: str | None
    empty_values: tuple[str, ...]


def dialect_of(source: dict[str, Any], encoding: str, max_bytes: int = MAX_RECORD_BYTES) -> Dialect:
    """Return the dialect that the keys of `source` declare."""
    escape = source.get("escape")
    return Dialect(
        delimiter=source.get("delimiter", ","),
        quote=source.get("quote", '"'),
        encoding=encoding,
        is_strict=source.get("quoting", "strict") == "strict",
        is_multiline=bool(source.get("multiline", False)),
        max_bytes=max_bytes,
        escape=escape,
        doubles_quotes=bool(source.get("double_quote", escape is None)),
        skips_spaces=bool(source.get("skip_initial_space", False)),
        may_trail=bool(source.get("trailing_delimiter", False)),
        may_be_short=source.get("short_records", "malformed") == "empty",
        comment=source.get("comment"),
        empty_values=tuple(source.get("empty_values", [""])),
    )


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a text means: its fields, and what is unusual about it.

    `is_open`: the text ends within quotes or after an escape. `has_tail`: text after a closing quote.
    `ends_in_nothing`: the text ends with a delimiter, or with spaces after it that belong to no value.
    """

    fields: list[str]
    is_open: bool
    has_tail: bool
    ends_in_nothing: bool

    def fits(self, width: int, dialect: Dialect) -> bool:
        """Return whether this is the right number of fields."""
        extra = dialect.may_trail and self.ends_in_nothing
        return len(self.fields) == width or (extra and len(self.fields) == width + 1)


class Splitter:
    """A text that is read piece by piece, each a line or a line end within a value.

    `state` is `start` (nothing of the field was read), `plain`, `quoted` or `closed` (after the closing quote).
    """

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.fields: list[str] = []
        self.has_tail = False
        self.is_dangling = False
        self.start_field()

    def start_field(self) -> None:
        # Lists, as adding to a long text copies it each time.
        self.value: list[str] = []
        self.raw: list[str] = []
        self.state = "start"
        self.was_quoted = False
        self.is_nothing = True

    def end_field(self) -> None:
        # `\N` is itself where the contract says that it means nothing: such a value is found before its escape is read.
        raw = "".join(self.raw)
        is_empty_value = not self.was_quoted and raw in self.dialect.empty_values
        self.fields.append(raw if is_empty_value else "".join(self.value))

    @property
    def is_open(self) -> bool:
        return self.state == "quoted" or self.is_dangling

    def feed(self, text: str) -> None:
        place = 0
        while place < len(text):
            place += self.step(text, place)

    def feed_line_end(self, ending: str) -> None:
        """Add a line end to the value that is open: within quotes, or after an escape."""
        self.is_dangling = False
        self.value.append(ending)
        self.raw.append(ending)
        if self.state != "quoted":
            self.state = "plain"

    def step(self, text: str, place: int) -> int:
        """Read on from `place`; return how many characters were used."""
        dialect = self.dialect
        char = text[place]
        if char == dialect.escape:
            return self.escaped(text, place)
        if self.state == "quoted":
            return self.within_quotes(text, place)
        if text.startswith(dialect.delimiter, place):
            self.end_field()
            self.start_field()
            return len(dialect.delimiter)
        if self.state == "start" and char == " " and dialect.skips_spaces and self.fields:
            return 1
        if self.state == "start" and char == dialect.quote:
            self.state = "quoted"
            self.was_quoted = True
            self.is_nothing = False
            return 1
        self.unquoted(char, char)
        return 1

    def escaped(self, text: str, place: int) -> int:
        meant = text[place + 1 : place + 2]
        self.is_dangling = meant == ""
        if self.state == "quoted":
            self.value.append(meant)
        else:
            self.unquoted(meant, text[place : place + 2])
        return 2

    def within_quotes(self, text: str, place: int) -> int:
        quote = self.dialect.quote or ""
        if text[place] != quote:
            self.value.append(text[place])
            return 1
        if self.dialect.doubles_quotes and text[place + 1 : place + 2] == quote:
            self.value.append(quote)
            return 2
        self.state = "closed"
        return 1

    def unquoted(self, meant: str, raw: str) -> None:
        self.has_tail = self.has_tail or self.state == "closed"
        self.value.append(meant)
        self.raw.append(raw)
        self.state = "plain"
        self.is_nothing = False

    def finish(self) -> Parsed:
        """Return the fields; nothing may be fed after that."""
        self.end_field()
        return Parsed(self.fields, self.is_open, self.has_tail, self.is_nothing and len(self.fields) > 1)


def parse(text: str, dialect: Dialect) -> Parsed:
    """Read a text without a line end after it."""
    splitter = Splitter(dialect)
    splitter.feed(text)
    return splitter.finish()
