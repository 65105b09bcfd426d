"""Finds the table in the lines of the samples: how they are split, its header, and what is around its records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from callcenter_etl.tools.infer.delimiters import split_of
from callcenter_etl.tools.infer.evidence import plural, shown
from callcenter_etl.tools.infer.surroundings import line_patterns
from callcenter_etl.tools.infer.surroundings.comments import comment_mark
from callcenter_etl.tools.infer.surroundings.header_lines import (
    joined_names,
    lines_below,
    names_complete,
    type_line_pattern,
)
from callcenter_etl.tools.infer.surroundings.preamble import preamble_length, sep_delimiter
from callcenter_etl.tools.infer.surroundings.sample_footer import SampleFooter, footer_lines
from callcenter_etl.tools.infer.surroundings.sample_lines import LineRow, LineSplit, SampleLines, width_of


@dataclass(frozen=True, slots=True)
class Finding:
    """The value of a key of the source format, and the evidence for it."""

    value: Any
    evidence: str


@dataclass(frozen=True, slots=True)
class SampleTable:
    """The common shape of the samples; `first` is the header, or the first record, of each of them."""

    split: LineSplit
    first: tuple[tuple[str, ...], ...]
    findings: dict[str, Finding] = field(default_factory=dict)
    footers: tuple[SampleFooter, ...] = ()


@dataclass(frozen=True, slots=True)
class _Sample:
    """The rows of one sample without comments, the number of its columns, and the lines around its records."""

    rows: list[LineRow]
    preamble: tuple[str, ...]
    below: int
    footer: SampleFooter


def table_of(samples: Sequence[SampleLines], *, delimiter: str | None) -> SampleTable:
    """Return the table of the samples; a given `delimiter` is not guessed."""
    head = samples[0].head
    declared = sep_delimiter(head)
    split = split_of(head[1:] if declared else head, delimiter=delimiter or declared)
    width = width_of([row.cells for row in split.rows(head)])
    mark = next(filter(None, (comment_mark(each.head, split, width) for each in samples)), None)
    found = [_sample(each, split, width, mark) for each in samples]
    header = [each.rows[: each.below + 1] for each in found]
    findings: dict[str, Finding] = dict(
        [
            *_preamble([each.preamble for each in found], found),
            *_header_lines(header[0], split),
            *_comment(mark, samples),
            *_spaces(split),
        ]
    )
    footer = footer_finding([each.footer for each in found])
    findings |= {} if footer is None else {"footer": footer}
    lines = findings["header_lines"].value if "header_lines" in findings else 1
    first = tuple(joined_names([row.cells for row in rows[:lines]]) for rows in header)
    first, trailing = _trailing([each.rows for each in found], first, width)
    return SampleTable(split, first, findings | trailing, tuple(each.footer for each in found))


def _sample(lines: SampleLines, split: LineSplit, width: int, mark: str | None) -> _Sample:
    head = [line for line in lines.head if mark is None or not line.startswith(mark)]
    tail = [line for line in lines.tail if mark is None or not line.startswith(mark)]
    rows = split.rows(head)
    above = preamble_length([row.cells for row in rows], width)
    # Blank lines between preamble and header are neither.
    table = [row for row in rows[above:] if row.text or width == 1]
    footer = footer_lines(tail, [split.cells(line) for line in tail], width)
    below = lines_below([row.cells for row in table], width)
    return _Sample(table, tuple(head[: rows[above].line] if above else ()), below, SampleFooter(footer))


def _preamble(preambles: Sequence[tuple[str, ...]], found: Sequence[_Sample]) -> list[tuple[str, Finding]]:
    lengths = {len(each) for each in preambles}
    if lengths == {0}:
        return []
    if len(lengths) > 1:
        header = line_patterns.literal(found[0].rows[0].text)
        counts = " or ".join(str(each) for each in sorted(lengths))
        return [("preamble", Finding({"until": header}, f"{counts} lines above the header"))]
    length = lengths.pop()
    by_line = list(zip(*preambles, strict=True))
    declared = sep_delimiter(preambles[0]) is not None
    patterns = [line_patterns.common_pattern(lines) for lines in by_line[declared:]]
    match = line_patterns.stable([line_patterns.literal(preambles[0][0])] * declared + patterns)
    value = {"lines": length} | ({} if match is None else {"match": match})
    above = "a line" if length == 1 else f"{length} lines"
    what = "the delimiter for spreadsheets" if declared and length == 1 else f"{above} above the header"
    return [("preamble", Finding(value, what))]


def _header_lines(rows: Sequence[LineRow], split: LineSplit) -> list[tuple[str, Finding]]:
    below = len(rows) - 1
    if not below:
        return []
    if not names_complete(rows[0].cells):
        names = joined_names([row.cells for row in rows])
        what = f"{below + 1} lines of names above the values, {shown(next(name for name in names if name))} for one"
        return [("header_lines", Finding(below + 1, what))]
    patterns = [type_line_pattern(row.text, row.cells, split.delimiter) for row in rows[1:]]
    value = {"lines": below, "match": line_patterns.stable(patterns)}
    what = f"{plural(below, 'line')} below the names with text where the records have values, such as"
    cell = next(cell for cell in rows[1].cells if cell.strip())
    return [("after_header", Finding(value, f"{what} {shown(cell)}"))]


def _comment(mark: str | None, samples: Sequence[SampleLines]) -> list[tuple[str, Finding]]:
    if mark is None:
        return []
    count = sum(line.startswith(mark) for each in samples for line in each.head)
    verb = "begins" if count == 1 else "begin"
    return [("comment", Finding(mark, f"{plural(count, 'line')} {verb} with it, and no record"))]


def _spaces(split: LineSplit) -> list[tuple[str, Finding]]:
    if not split.skip_initial_space:
        return []
    return [("skip_initial_space", Finding(value=True, evidence="a space is behind nearly all delimiters"))]


def footer_finding(footers: Sequence[SampleFooter]) -> Finding | None:
    """Return the lines below the records of all samples, None if no sample has any."""
    lengths = {len(each.lines) for each in footers} - {0}
    if not lengths:
        return None
    length = min(lengths)
    last = [each.patterns()[-length:] for each in footers if each.lines]
    # Footers of different texts have at least their number of lines in common.
    patterns = [each[0] if len(set(each)) == 1 else line_patterns.ANY for each in zip(*last, strict=True)]
    match = line_patterns.stable(patterns)
    some = any(not each.lines for each in footers)
    if some and match is None:
        return None
    figures = [
        figure for each in footers for figure in each.figures.values() if f"(?P<{figure.group}>" in str(match)
    ]
    fields = {figure.group: figure.type for figure in figures}
    value: dict[str, Any] = {"lines": length} | ({} if match is None else {"match": match})
    value |= ({"fields": fields} if fields else {}) | ({"optional": True} if some else {})
    equal = "".join(f", with {what}" for what in dict.fromkeys(figure.equals for figure in figures))
    return Finding(value, f"{plural(length, 'line')} below the records{equal}")


def _trailing(
    rows: Sequence[Sequence[LineRow]], first: tuple[tuple[str, ...], ...], width: int
) -> tuple[tuple[tuple[str, ...], ...], dict[str, Finding]]:
    """Return the header cells and, where all records end in one delimiter more than they need, that finding."""
    body = [row.cells for each in rows for row in each[1:]]
    ended = sum(len(cells) == width and not cells[-1] for cells in body)
    if width < 3 or not body or ended != len(body):
        return first, {}
    named = first[0] if len(first[0]) == width - 1 else first[0][:-1] if not first[0][-1] else None
    if named is None or len(named) != width - 1:
        return first, {}
    finding = Finding(value=True, evidence="each record ends in a delimiter that begins no column")
    return tuple(each[: width - 1] for each in first), {"trailing_delimiter": finding}
