"""Exports the source of a contract as format, encoding and dialect of a Data Resource."""

from __future__ import annotations

from typing import Any

from callcenter_etl.contract.model import SourceFormat
from callcenter_etl.contract.source_format import DELIMITED, EXCEL

Written = dict[str, Any]


def written_source(source: SourceFormat) -> Written:
    """Return the keys of a resource that say how its file is written; the standard has none for fixed width."""
    dialect: Written = {"header": source.header != "none"}
    if source.header_case == "ignore":
        dialect["caseSensitiveHeader"] = False
    dialect |= _rows(source)
    if source.format == EXCEL:
        key = "sheetNumber" if isinstance(source.sheet, int) else "sheetName"
        return {"format": "xlsx", "dialect": {**dialect, key: source.sheet}}
    if source.format != DELIMITED:
        return {"encoding": source.encoding}
    return {"format": "csv", "encoding": source.encoding, "dialect": {**dialect, **_marks(source)}}


def _marks(source: SourceFormat) -> Written:
    marks: Written = {"delimiter": source.delimiter}
    if source.quote is not None:
        marks |= {"quoteChar": source.quote, "doubleQuote": source.doubles_quotes}
    if source.escape is not None:
        marks["escapeChar"] = source.escape
    if source.skip_initial_space:
        marks["skipInitialSpace"] = True
    if source.comment is not None:
        marks["commentChar"] = source.comment
    return marks


def _rows(source: SourceFormat) -> Written:
    """Return the numbers of the header's rows, and of rows below it, where they are the same in every source."""
    preamble, after = source.preamble, source.after_header
    # Here comments above the header are not counted; a preamble without a number of lines has any.
    is_counted = preamble is None or (
        preamble.lines is not None and not preamble.optional and source.comment is None
    )
    if not is_counted:
        return {}
    above = 0 if preamble is None else preamble.lines or 0
    if source.header == "none":
        return {"commentRows": list(range(1, above + 1))} if above else {}
    first = above + source.header_lines + 1
    rows: Written = {"headerRows": list(range(above + 1, first))} if first > 2 else {}
    if after is not None and not after.optional and source.comment is None:
        rows["commentRows"] = list(range(first, first + after.lines))
    return rows
