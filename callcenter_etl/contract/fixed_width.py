"""Places of the columns of a fixed-width source, and the faults of their declaration."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from callcenter_etl.contract.column import Column
from callcenter_etl.contract.document_text import Path
from callcenter_etl.contract.part import Part

Found = Iterator[tuple[Path, str, int]]

PLACE_KEYS = ("width", "start", "end", "pad", "align")
# A record has at most 16 MiB, so that a column behind them could hold nothing.
MAX_CHARACTERS = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Span:
    """Characters of a record that hold a value: from `start` to `stop` (0-based, exclusive), with `pad` at one side."""

    start: int
    stop: int
    pad: str = " "
    right: bool = False

    @property
    def width(self) -> int:
        """Number of characters."""
        return self.stop - self.start


def spans_of(columns: Sequence[Column]) -> tuple[Span, ...]:
    """Return the span of each column of a contract without faults, in the contract's order."""
    found: list[Span] = []
    for column in columns:
        span = _span(column, found[-1].stop if found else 0)
        if span is None:
            raise ValueError(f"column {column.name!r} of a fixed-width source has no place")
        found.append(span)
    return tuple(found)


def _span(column: Column, after: int) -> Span | None:
    """Return the span of a column; one with a width begins `after` the column before it."""
    start = after if column.start is None else column.start - 1
    stop = column.end if column.width is None else start + column.width
    return None if stop is None else Span(start, stop, column.pad, column.align == "right")


def place_faults(columns: Sequence[tuple[int, Part[Column]]], *, fixed_width: bool) -> Found:
    """Yield path, message and offset of each column with a faulty place in a record."""
    if not fixed_width:
        yield from _misplaced_keys(columns)
        return
    taken: list[tuple[Span, int]] = []
    after: int | None = 0
    for index, part in columns:
        faults = list(_column_faults(part, ("columns", index)))
        yield from faults
        # A column of a width begins where the one before it ends, which a faulty column does not say.
        known = after is not None or part.value.start is not None
        if faults or not known or part.broken & {*PLACE_KEYS}:
            after = None
            continue
        span = _span(part.value, after or 0)
        if span is None:
            raise AssertionError("a column without faults has a place")
        yield from _bound_faults(part.value, span, ("columns", index))
        for other, owner in taken:
            if span.start < other.stop and other.start < span.stop:
                key = "width" if part.value.start is None else "start"
                yield ("columns", index, key), _overlap(span, other, owner), 0
                break
        taken.append((span, index))
        after = span.stop


def _misplaced_keys(columns: Sequence[tuple[int, Part[Column]]]) -> Found:
    for index, part in columns:
        for key in PLACE_KEYS:
            if key in part.value.model_fields_set:
                hint = " (the longest value of a delimited column is max_length)" if key == "width" else ""
                yield ("columns", index, key), f"{key} goes with source.format: fixed_width{hint}", 0


def _column_faults(part: Part[Column], path: Path) -> Found:
    column, broken = part.value, part.broken
    if len(column.pad) != 1 or column.pad in "\r\n":
        yield (*path, "pad"), f"one character that is no line break is expected, not {column.pad!r}", 0
    for key in ("width", "start", "end"):
        if getattr(column, key) == 0:
            yield (*path, key), f"{key} is counted from 1", 0
    if broken & {"width", "start", "end"} or part.has_unknown_keys:
        return
    if column.width is not None and (column.start is not None or column.end is not None):
        yield (*path, "width"), "a column has either width, or start and end", 0
    elif column.width is None and (column.start is None or column.end is None):
        yield path, "a column of a fixed-width source has width, or start and end", 0
    elif column.start is not None and column.end is not None and column.end < column.start:
        yield (*path, "end"), f"end {column.end:,} is before start {column.start:,}", 0


def _bound_faults(column: Column, span: Span, path: Path) -> Found:
    if span.stop > MAX_CHARACTERS:
        key = "end" if column.width is None else "width"
        yield (
            (*path, key),
            f"the column ends at character {span.stop:,}, and a record has at most {MAX_CHARACTERS:,}",
            0,
        )


def _overlap(span: Span, other: Span, owner: int) -> str:
    return (
        f"characters {span.start + 1:,} to {span.stop:,} overlap columns[{owner}],"
        f" which has {other.start + 1:,} to {other.stop:,}"
    )
