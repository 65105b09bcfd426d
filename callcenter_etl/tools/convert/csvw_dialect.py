"""Imports the dialect description of a CSVW table."""

from __future__ import annotations

from typing import Any

from callcenter_etl.tools.convert.import_draft import Draft, Taken, is_null, is_true

_LINE_ENDS = ("\n", "\r\n", "\r")
_DEFAULT_COMMENT = "#"  # the standard's own default


def read_dialect(draft: Draft, dialect: Taken) -> bool:
    """Import a dialect description. Returns whether it trims all values."""
    encoding = dialect.take("encoding")
    if encoding is not None and str(encoding).lower() not in ("utf-8", "utf8"):
        draft.put(("source", "encoding"), encoding, dialect.at("encoding"))
    delimiter = dialect.take("delimiter")
    if delimiter is not None and str(delimiter) != ",":
        draft.put(("source", "delimiter"), delimiter, dialect.at("delimiter"))
    _read_quotes(draft, dialect)
    _read_lines(draft, dialect)
    # A blank line is no record of a contract, and so is never an error.
    dialect.take("skipBlankRows")
    for key, usual in (("skipColumns", ("0",)), ("@type", ("Dialect",))):
        value = dialect.take(key)
        if value is not None and str(value) not in usual:
            draft.fault(dialect.at(key), f"{key} {str(value)!r} cannot be said in a contract")
    ends = dialect.take("lineTerminators")
    for end in ends if isinstance(ends, list) else [] if ends is None else [ends]:
        if str(end) not in _LINE_ENDS:
            message = f"lineTerminators {str(end)!r} cannot be said in a contract: records end with a line"
            draft.fault(dialect.at("lineTerminators"), message)
    return _trims(draft, dialect)


def _read_quotes(draft: Draft, dialect: Taken) -> None:
    # Not `has`, which ignores null: here null has a meaning, that quotes are ordinary text.
    has_quotes = True
    if "quoteChar" in dialect.value:
        quote = dialect.value["quoteChar"]
        has_quotes = not is_null(quote)
        dialect.take("quoteChar")
        if str(quote) != '"':
            draft.put(("source", "quote"), quote if has_quotes else None, dialect.at("quoteChar"))
    doubled = dialect.take("doubleQuote")
    if doubled is not None and not is_true(doubled) and has_quotes:
        # The standard defines that quotes are then escaped with a backslash.
        draft.put(("source", "escape"), "\\", dialect.at("doubleQuote"))
    if has_quotes:  # quoted values may have line breaks, without any declaration
        _flag(draft, "multiline", dialect.at("quoteChar"))


def _flag(draft: Draft, key: str, origin: tuple[Any, ...]) -> None:
    value = True
    draft.put(("source", key), value, origin)


def _read_lines(draft: Draft, dialect: Taken) -> None:
    """Import comments, skipped rows and the header."""
    prefix = dialect.value.get("commentPrefix", _DEFAULT_COMMENT)
    dialect.take("commentPrefix")
    has_comments = not is_null(prefix) and str(prefix) != ""
    header, count = dialect.take("header"), dialect.take("headerRowCount")
    rows = _count(draft, dialect, "headerRowCount", count, 0 if _is_false(header) else 1)
    skipped = _count(draft, dialect, "skipRows", dialect.take("skipRows"), 0)
    if rows > 1:
        # There each row has names of its own for a column; here the parts would be joined.
        message = f"the names in {rows} header rows are not compared: columns are found by their position"
        draft.note(dialect.at("headerRowCount"), message, asserts=True)
    if rows != 1:
        draft.put(("source", "header"), "none", dialect.at("headerRowCount"))
    above = skipped + (rows if rows > 1 else 0)
    if above and has_comments:
        where = "skipRows" if skipped else "headerRowCount"
        message = (
            f"{where} with the commentPrefix {str(prefix)!r} cannot be said in a contract, where lines of a preamble are"
            " counted without comments (commentPrefix: null if there are none)"
        )
        draft.fault(dialect.at(where), message)
    if above:
        draft.put(("source", "preamble"), {"lines": above}, dialect.at("skipRows"))
    if has_comments:
        draft.put(("source", "comment"), prefix, dialect.at("commentPrefix"))


def _is_false(value: Any) -> bool:
    return value is not None and not is_true(value)


def _count(draft: Draft, dialect: Taken, key: str, value: Any, default: int) -> int:
    if value is None:
        return default
    text = str(value)
    if not (text.isascii() and text.isdigit()):
        draft.fault(dialect.at(key), f"a number of rows is expected, not {text!r}")
        return default
    return int(text)


def _trims(draft: Draft, dialect: Taken) -> bool:
    """Return whether white space at both ends of all values is removed; one end alone is a fault."""
    trim, skips = dialect.take("trim"), dialect.take("skipInitialSpace")
    word = str(trim).lower() if trim is not None else "start" if is_true(skips) else "false"
    if word not in ("true", "false"):
        key = "trim" if trim is not None else "skipInitialSpace"
        message = f"{key} at one end of all values cannot be said in a contract (trim: true is at both ends)"
        draft.fault(dialect.at(key), message)
    return word == "true"
