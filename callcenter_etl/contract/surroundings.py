"""Lines of a source that are not records: preamble, after_header, comments, footer, and the faults of their keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field

from callcenter_etl.contract.column import Column
from callcenter_etl.contract.document_text import Path
from callcenter_etl.contract.key_types import Count, Flag, FrozenModel, OptionalCount, OptionalText, Texts
from callcenter_etl.contract.part import Part
from callcenter_etl.contract.partial import read_part
from callcenter_etl.contract.patterns import pattern_fault
from callcenter_etl.contract.quoting import quoted
from callcenter_etl.contract.value_fields import Fields, field_faults, match_faults

Found = Iterator[tuple[Path, str, int]]

MAX_PREAMBLE_LINES = 1000
MAX_LINES = 100  # of the header, after_header and footer
MAX_COMMENT_CHARACTERS = 8

_LINES = "number of lines"
_MATCH = "one pattern for every line, or a list of one a line: full match, RE2 syntax"
_FIELDS = "types of named groups, text otherwise"


class Surrounding(FrozenModel):
    """Lines that must match their patterns; a single pattern is for every line."""

    match: Texts = Field((), description=_MATCH)
    optional: Flag = Field(default=False, description="may the lines be absent? needs match")

    def pattern(self, index: int) -> str | None:
        """Return the pattern of a line by its 0-based index, None where any text will do."""
        if not self.match:
            return None
        return self.match[0] if len(self.match) == 1 else self.match[index]


class Preamble(Surrounding):
    """Lines above the header: a number of them, or all up to the line that `until` matches."""

    lines: OptionalCount = Field(None, description=_LINES)
    until: OptionalText = Field(
        None, description="pattern of the first line that is not part of it, the header"
    )
    fields: Fields = Field(default_factory=dict[str, Column], description=_FIELDS)


class AfterHeader(Surrounding):
    """Lines below the header, such as types or units."""

    lines: Count = Field(1, description=_LINES)


class Footer(Surrounding):
    """The last lines of the source, such as totals."""

    lines: Count = Field(1, description=_LINES)
    fields: Fields = Field(default_factory=dict[str, Column], description=_FIELDS)


def surrounding_warnings(lines: Mapping[str, Surrounding | None]) -> Iterator[tuple[Path, str]]:
    """Yield path and message of each surrounding, by its key in `source`, that no line can break."""
    whys = {
        "after_header": "a record in its place would be taken for it",
        "footer": "a delivery that is cut short would end in a record that is taken for it",
    }
    for key, why in whys.items():
        declared = lines[key]
        if declared is not None and not declared.match:
            yield ("source", key), f"without match any line will do, so that {why} (declare match)"


def surrounding_faults(source: Part[Any], declared: dict[str, Any], path: Path) -> Found:
    """Yield the faults of the surroundings in a `source` section, the unchecked value of which is `declared`."""
    for key, kind in (("preamble", Preamble), ("after_header", AfterHeader), ("footer", Footer)):
        part = read_part(kind, declared.get(key))
        if part is not None:
            yield from _line_faults(part, declared[key], (*path, key))
    yield from _preamble_faults(declared.get("preamble"), (*path, "preamble"))
    lines = source.value.header_lines
    if not 1 <= lines <= MAX_LINES:
        yield (*path, "header_lines"), _bounds(lines, MAX_LINES), 0
    if source.value.header == "none":
        for key, given in (("header_lines", lines > 1), ("after_header", "after_header" in declared)):
            if given:
                yield (*path, key), f"{key} goes with a header, and header is none", 0
    yield from _comment_faults(source, (*path, "comment"))


def _bounds(lines: int, most: int) -> str:
    return f"a number of lines from 1 to {most:,} is expected, not {lines:,}"


def _line_faults(part: Part[Any], declared: Any, path: Path) -> Found:
    value = part.value
    most = MAX_PREAMBLE_LINES if isinstance(value, Preamble) else MAX_LINES
    if value.lines is not None and not 1 <= value.lines <= most:
        yield (*path, "lines"), _bounds(value.lines, most), 0
    is_list = isinstance(declared.get("match"), (list, tuple))
    yield from match_faults(value.match, (*path, "match"), is_list=is_list)
    if is_list and not {"lines", "match"} & part.broken:
        yield from _count_faults(value, (*path, "match"))
    if value.optional and not value.match and not part.has_unknown_keys and "match" not in part.broken:
        yield (*path, "optional"), "optional goes with match, which is not there: any line would match", 0
    if "fields" in type(value).model_fields and "match" not in part.broken:
        yield from field_faults(declared.get("fields"), value.match, (*path, "fields"))


def _count_faults(value: Surrounding, path: Path) -> Found:
    lines = getattr(value, "lines", None)
    until = getattr(value, "until", None)
    if not value.match:
        yield path, "the list is empty: write one pattern a line, or leave match out", 0
    elif until is not None:
        yield path, "a list of patterns goes with lines, not with until (write one pattern for every line)", 0
    elif lines is not None and len(value.match) != lines:
        yield path, f"{lines} patterns are expected, one a line, not {len(value.match)}", 0


def _preamble_faults(declared: Any, path: Path) -> Found:
    part = read_part(Preamble, declared)
    if part is None:
        return
    preamble = part.value
    if preamble.until is not None:
        wrong = pattern_fault(preamble.until)
        yield from () if wrong is None else [((*path, "until"), wrong, 0)]
    # A faulty or misspelt key may be the one that seems to be missing.
    if not part.broken and (preamble.lines is None) == (preamble.until is None):
        yield path, "a preamble has either lines or until", 0


def _comment_faults(source: Part[Any], path: Path) -> Found:
    comment = source.value.comment
    if comment is None:
        return
    if not 1 <= len(comment) <= MAX_COMMENT_CHARACTERS or "\n" in comment or "\r" in comment:
        most = MAX_COMMENT_CHARACTERS
        yield path, f"one to {most} characters without a line break are expected, not {quoted(comment)}", 0
        return
    for key in ("delimiter", "quote"):
        mark = getattr(source.value, key)
        if mark is None or key in source.broken:
            continue
        # A record begins with the delimiter where its first value is empty.
        if comment.startswith(mark) or mark.startswith(comment):
            yield path, f"a record that begins with the {key} {mark!r} would be a comment", 0
