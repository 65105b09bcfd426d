"""Physical lines of a source, and the refusal of a source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One physical line: its content without the terminator, and the terminator."""

    number: int
    content: bytes
    ending: bytes

    @property
    def raw(self) -> bytes:
        return self.content + self.ending


class RefusedError(Exception):
    """The source is turned down before any record; `rule` is empty where the oracle does not know which one."""

    def __init__(self, message: str, *, rule: str = "") -> None:
        super().__init__(message)
        self.rule = rule


def split_lines(data: bytes) -> list[Line]:
    """Split at LF, CRLF and lone CR; what follows the last line end is a line unless it is nothing."""
    lines: list[Line] = []
    start = 0
    place = 0
    while place < len(data):
        ending = b""
        if data[place : place + 2] == b"\r\n":
            ending = b"\r\n"
        elif data[place : place + 1] in (b"\n", b"\r"):
            ending = data[place : place + 1]
        if ending == b"":
            place += 1
            continue
        lines.append(Line(len(lines) + 1, data[start:place], ending))
        place += len(ending)
        start = place
    if start < len(data):
        lines.append(Line(len(lines) + 1, data[start:], b""))
    return lines


def size(lines: Iterable[Line]) -> int:
    """Return the bytes of these lines, terminators included."""
    return sum(len(line.raw) for line in lines)


def loosely(content: bytes, encoding: str) -> str:
    """Decode so that undecodable bytes become some ordinary character: the structure is still judged."""
    return content.decode(encoding, errors="surrogateescape")


def text_of(content: bytes, encoding: str) -> str | None:
    """Decode, or return None where the bytes do not decode."""
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None
