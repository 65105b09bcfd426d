"""What the lines of a source are, by the specification and with the standard library alone.

Each line is one record here (no `multiline`), so that the kinds of lines need no look at quotes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
KINDS = ("preamble", "header", "after_header", "comments", "footer")


def content(line: bytes) -> bytes:
    return line.rstrip(b"\r\n")


@dataclass
class Reading:
    """The lines of a source by kind, in order; `refused` where the run must refuse it, `cut` where it must fail."""

    preamble: list[bytes] = field(default_factory=list)
    header: list[bytes] = field(default_factory=list)
    after_header: list[bytes] = field(default_factory=list)
    comments: list[bytes] = field(default_factory=list)
    footer: list[bytes] = field(default_factory=list)
    blank: list[bytes] = field(default_factory=list)
    records: list[bytes] = field(default_factory=list)
    cut: bool = False


@dataclass(frozen=True)
class Declared:
    """The surroundings of a contract: numbers of lines, and patterns of lines as compiled ones of `re`."""

    preamble: int = 0
    until: re.Pattern[bytes] | None = None
    header_lines: int = 1
    after_header: int = 0
    comment: bytes | None = None
    footer: int = 0
    footer_match: re.Pattern[bytes] | None = None
    footer_optional: bool = False
    columns: int = 2


def read(data: bytes, declared: Declared) -> Reading:
    found, lines = Reading(), _LINE.findall(data)
    while lines and (
        (declared.until is None and len(found.preamble) < declared.preamble)
        or (declared.until is not None and not _matches(declared.until, lines[0]))
    ):
        line = lines.pop(0)
        (found.comments if _is_comment(line, declared) else found.preamble).append(line)
    for kind, number in (("header", declared.header_lines), ("after_header", declared.after_header)):
        while lines and len(getattr(found, kind)) < number:
            line = lines.pop(0)
            _place(line, declared, found, getattr(found, kind))
    tail = [at for at, line in enumerate(lines) if content(line) and not _is_comment(line, declared)]
    tail = tail[-declared.footer :] if declared.footer else []
    footer = (
        declared.footer
        and len(tail) == declared.footer
        and all(declared.footer_match is None or _matches(declared.footer_match, lines[at]) for at in tail)
    )
    found.cut = bool(declared.footer and not footer and not declared.footer_optional)
    for at, line in enumerate(lines):
        if declared.columns == 1 and not content(line) and not (footer and at > tail[0]):
            found.records.append(line)
            continue
        _place(line, declared, found, found.footer if footer and at in tail else found.records)
    return found


def _place(line: bytes, declared: Declared, found: Reading, otherwise: list[bytes]) -> None:
    kind = found.comments if _is_comment(line, declared) else otherwise if content(line) else found.blank
    kind.append(line)


def _is_comment(line: bytes, declared: Declared) -> bool:
    return declared.comment is not None and line.startswith(declared.comment)


def _matches(pattern: re.Pattern[bytes], line: bytes) -> bool:
    return pattern.fullmatch(content(line)) is not None
