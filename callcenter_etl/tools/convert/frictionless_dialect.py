"""Imports the dialect of a Data Resource: marks, comments, header rows, sheets, in the terms of either version."""

from __future__ import annotations

from typing import Any

from callcenter_etl.contract.source_format import EXCEL
from callcenter_etl.tools.convert.import_draft import Draft, Taken, is_null, is_true

WORKBOOKS = ("xlsx", "xlsb", "xls", "ods")
_LINE_ENDS = ("\n", "\r\n", "\r")
_TEXTS = {"escapeChar": "escape", "commentChar": "comment"}


def read_dialect(draft: Draft, resource: Taken) -> list[str]:
    """Import the dialect of a resource. Returns the texts that it declares to be no value, beside `missingValues`."""
    outer = resource.inside("dialect")
    case = outer.take("caseSensitiveHeader")
    if case is not None and not is_true(case):
        draft.put(("source", "header_case"), "ignore", outer.at("caseSensitiveHeader"))
    form = str(resource.take("format") or "csv").lower()
    if form in WORKBOOKS:
        draft.put(("source", "format"), EXCEL, resource.at("format"))
        _read_sheet(draft, outer, outer.inside("excel"))
    elif form == "tsv":
        draft.put(("source", "delimiter"), "\t", resource.at("format"))
    _read_rows(draft, outer)
    nulls: list[str] = []
    # The library frictionless 5 writes these marks one level deeper, under `csv`.
    for dialect in (outer, outer.inside("csv")) if form not in WORKBOOKS else ():
        _read_marks(draft, dialect)
        if dialect.has("nullSequence"):
            nulls.append(str(dialect.take("nullSequence")))
    return nulls


def _read_sheet(draft: Draft, *dialects: Taken) -> None:
    for dialect in dialects:
        for key in ("sheetNumber", "sheetName", "sheet"):
            if dialect.has(key):
                draft.put(("source", "sheet"), dialect.take(key), dialect.at(key))


def _read_marks(draft: Draft, dialect: Taken) -> None:
    delimiter = dialect.take("delimiter")
    if delimiter is not None and str(delimiter) != ",":
        draft.put(("source", "delimiter"), delimiter, dialect.at("delimiter"))
    # Not `has`, which ignores null: here null has a meaning, that quotes are ordinary text.
    if "quoteChar" in dialect.value:
        quote = dialect.value["quoteChar"]
        dialect.take("quoteChar")
        if str(quote) != '"':
            draft.put(("source", "quote"), None if is_null(quote) else quote, dialect.at("quoteChar"))
    escape = dialect.value.get("escapeChar")
    for key, ours in _TEXTS.items():
        value = dialect.take(key)
        if value is not None and str(value):
            draft.put(("source", ours), value, dialect.at(key))
    doubled = dialect.take("doubleQuote")
    doubles = doubled is None or is_true(doubled)
    # The standard's default is true, that of a contract with an escape is false.
    has_quotes = "quoteChar" not in dialect.value or not is_null(dialect.value["quoteChar"])
    if has_quotes and doubles is not (is_null(escape) or not str(escape)):
        draft.put(("source", "double_quote"), doubles, dialect.at("doubleQuote"))
    if is_true(dialect.take("skipInitialSpace")):
        flag = True
        draft.put(("source", "skip_initial_space"), flag, dialect.at("skipInitialSpace"))
    end = dialect.take("lineTerminator")
    if end is not None and str(end) not in _LINE_ENDS:
        message = f"lineTerminator {str(end)!r} cannot be said in a contract: records end with a line"
        draft.fault(dialect.at("lineTerminator"), message)
    dialect.take("csvddfVersion")


def _read_rows(draft: Draft, dialect: Taken) -> None:
    """Import the header, `headerRows` and `commentRows`: rows above the header, and below it."""
    header = dialect.take("header")
    has_header = header is None or is_true(header)
    if not has_header:
        draft.put(("source", "header"), "none", dialect.at("header"))
    rows, comments = _numbers(draft, dialect, "headerRows"), _numbers(draft, dialect, "commentRows")
    join = dialect.take("headerJoin")
    if not has_header:
        rows = []
    elif rows is not None and not rows:
        draft.fault(dialect.at("headerRows"), "headerRows [] names no row: header: false has no header")
    if rows is None or comments is None:
        return
    if join is not None and str(join) != " " and len(rows) > 1:
        message = f"headerJoin {str(join)!r} cannot be said in a contract: the parts of a name are joined with a space"
        draft.fault(dialect.at("headerJoin"), message)
    _put_rows(draft, dialect, rows, comments)


def _put_rows(draft: Draft, dialect: Taken, rows: list[int], comments: list[int]) -> None:
    if not rows:  # no header, so that the rows of comments are above the first record
        above, below, where = len(comments), [], "commentRows"
        is_sound = comments == list(range(1, above + 1))
    else:
        above, where = rows[0] - 1, "headerRows"
        below = [row for row in comments if row > above]
        is_sound = [*rows, *below] == list(range(rows[0], rows[0] + len(rows) + len(below)))
    if not is_sound:
        where = where if not comments else "commentRows"
        message = f"{where} cannot be said in a contract: such rows are next to each other, above the header or below it"
        draft.fault(dialect.at(where), message)
        return
    if above and dialect.has("commentChar"):
        message = f"{where} with commentChar cannot be said in a contract, where lines of a preamble are counted without comments"
        draft.fault(dialect.at(where), message)
        return
    if above:
        draft.put(("source", "preamble"), {"lines": above}, dialect.at(where))
    if len(rows) > 1:
        draft.put(("source", "header_lines"), len(rows), dialect.at("headerRows"))
    if below:
        draft.put(("source", "after_header"), {"lines": len(below)}, dialect.at("commentRows"))


def _numbers(draft: Draft, dialect: Taken, key: str) -> list[int] | None:
    """Return the row numbers under a key in their order, the default without it, None after a fault."""
    given: Any = dialect.take(key)
    if given is None:
        return [1] if key == "headerRows" else []
    texts = [str(each) for each in given] if isinstance(given, list) else [str(given)]
    if not all(text.isascii() and text.isdigit() and int(text) for text in texts):
        draft.fault(
            dialect.at(key), f"a list of row numbers, counted from 1, is expected, not {', '.join(texts)}"
        )
        return None
    return sorted({int(text) for text in texts})
