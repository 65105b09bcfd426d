"""Finds comments: lines that begin with one mark and have not the shape of records."""

from __future__ import annotations

from collections.abc import Sequence

from callcenter_etl.tools.infer.surroundings.sample_lines import LineSplit

MARKS = ("##", "#", "//", "--", "%", "!", "*", "REM ")


def comment_mark(lines: Sequence[str], split: LineSplit, width: int) -> str | None:
    """Return the mark that begins comments, None if no line is a comment.

    Lines that begin with the mark must all have another number of cells than the records: `#4711;…` is a record.
    """
    for mark in MARKS:
        marked = [line for line in lines if line.startswith(mark)]
        if not marked or mark[0] in (split.delimiter[0], split.quote):
            continue
        if all(len(split.cells(line)) != width for line in marked) and width > 1:
            return mark
    return None
