"""The lines around the records: preamble, header lines, after_header, footer."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.framing import is_comment
from tests.oracle.lines import Line, RefusedError, size, text_of
from tests.oracle.splitter import Dialect
from tests.oracle.values import convert

MAX_UNTIL_LINES = 1_000
MAX_UNTIL_BYTES = 1 << 20
MAX_FOOTER_LINE_BYTES = 64 << 10
Declared = dict[str, Any]


@dataclass(slots=True)
class Head:
    """What is above the records; `end` is the place of the first line after it."""

    preamble: list[Line] = field(default_factory=list)
    header: list[Line] = field(default_factory=list)
    after_header: list[Line] = field(default_factory=list)
    comments: list[Line] = field(default_factory=list)
    blank: list[Line] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    end: int = 0


@dataclass(frozen=True, slots=True)
class Foot:
    """The footer and what is between and behind its lines; `start` is the place of its first line."""

    start: int
    footer: list[Line]
    comments: list[Line]
    blank: list[Line]
    values: dict[str, str]
    is_broken: bool


def pattern_at(declared: Declared, place: int) -> str | None:
    match = declared.get("match")
    return match[place] if isinstance(match, list) else match


def groups_of(pattern: str | None, text: str | None) -> dict[str, str] | None:
    """Return the named groups of the line, or None where the line is not what the pattern says."""
    if pattern is None:
        return {}
    found = None if text is None else re.fullmatch(pattern, text)
    return None if found is None else found.groupdict()


def has_type_faults(values: dict[str, str], declared: Declared) -> bool:
    """Return whether a captured value is not of the type that `fields` gives it."""
    types: dict[str, Any] = declared.get("fields", {})
    bodies = {name: {"type": body} if isinstance(body, str) else body for name, body in types.items()}
    return any(convert(values[name], body) is None for name, body in bodies.items())


class HeadReader:
    """The lines from the top, each read once and put where it belongs."""

    def __init__(self, lines: list[Line], source: Declared, dialect: Dialect) -> None:
        self.lines = lines
        self.source = source
        self.dialect = dialect
        self.head = Head()

    def read(self) -> Head:
        if "preamble" in self.source:
            self.read_preamble(self.source["preamble"])
        if self.source.get("header", "exact") != "none":
            self.read_header()
        if "after_header" in self.source:
            self.read_after_header(self.source["after_header"])
        return self.head

    def peek(self, *, skips_blank: bool) -> Line | None:
        """Return the next line that is no comment, and where asked not blank; those before it are counted."""
        head = self.head
        while head.end < len(self.lines):
            line = self.lines[head.end]
            if is_comment(line, self.dialect):
                head.comments.append(line)
            elif skips_blank and line.content == b"":
                head.blank.append(line)
            else:
                return line
            head.end += 1
        return None

    def text(self, line: Line) -> str | None:
        return text_of(line.content, self.dialect.encoding)

    def read_preamble(self, declared: Declared) -> None:
        head = self.head
        start = head.end
        while "until" in declared or len(head.preamble) < declared["lines"]:
            line = self.peek(skips_blank=False)
            read = self.lines[start : head.end]
            if "until" in declared and (len(read) > MAX_UNTIL_LINES or size(read) > MAX_UNTIL_BYTES):
                raise RefusedError("no line ends the preamble", rule="file.preamble")
            if line is None:
                raise RefusedError("the preamble ends with the source", rule="file.preamble")
            if "until" in declared and groups_of(declared["until"], self.text(line)) is not None:
                break
            found = groups_of(pattern_at(declared, len(head.preamble)), self.text(line))
            if found is None and not head.preamble and declared.get("optional", False):
                return
            if found is None:
                raise RefusedError(f"line {line.number} is no preamble", rule="file.preamble")
            head.values.update(found)
            head.preamble.append(line)
            head.end += 1
        if has_type_faults(head.values, declared):
            raise RefusedError("a value of the preamble is of another type", rule="file.preamble")

    def read_header(self) -> None:
        for _ in range(self.source.get("header_lines", 1)):
            line = self.peek(skips_blank=True)
            if line is None:
                raise RefusedError("there is no header line")
            self.head.header.append(line)
            self.head.end += 1

    def read_after_header(self, declared: Declared) -> None:
        head = self.head
        start, comments, blank = head.end, len(head.comments), len(head.blank)
        for place in range(declared["lines"]):
            line = self.peek(skips_blank=True)
            found = None if line is None else groups_of(pattern_at(declared, place), self.text(line))
            if line is None or found is None:
                if place == 0 and declared.get("optional", False):
                    # Nothing was read: a blank line may be the first record of a one-column file.
                    head.end = start
                    del head.comments[comments:], head.blank[blank:]
                    return
                raise RefusedError("the line after the header is another one", rule="file.after_header")
            head.after_header.append(line)
            head.end += 1


def read_foot(body: list[Line], declared: Declared | None, dialect: Dialect) -> Foot:
    """Find the footer among the lines after the head; without one it starts behind the last line."""
    absent = Foot(len(body), [], [], [], {}, is_broken=False)
    if declared is None:
        return absent
    missing = absent if declared.get("optional", False) else Foot(len(body), [], [], [], {}, is_broken=True)
    places = [
        place for place, line in enumerate(body) if line.content != b"" and not is_comment(line, dialect)
    ]
    places = places[-declared["lines"] :]
    if len(places) < declared["lines"]:
        return missing
    values: dict[str, str] = {}
    for number, place in enumerate(places):
        is_long = len(body[place].content) > MAX_FOOTER_LINE_BYTES
        text = None if is_long else text_of(body[place].content, dialect.encoding)
        found = groups_of(pattern_at(declared, number), text)
        if found is None:
            return missing
        values.update(found)
    behind = [line for place, line in enumerate(body) if place > places[0] and place not in places]
    return Foot(
        places[0],
        [body[place] for place in places],
        [line for line in behind if line.content != b""],
        [line for line in behind if line.content == b""],
        values,
        is_broken=has_type_faults(values, declared),
    )
