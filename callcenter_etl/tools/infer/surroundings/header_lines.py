"""Finds headers of several lines, and lines of types or units below the header."""

from __future__ import annotations

import re
from collections.abc import Sequence

from callcenter_etl.tools.infer.column_profile import EMPTY_WORDS
from callcenter_etl.tools.infer.surroundings.line_patterns import literal
from callcenter_etl.tools.infer.surroundings.sample_lines import is_value, value_columns

MAX_HEADER_LINES = 4
MIN_BODY = 3  # records below, so that there is something to compare with
_SQL_TYPE = re.compile(
    r"(?P<name>(?:TINY|SMALL|MEDIUM|BIG)?INT(?:EGER)?[248]?|VARCHAR2?|NVARCHAR|N?CHAR|CHARACTER(?: VARYING)?|TEXT|STRING|NUMBER"
    r"|NUMERIC|DECIMAL|FLOAT[48]?|DOUBLE(?: PRECISION)?|REAL|BOOL(?:EAN)?|BIT|DATE|TIME|DATETIME2?|TIMESTAMP(?:TZ)?|UUID"
    r"|UNIQUEIDENTIFIER|BLOB|CLOB|LONG)(?P<size> ?\([0-9]+(?:, ?[0-9]+)?\))?",
    re.IGNORECASE,
)


def lines_below(rows: Sequence[Sequence[str]], width: int) -> int:
    """Return how many lines below the first one are no records: they have text where the records have values."""
    count = 0
    while count < MAX_HEADER_LINES and _is_above_records(rows[1 + count :], width):
        count += 1
    return count


def _is_above_records(rows: Sequence[Sequence[str]], width: int) -> bool:
    body = [row for row in rows[1:] if len(row) == width]
    if len(body) < MIN_BODY or len(rows[0]) != width:
        return False
    line = rows[0]
    if all(_SQL_TYPE.fullmatch(cell.strip()) for cell in line):
        return True
    columns = value_columns(body, width)
    cells = [line[place].strip() for place in columns if line[place].strip()]
    # One text among values is a dirty record; a line of units has nothing else.
    texts = [cell for cell in cells if not is_value(cell) and cell not in EMPTY_WORDS]
    return len(texts) == len(cells) >= 2 and len(texts) * 2 > len(columns)


def names_complete(cells: Sequence[str]) -> bool:
    """Return whether header cells name each column, so that a line below them has types or units."""
    names = [cell.strip() for cell in cells]
    return all(names) and len(set(names)) == len(names)


def joined_names(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the names of a header of several lines: the parts joined by one space, as a run reads them."""
    return tuple(" ".join(part for part in parts if part) for parts in zip(*rows, strict=True))


def type_line_pattern(line: str, cells: Sequence[str], delimiter: str) -> str:
    """Return a pattern for a line below the header: any SQL types that occur, or the text as it is."""
    found = [_SQL_TYPE.fullmatch(cell) for cell in cells]
    if not all(found):
        return literal(line)
    types = dict.fromkeys(
        literal(each["name"])
        + (r"\([0-9]+\)" if each["size"] and "," not in each["size"] else literal(each["size"] or ""))
        for each in found
        if each is not None
    )
    one = f"({'|'.join(types)})"
    return f"{one}({literal(delimiter)}{one})*"
